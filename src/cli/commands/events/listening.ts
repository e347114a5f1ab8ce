import { setTimeout as delay } from "node:timers/promises";
import type { LiveEvent } from "../../../http/kit/answers/events.ts";
import type { Cli } from "../../command.ts";
import { AnswerError, ConnectionError } from "../../errors.ts";

/* How live events are listened to, over restarts of the server. */

/** Time between two tries of a server that is away, ms. */
const againMs = 1_000;

export type Filter = Readonly<Record<string, string | undefined>>;

/** The server is away or starting; whoever follows waits for it. */
export function isPassing(error: unknown): error is Error {
  if (error instanceof AnswerError) return [429, 502, 503, 504].includes(error.status);
  return error instanceof ConnectionError;
}

/** Listens; what it gives goes on behind the last event when the connection ends, for whatever reason. */
export async function follow(cli: Cli, filter: Filter): Promise<AsyncIterable<LiveEvent>> {
  const { live, cursor } = await listen(cli, filter);
  return goOn(cli, filter, live, cursor);
}

/**
 * @param after a cursor; null: from now on
 * @returns a connection, and the cursor where it begins
 */
export async function listen(cli: Cli, filter: Filter, after: string | null = null) {
  const live = cli.client.listen("/api/events/stream", filter, after);
  const first = await live.next();
  if (first.done === true) throw new ConnectionError(`${cli.url} ended the stream of events at once.`);
  return { live, cursor: first.value.id };
}

/** Whether a message is an event, and not a word of the server. */
export const isEvent = (name: string) => name !== "heartbeat" && name !== "too_slow";

export async function* goOn(
  cli: Cli,
  filter: Filter,
  first: ReturnType<Cli["client"]["listen"]>,
  begun: string,
): AsyncGenerator<LiveEvent> {
  let cursor = begun;
  let isLost = false;
  for (let live = first; ; live = cli.client.listen("/api/events/stream", filter, cursor)) {
    try {
      for await (const { id, event, data } of live) {
        if (isLost) cli.out.note(`${cli.url} is back.`);
        isLost = false;
        if (id !== "") cursor = id;
        if (isEvent(event)) yield JSON.parse(data) as LiveEvent;
      }
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (!isLost) cli.out.note(`${error.message.split("\n", 1)[0]} Trying again until it comes back.`);
      isLost = true;
      await delay(againMs);
    }
  }
}
