import { withTimeLimit } from "../../core/promises/time-limit.ts";
import type { Database } from "../../db/database.ts";
import { fieldsToObject } from "../../stream/entry-fields.ts";
import type { StreamEntry } from "../consumer.ts";
import { cleanFields } from "../dead-letters.ts";
import type { Runnable } from "../delivery.ts";
import type { HandlerDeps } from "./handler-run.ts";

interface WatchDeps extends Pick<HandlerDeps, "consumer" | "log" | "now"> {
  readonly db: Database;
  readonly stream: string;
  readonly shard: number;
}

/** Gives entries to the consumer that watches them. @throws what its handler throws */
export async function watchEntries(deps: WatchDeps, list: readonly Runnable[]): Promise<void> {
  const { consumer, db, log } = deps;
  const { any } = consumer;
  if (any?.kind !== "entries") throw new Error(`Consumer "${consumer.subscriber}" watches no entries.`);
  const entries = list.map((delivery) => entryOf(deps, delivery));
  const now = () => new Date(deps.now());
  await withTimeLimit(
    consumer.handlerTimeoutMs,
    `The handler of entries in "${consumer.subscriber}"`,
    async () => any.handle(entries, { db, log, now }),
  );
}

function entryOf({ stream, shard }: WatchDeps, { messageId, fields, content }: Runnable): StreamEntry {
  const { type = null, unread = null, notes = [], key = null } = content.watched ?? {};
  return {
    stream,
    shard,
    streamMessageId: messageId,
    fields: cleanFields(fieldsToObject(fields ?? [])),
    event: unread === null ? content.event : null,
    type,
    unread,
    notes,
    key,
  };
}
