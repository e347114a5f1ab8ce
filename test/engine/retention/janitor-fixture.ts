import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { createFolderArchive } from "../../../src/engine/archive.ts";
import type { Invocation } from "../../../src/engine/invocation.ts";
import { createArchiveService } from "../../../workers/local/workerd/archive-folder.ts";
import type { Backbone } from "../../backbone.ts";

/** What the tests of the janitor share: groups that move as the test says, and an archive in a folder. */

/** Creates a group at the beginning of the stream, as its consumer's first drain does. */
export async function createGroup(backbone: Backbone, group: string): Promise<void> {
  await backbone.redis("XGROUP", "CREATE", backbone.stream, group, "0", "MKSTREAM");
}

/** Reads the next entries for the group, which are pending then; their ids. */
export async function readInto(backbone: Backbone, group: string, count: number): Promise<string[]> {
  const reply = await backbone.redis(
    ...["XREADGROUP", "GROUP", group, "reader", "COUNT", String(count), "STREAMS", backbone.stream, ">"],
  );
  const [stream] = (reply ?? []) as [string, [string, unknown][]][];
  return (stream?.[1] ?? []).map(([id]) => id);
}

/** Reads and acks the next entries for the group; their ids. */
export async function handle(backbone: Backbone, group: string, count: number): Promise<string[]> {
  const ids = await readInto(backbone, group, count);
  if (ids.length > 0) await backbone.redis("XACK", backbone.stream, group, ...ids);
  return ids;
}

export async function streamIds(backbone: Backbone): Promise<string[]> {
  const reply = (await backbone.redis("XRANGE", backbone.stream, "-", "+")) as [string, unknown][];
  return reply.map(([id]) => id);
}

export async function streamLength(backbone: Backbone): Promise<number> {
  return Number(await backbone.redis("XLEN", backbone.stream));
}

export const always = () => true;

/** True for the first `times` questions. */
export function times(count: number): () => boolean {
  let left = count;
  return () => {
    left -= 1;
    return left >= 0;
  };
}

/** A folder for the archive, gone when the test ends. */
export async function openFolder(): Promise<{
  folder: string;
  archive: NonNullable<Invocation["archive"]>;
  read(day: string): Promise<string>;
}> {
  const folder = await mkdtemp(join(tmpdir(), "brain-archive-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const service = createArchiveService(folder);
  const readFolder = async (name: string) => {
    const answer = await service(new Request(`https://archive/${name}`));
    return answer.ok ? answer.body : null;
  };
  const archive = createFolderArchive(
    async (name, at, bytes) => {
      const answer = await service(
        new Request(`https://archive/${name}?at=${at}`, { method: "PUT", body: bytes }),
      );
      if (!answer.ok) throw new Error(`status ${answer.status}: ${await answer.text()}`);
    },
    readFolder,
    2_000,
  );
  return { folder, archive, read: (day) => readFile(join(folder, `events-${day}.jsonl`), "utf8") };
}

/** Days before today (UTC), `YYYY-MM-DD`. */
export function daysAgo(days: number): string {
  return new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
}

/** Moves all events into that day, one second apart, in order of their positions. */
export async function moveToDay(backbone: Backbone, day: string, where = "true"): Promise<void> {
  await backbone.sql(
    `UPDATE events SET stored_at = ($1::date + interval '1 hour') AT TIME ZONE 'UTC' + position * interval '1 second' WHERE ${where}`,
    [day],
  );
}
