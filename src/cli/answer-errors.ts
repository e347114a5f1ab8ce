import { AnswerError, ConnectionError } from "./errors.ts";

/* What an answer that is an error says, and what it means when none came. */

/** Error body of the API. */
interface ErrorBody {
  readonly error?: {
    readonly code?: string;
    readonly message?: string;
    readonly request_id?: string;
    readonly details?: readonly { readonly path: string; readonly message: string }[];
  };
}

/** The server that was asked. */
export interface Server {
  readonly url: string;
  /** Null: none was given. */
  readonly key: string | null;
}

/** The error that an answer tells of, in the words of the API where it has some. */
export function answerError({ url, key }: Server, path: string, status: number, text: string): AnswerError {
  return new AnswerError(status, explain(status, parseBody(text) as ErrorBody | null, { url, key, path }));
}

/** Null: it is not JSON. */
export function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const ownProgram =
  "A program of your own answers operators with operatorRoutes of @brain/operator; keys, sessions, tasks and who is told of alerts are modules of BRAiN EventStream itself.";

function explain(
  status: number,
  body: ErrorBody | null,
  { url, key, path }: Server & { readonly path: string },
): string {
  const error = body?.error;
  const route = path.split("?", 1)[0];
  if (status === 401 && key !== null && error?.message === undefined)
    return `${url} refused the key for ${route}, and not in the words of this API: there is no such route, or something before it wants another key. ${ownProgram}`;
  if (status === 401) {
    const what = key === null ? "No key was given" : `${url} refused the key`;
    return `${what}. Set CHARTER_KEY (or BRAIN_API_KEY), or give --key; "npm start" of BRAiN EventStream prints the key of a local server, where API keys are not the only ones; in a project of your own it is BRAIN_API_KEY of .dev.vars. If another server is meant, say which with --url or CHARTER_URL.`;
  }
  if (error?.message === undefined && status === 404) return `${url} has no route ${route}. ${ownProgram}`;
  if (error?.message === undefined) return `${url} answered ${status} without an explanation.`;
  const told = withDetails(error.message, error.details ?? []).join("\n  ");
  return `${told}\n  (${error.code ?? status}, request ${error.request_id ?? "?"})`;
}

/**
 * The message, then its details. One of an event lists them itself, each with what was received: then it ends before them,
 * and its own words for each follow.
 */
function withDetails(
  message: string,
  details: readonly { readonly path: string; readonly message: string }[],
): readonly string[] {
  const starts = details.map(({ path, message: said }) => message.indexOf(`${path || "(value)"}: ${said}`));
  const areListed = starts.every((start, index) => start > (index === 0 ? 0 : (starts[index - 1] ?? 0)));
  if (!areListed)
    return [message, ...details.map(({ path, message: said }) => `${path || "request"}: ${said}`)];
  const listed = starts.map((start, index) => message.slice(start, starts[index + 1]).replace(/; $/, ""));
  return [message.slice(0, starts[0]).trimEnd(), ...listed];
}

/** The code of a network error, or what it says; undici hides both in the cause. */
export function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return "no answer";
  const { code } = cause as NodeJS.ErrnoException;
  return typeof code === "string" ? code : cause.message || cause.name;
}

/** Nobody took the request, so nothing happened. */
export function isRefused(error: unknown): boolean {
  return ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "UND_ERR_CONNECT_TIMEOUT"].includes(
    causeOf(error),
  );
}

export function unreachable(url: string, error: unknown): ConnectionError {
  return new ConnectionError(
    `Nothing answers at ${url} (${causeOf(error)}). Start it with "npm start", or say where it is with --url or CHARTER_URL.`,
  );
}
