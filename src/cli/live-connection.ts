import { answerError, isRefused, type Server, unreachable } from "./answer-errors.ts";
import { CliError, ConnectionError } from "./errors.ts";

/** One server-sent event; empty where it says nothing. */
export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** A live connection on which nothing comes for so long is broken, ms. */
const silentMs = 60_000;
/**
 * Events of one connection, until the server ends it. A server of ours says something every 15 s.
 *
 * @throws {AnswerError} the server refused
 * @throws {ConnectionError} the connection broke, or nothing came for so long that it must have
 */
export async function* listenOnce(
  server: Server,
  path: string,
  headers: Readonly<Record<string, string>>,
): AsyncGenerator<ServerEvent> {
  const { url } = server;
  const ended = new AbortController();
  const hear = () => setTimeout(() => ended.abort(), silentMs);
  let silence = hear();
  try {
    // biome-ignore lint/style/noRestrictedGlobals: redirects are off
    const response = await fetch(`${url}${path}`, {
      headers: { ...headers, accept: "text/event-stream" },
      redirect: "manual",
      signal: ended.signal,
    });
    if (!response.ok || response.body === null)
      throw answerError(server, path, response.status, await response.text());
    const messages = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(splitMessages());
    for await (const text of messages) {
      clearTimeout(silence);
      silence = hear();
      yield readMessage(text);
    }
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw isRefused(error) ? unreachable(url, error) : new ConnectionError(`The connection to ${url} broke.`);
  } finally {
    clearTimeout(silence);
    ended.abort();
  }
}

/** Whole messages of a stream of server-sent events. */
function splitMessages(): TransformStream<string, string> {
  let left = "";
  return new TransformStream({
    transform(chunk, controller) {
      const messages = (left + chunk).split("\n\n");
      left = messages.pop() ?? "";
      for (const message of messages) controller.enqueue(message);
    },
  });
}

function readMessage(text: string): ServerEvent {
  const fields = new Map(
    text.split("\n").map((line) => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1).replace(/^ /, "")];
    }),
  );
  return { id: fields.get("id") ?? "", event: fields.get("event") ?? "", data: fields.get("data") ?? "" };
}
