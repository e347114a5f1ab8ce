import { type Envelope, encodeLogRecord } from "@brain/schemas";
import { TransientError } from "../core/errors.ts";
import { type EnvelopeRow, toEnvelope } from "../publish/record.ts";
import type { StreamKeys } from "../stream/keys.ts";
import type { Command } from "../stream/redis.ts";
import type { RelayDeps } from "./relay-deps.ts";

/*
 * What the first Python publisher did after its append: a message to one live channel, and a line in the list of the
 * day. Programs that listen there, or read those lists, need it; nothing in this project does.
 *
 * It comes after the append and before the rows are marked as sent. A failure is logged and counted, and the events of
 * the batch that are left are not told: the stream has them. When a relay dies in between, its successor finds the batch
 * on the stream and tells it again. So a listener may hear an event twice, and must look at its id.
 */

/** JSON of one pipeline, bytes; each event is in it twice. */
const maxPipelineBytes = 1_048_576;
/** A list of a day lives this long after its last line, seconds: 90 days. */
const logSeconds = 7_776_000;

/** Types with a channel of their own, by the first part of their name. */
const topics: ReadonlyMap<string, string> = new Map([
  ["mission", "missions"],
  ["task", "tasks"],
  ["ethics", "ethics"],
  ["system", "system"],
]);

/** The one channel on which an event is told: the inbox of its target, or the topic of its type. */
export function channelOf(keys: StreamKeys, { target, type }: Pick<Envelope, "target" | "type">): string {
  if (target !== null) return keys.inboxChannel(target);
  const [domain = "", rest] = type.split(".", 2);
  const topic = rest === undefined ? undefined : topics.get(domain);
  return keys.topicChannel(topic ?? "broadcast");
}

/**
 * Tells the listeners and the daily log of events that are on the stream. Never throws.
 *
 * @returns how many events were, as far as is known, not told
 */
export async function fanOut(
  { redis, keys, log }: Pick<RelayDeps, "redis" | "keys" | "log">,
  rows: readonly EnvelopeRow[],
): Promise<number> {
  let told = 0;
  try {
    for (const { commands, events } of pipelines(keys, rows)) {
      const replies = await redis.pipeline(commands);
      const refused = replies.find((reply) => reply instanceof Error);
      if (refused !== undefined) throw refused;
      told += events;
    }
  } catch (error) {
    const why = error instanceof TransientError ? "Redis is not reachable" : String(error).slice(0, 200);
    log.error(
      { events: rows.length, not_told: rows.length - told },
      `Events are on the stream, but listeners and the daily log were not told of all: ${why}.`,
    );
  }
  return rows.length - told;
}

interface Pipeline {
  readonly commands: readonly Command[];
  readonly events: number;
}

/** The commands for all events, in pipelines of bounded size; one event is always taken. */
function* pipelines(keys: StreamKeys, rows: readonly EnvelopeRow[]): Generator<Pipeline> {
  let publishes: Command[] = [];
  let lines = new Map<string, string[]>();
  let bytes = 0;
  const finish = (): Pipeline => {
    const pushes = [...lines].flatMap(([list, texts]): Command[] => [
      ["LPUSH", list, ...texts],
      ["EXPIRE", list, String(logSeconds)],
    ]);
    const pipeline = { commands: [...publishes, ...pushes], events: publishes.length };
    publishes = [];
    lines = new Map();
    bytes = 0;
    return pipeline;
  };
  for (const row of rows) {
    const event = toEnvelope(row);
    // As the programs on the other end write and parse it, whatever the stream is written like.
    const text = encodeLogRecord(event, { compat: true });
    // Characters stand for bytes here: no more than a factor of three, far below what a request may hold.
    if (publishes.length > 0 && bytes + 2 * text.length > maxPipelineBytes) yield finish();
    bytes += 2 * text.length;
    publishes.push(["PUBLISH", channelOf(keys, event), text]);
    const list = keys.dailyLog(event.timestamp.slice(0, 10));
    const present = lines.get(list);
    if (present === undefined) lines.set(list, [text]);
    else present.push(text);
  }
  if (publishes.length > 0) yield finish();
}
