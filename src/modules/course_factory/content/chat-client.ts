import { type CallOutside, issuesOf, retryAfterMs, TransientError, UpstreamError } from "@brain/engine";
import type * as z from "zod";
import { readBounded } from "../../outgoing.ts";

/** Where an OpenAI-compatible service answers: base URL up to `/v1`, key and model. */
export interface ChatSettings {
  /** e.g. `https://api.example.com/v1`; `/chat/completions` is appended. */
  readonly url: string;
  readonly key: string;
  readonly model: string;
  /** Upper bound of one HTTP call, ms; default 60,000. */
  readonly timeoutMs?: number;
}

/** The service, and how it is reached. */
export interface ChatService extends ChatSettings {
  readonly fetch: CallOutside;
}

/** How the service is to write; left out: its own default. */
export interface ChatTuning {
  /** 0 to 1. */
  readonly temperature?: number;
  /** Longest answer, in tokens of the service. */
  readonly maxTokens?: number;
}

export interface ChatRequest {
  /** What the service is told of its role. */
  readonly system: string;
  readonly task: string;
  readonly tuning?: ChatTuning;
}

const defaultChatTimeoutMs = 60_000;

/** Time of one call and its repair at most, ms. */
export function slowestChatMs({ timeoutMs = defaultChatTimeoutMs }: ChatSettings): number {
  return 2 * timeoutMs;
}

/** Longest answer that is read, in UTF-16 units; a lesson has at most 10,000. */
const maxAnswerBytes = 262_144;

interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/**
 * Asks for one JSON object and validates it. An answer that is no JSON or breaks the schema is sent back once with
 * what was wrong; a second bad answer is an error.
 *
 * @throws {TransientError} no answer in time, network failure, status 408, 425, 429 or 5xx; carries `Retry-After`
 * @throws {UpstreamError} any other refusal, or two answers that do not fit. Messages never hold the key or the answer.
 */
export async function askForJson<Schema extends z.ZodType>(
  service: ChatService,
  schema: Schema,
  { system, task, tuning = {} }: ChatRequest,
  signal: AbortSignal | null,
): Promise<z.output<Schema>> {
  const messages: Message[] = [
    { role: "system", content: system },
    { role: "user", content: task },
  ];
  const first = await complete(service, messages, signal, tuning);
  const checked = check(schema, first);
  if (checked.ok) return checked.value;
  const repair = `Your answer was not usable: ${checked.problem}. Send the whole corrected JSON object and nothing else.`;
  const second = await complete(
    service,
    [...messages, { role: "assistant", content: first }, { role: "user", content: repair }],
    signal,
    tuning,
  );
  const again = check(schema, second);
  if (again.ok) return again.value;
  throw new UpstreamError(
    `The content service answered twice with unusable content: ${again.problem}. Try again, or set another model.`,
  );
}

type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

function check<Schema extends z.ZodType>(schema: Schema, answer: string): Checked<z.output<Schema>> {
  const text = withoutFence(answer);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: "it is not one JSON object" };
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return { ok: true, value: parsed.data };
  const issues = issuesOf(parsed.error).slice(0, 5);
  return {
    ok: false,
    problem: issues.map(({ path, message }) => `${path || "answer"}: ${message}`).join("; "),
  };
}

const fence = "```";

/** Some models wrap JSON in a Markdown fence even in JSON mode. Cut and not matched: an answer may be long and of anything. */
function withoutFence(answer: string): string {
  const text = answer.trim();
  const isFenced = text.length >= 2 * fence.length && text.startsWith(fence) && text.endsWith(fence);
  if (!isFenced) return text;
  const inside = text.slice(fence.length, -fence.length);
  return (inside.startsWith("json") ? inside.slice("json".length) : inside).trim();
}

/** One call; the text of the first choice. */
async function complete(
  service: ChatService,
  messages: readonly Message[],
  signal: AbortSignal | null,
  tuning: ChatTuning,
): Promise<string> {
  const timeout = AbortSignal.timeout(service.timeoutMs ?? defaultChatTimeoutMs);
  const body = JSON.stringify({
    model: service.model,
    messages,
    response_format: { type: "json_object" },
    stream: false,
    ...(tuning.temperature === undefined ? {} : { temperature: tuning.temperature }),
    ...(tuning.maxTokens === undefined ? {} : { max_tokens: tuning.maxTokens }),
  });
  let status: number;
  let retryAfter: string | null;
  let text: string;
  try {
    const response = await service.fetch(`${service.url.replace(/(?<!\/)\/+$/, "")}/chat/completions`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${service.key}` },
      body,
      signal: signal === null ? timeout : AbortSignal.any([timeout, signal]),
    });
    status = response.status;
    retryAfter = response.headers.get("retry-after");
    text = await readText(response);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof UpstreamError) throw error;
    throw timeout.aborted
      ? new TransientError("The content service did not answer in time.", { cause: error })
      : new TransientError("The content service could not be reached.", { cause: error });
  }
  if (status >= 200 && status < 300) return contentOf(text);
  if (status === 408 || status === 425 || status === 429 || status >= 500) {
    // Seconds alone: what is a date is further away than anybody waits here.
    const wait = retryAfterMs(retryAfter, null);
    throw new TransientError(
      `The content service answered with status ${status}.`,
      wait === null ? {} : { retryAfterMs: wait },
    );
  }
  throw new UpstreamError(
    `The content service refused the request with status ${status}. Check CONTENT_API_URL, CONTENT_API_KEY and CONTENT_MODEL.`,
  );
}

/** @throws {UpstreamError} it is over the limit */
async function readText(response: Response): Promise<string> {
  const { text, truncated } = await readBounded(response, maxAnswerBytes);
  if (!truncated) return text;
  throw new UpstreamError(`The content service answered with more than ${maxAnswerBytes} bytes.`);
}

function contentOf(text: string): string {
  let answer: unknown;
  try {
    answer = JSON.parse(text);
  } catch (error) {
    throw new UpstreamError("The content service answered with something that is not JSON.", {
      cause: error,
    });
  }
  const content = (answer as { choices?: { message?: { content?: unknown } }[] } | null)?.choices?.[0]
    ?.message?.content;
  if (typeof content === "string") return content;
  throw new UpstreamError("The answer of the content service has no choices[0].message.content.");
}
