import { compareMessageIds, isMessageId } from "@brain/schemas";
import type { LiveEvent } from "../../../http/kit/answers/events.ts";
import type { Cli } from "../../command.ts";
import { ConnectionError, UsageError } from "../../errors.ts";
import { type Filter, goOn, isEvent, listen } from "./listening.ts";

/** An event as `charter publish` takes it: the record gives it a position. */
export type StreamEvent = Omit<LiveEvent, "position">;

const withoutPosition = ({ position: _, ...event }: LiveEvent): StreamEvent => event;

/**
 * What stands on the streams behind an id, in the order of each shard, up to where they end now; with `goesOn` also what
 * comes.
 *
 * @throws {UsageError} it is no message id
 */
export async function* eventsBehind(
  cli: Cli,
  filter: Filter,
  id: string,
  goesOn: boolean,
): AsyncGenerator<StreamEvent> {
  if (!isMessageId(id))
    throw new UsageError(`"${id}" is no message id. Expected one as of an entry, e.g. 1764000000000-0.`);
  const now = await listen(cli, filter);
  await now.live.return(undefined);
  const ends = now.cursor.split(",").filter(isMessageId);
  // Ids of all shards begin with their time.
  const start = ends.length === 1 ? id : ends.map(() => `${id.split("-", 1)[0]}-0`).join();
  const { live, cursor } = await listen(cli, filter, start);
  if (goesOn) {
    for await (const event of goOn(cli, filter, live, cursor)) yield withoutPosition(event);
    return;
  }
  const isBehind = (at: string) => {
    const ids = at.split(",").filter(isMessageId);
    return ends.every((end, shard) => compareMessageIds(ids[shard] ?? end, end) >= 0);
  };
  if (isBehind(cursor)) return;
  for await (const { id: at, event, data } of live) {
    if (isEvent(event)) yield withoutPosition(JSON.parse(data) as LiveEvent);
    // A heartbeat, 15 s later at most, is behind what is no event, or was not asked for.
    if (at !== "" && isBehind(at)) return;
  }
  throw new ConnectionError(`${cli.url} ended the stream of events before all was read. Ask again.`);
}
