import { describeError, type Logger } from "@brain/engine";
import type { Envelope } from "@brain/schemas";
import type { Context } from "hono";
import type { Followed, ModuleEnv } from "./module-env.ts";

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
/** A listener that takes nothing for so long is let go, ms; it comes back with its cursor. */
const slowMs = 30_000;

/**
 * Answers with live events (server-sent events). Each message has the cursor as its id: a listener that reconnects sends
 * it as `Last-Event-ID`, as browsers do by themselves, or as `?last_event_id=`, and misses nothing. `heartbeat` comes at
 * the beginning and every 15 s. The connection ends when the invocation may not last longer, and with the message
 * `too_slow` when the listener takes nothing for 30 s.
 *
 * The first look at the stream comes before the answer, so that an error of it is an error answer. Messages are made
 * when the listener has room for them: nothing is kept for one that is slow.
 *
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 * @throws {ValidationError} the cursor is not one of ours
 * @throws {TooManyRequestsError} too many listen already
 * @throws {TransientError} there is no stream, or it cannot be reached
 */
export async function serveLive<Env extends ModuleEnv>(
  c: Context<Env>,
  { wants, toMessage }: LiveOptions,
): Promise<Response> {
  const services = c.get("services");
  const ended = new AbortController();
  // A browser that comes back sends the header, while its address still holds what it began with.
  const after = c.req.header("last-event-id") || c.req.query("last_event_id") || null;
  const live = services.follow({ wants }, after, ended.signal)[Symbol.asyncIterator]();
  const first = await live.next();
  const toText = ({ cursor, event }: Followed) => {
    const message = event === null ? heartbeat(services.now()) : toMessage(event);
    return formatMessage(message, cursor);
  };
  // Proxies that collect answers would hold the events back.
  c.header("x-accel-buffering", "no");
  c.header("content-type", "text/event-stream");
  c.header("cache-control", "no-cache");
  return c.body(streamLive({ live, first, toText, ended, gone: c.req.raw.signal, log: services.log }));
}

const heartbeat = (now: Date): LiveMessage => ({
  event: "heartbeat",
  data: { timestamp: now.toISOString() },
});

/** JSON has no line ends, so the data is one line. */
function formatMessage({ event, data }: LiveMessage, cursor?: string): string {
  const id = cursor === undefined ? "" : `id: ${cursor}\n`;
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n${id}retry: ${reconnectMs}\n\n`;
}

interface LiveSource {
  readonly live: AsyncIterator<Followed>;
  readonly first: IteratorResult<Followed>;
  readonly toText: (item: Followed) => string;
  /** Tells the live events to end. */
  readonly ended: AbortController;
  /** Aborts when the client has gone, where the host tells. */
  readonly gone: AbortSignal;
  readonly log: Logger;
}

/** Takes the next item when the listener asks for more, and lets go of them when it has gone. */
function streamLive({ live, first, toText, ended, gone, log }: LiveSource): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: IteratorResult<Followed> | null = first;
  let slow: ReturnType<typeof setTimeout> | undefined;
  let isOver = false;
  const end = async () => {
    isOver = true;
    clearTimeout(slow);
    ended.abort();
    await live.return?.();
  };
  const takeNext = async () => {
    try {
      const item = next ?? (await live.next());
      next = null;
      return item.done === true || ended.signal.aborted ? null : toText(item.value);
    } catch (error) {
      // The listener reconnects with its cursor, and then sees the error as an answer if it lasts.
      log.warn({}, `A live connection ends: ${describeError(error)}`);
      return null;
    }
  };
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const leave = () => {
          if (isOver) return;
          controller.close();
          void end();
        };
        // Nobody takes the answer to one that has gone already, so nothing else would end it.
        if (gone.aborted) leave();
        else gone.addEventListener("abort", leave);
      },
      async pull(controller) {
        clearTimeout(slow);
        const text = await takeNext();
        if (isOver) return;
        if (text === null) {
          controller.close();
          await end();
          return;
        }
        controller.enqueue(encoder.encode(text));
        slow = setTimeout(() => {
          log.info({}, `A live connection ends: its listener took nothing for ${slowMs / 1_000} s.`);
          controller.enqueue(encoder.encode(formatMessage({ event: "too_slow", data: {} })));
          controller.close();
          void end();
        }, slowMs);
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
}
