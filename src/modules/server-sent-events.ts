import type { Envelope } from "@brain/schemas";
import type { Context } from "hono";
import { type SSEMessage, streamSSE } from "hono/streaming";
import { describeError } from "../consume/dead-letters.ts";
import type { Followed, ModuleEnv } from "./module.ts";

/** One message for the listener; `data` is sent as JSON. */
export interface LiveMessage {
  readonly event: string;
  readonly data: unknown;
}

export interface LiveOptions {
  /** Which events the listener hears of. */
  readonly wants: (event: Envelope) => boolean;
  /** What it hears. */
  readonly toMessage: (event: Envelope) => LiveMessage;
}

/** When the connection ends, the listener comes back after this time, ms. */
const reconnectMs = 1_000;

/**
 * Answers with live events (server-sent events). Each message has the cursor as its id: a listener that reconnects sends
 * it as `Last-Event-ID`, as browsers do by themselves, or as `?last_event_id=`, and misses nothing. `heartbeat` comes at
 * the beginning, every 15 s, and when the connection ends because the invocation may not last longer.
 *
 * The first look at the stream comes before the answer, so that an error of it is an error answer.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @throws {ValidationError} the cursor is not one of ours
 * @throws {TransientError} there is no stream, or it cannot be reached
 */
export async function serveLive<Env extends ModuleEnv>(
  c: Context<Env>,
  { wants, toMessage }: LiveOptions,
): Promise<Response> {
  const services = c.get("services");
  const ended = new AbortController();
  c.req.raw.signal.addEventListener("abort", () => ended.abort());
  // A browser that comes back sends the header, while its address still holds what it began with.
  const after = c.req.header("last-event-id") || c.req.query("last_event_id") || null;
  const feed = services.follow({ wants }, after, ended.signal)[Symbol.asyncIterator]();
  const first = await feed.next();
  // Proxies that collect answers would hold the events back.
  c.header("x-accel-buffering", "no");
  return streamSSE(c, async (stream) => {
    stream.onAbort(() => ended.abort());
    const send = async ({ cursor, event }: Followed) => {
      const message: LiveMessage =
        event === null
          ? { event: "heartbeat", data: { timestamp: services.now().toISOString() } }
          : toMessage(event);
      await stream.writeSSE({
        id: cursor,
        event: message.event,
        data: JSON.stringify(message.data),
        retry: reconnectMs,
      } satisfies SSEMessage);
    };
    try {
      for (let item = first; item.done !== true && !ended.signal.aborted; item = await feed.next())
        await send(item.value);
    } catch (error) {
      // The listener reconnects with its cursor, and then sees the error as an answer if it lasts.
      services.log.warn({}, `A live connection ends: ${describeError(error)}`);
    } finally {
      ended.abort();
      await feed.return?.();
    }
  });
}
