import { compareMessageIds, parseMessageId } from "@brain/schemas";
import type pg from "pg";
import type { RedisConnection } from "../../workers/local/redis/connection.ts";
import { plainReply } from "../../workers/local/redis/resp.ts";
import { waitFor } from "../wait-for.ts";

/** What is still under way, seen from outside. All of it zero and empty means quiet. */
export interface Unfinished {
  readonly unsent: number;
  readonly queued: number;
  /** Replays and redrives that are not over. */
  readonly running: number;
  /** Pending entries of all groups. */
  readonly pending: number;
  /** Groups that have not read their stream to its end, or do not exist: `{stream} {group}`. */
  readonly behind: readonly string[];
  /** Shards whose stream ends before what was sent to it. */
  readonly lost: readonly number[];
}

export interface QuietOptions {
  readonly db: pg.Pool;
  readonly redis: RedisConnection;
  readonly prefix: string;
  readonly groups: readonly string[];
  readonly timeoutMs: number;
}

/** Waits until nothing is under way, twice in a row. @throws {Error} at the time limit, with what was still under way */
export async function waitUntilQuiet(options: QuietOptions): Promise<void> {
  let before = false;
  await waitFor(
    "quiet",
    () => look(options),
    (seen) => {
      const now = isQuiet(seen);
      const settled = before && now;
      before = now;
      return settled;
    },
    { timeoutMs: options.timeoutMs, everyMs: 200 },
  );
}

function isQuiet({ unsent, queued, running, pending, behind, lost }: Unfinished): boolean {
  return unsent + queued + running + pending + behind.length + lost.length === 0;
}

async function look({ db, redis, prefix, groups }: QuietOptions): Promise<Unfinished> {
  const { rows: counts } = await db.query<{ unsent: string; queued: string; running: string }>(
    `SELECT (SELECT count(*) FROM unsent_events) AS unsent,
       (SELECT count(*) FROM deliveries WHERE 'edge_' || subscriber_name = ANY($1)) AS queued,
       (SELECT count(*) FROM jobs WHERE status = 'running') AS running`,
    [groups],
  );
  const { rows: shards } = await db.query<{ shard: number; ms: string; seq: string }>(
    "SELECT shard, known_ms AS ms, known_seq AS seq FROM relay_shards WHERE known_ms > 0 ORDER BY shard",
  );
  const behind: string[] = [];
  const lost: number[] = [];
  let pending = 0;
  for (const { shard, ms, seq } of shards) {
    const stream = `${prefix}:events:stream${shard === 0 ? "" : `:${shard}`}`;
    const [info, groupInfo] = await redis.send(
      [
        ["XINFO", "STREAM", stream],
        ["XINFO", "GROUPS", stream],
      ],
      plainReply,
    );
    const last = String(field(info, "last-generated-id") ?? "0-0");
    if (compareMessageIds(parseMessageId(last), parseMessageId(`${ms}-${seq}`)) < 0) lost.push(shard);
    const known = Array.isArray(groupInfo) ? groupInfo : [];
    for (const group of groups) {
      const state = known.find((one) => field(one, "name") === group);
      pending += Number(field(state, "pending") ?? 0);
      if (String(field(state, "last-delivered-id")) !== last) behind.push(`${stream} ${group}`);
    }
  }
  const [unsent, queued, running] = [counts[0]?.unsent, counts[0]?.queued, counts[0]?.running].map(Number);
  return { unsent: unsent ?? 0, queued: queued ?? 0, running: running ?? 0, pending, behind, lost };
}

/** A value of a flat reply `[name, value, …]`. */
function field(reply: unknown, name: string): unknown {
  if (!Array.isArray(reply)) return undefined;
  const at = reply.indexOf(name);
  return at === -1 ? undefined : reply[at + 1];
}

/** Who holds what, for whoever has to find out why it does not come to rest: sessions of Postgres, leases in Redis. */
export async function describeUnrest({ db, redis, prefix, groups }: QuietOptions): Promise<string[]> {
  const { rows: sessions } = await db.query<{ line: string }>(
    `SELECT concat_ws(' | ', pid, state, wait_event, 'transaction for', now() - xact_start, 'statement for',
       now() - query_start, 'blocked by', nullif(pg_blocking_pids(pid), '{}'), left(regexp_replace(query, 's+', ' ', 'g'), 150)) AS line
     FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY xact_start`,
  );
  const [found] = await redis.send([["KEYS", `${prefix}:*`]], plainReply);
  const keys = (Array.isArray(found) ? found.map(String) : []).filter((name) =>
    /lease|mark|holder/.test(name),
  );
  const times = await redis.send(
    keys.map((key) => ["PTTL", key]),
    plainReply,
  );
  const { rows: leases } = await db.query<{ line: string }>(
    "SELECT concat_ws(' ', 'relay of shard', shard, 'lease until', lease_until, 'now', now(), 'batch', batch_positions IS NOT NULL) AS line FROM relay_shards",
  );
  const stream = `${prefix}:events:stream`;
  const details = await redis.send(
    [
      ...groups.map((group) => ["XPENDING", stream, group, "-", "+", "3"]),
      ...groups.map((group) => ["HGETALL", `${prefix}:events:retry:${group}:0`]),
      ...groups.map((group) => ["HGETALL", `${prefix}:events:state:${group}:0`]),
      ["HGETALL", `${prefix}:events:brakes`],
      ["HGETALL", `${prefix}:events:heartbeats`],
    ],
    plainReply,
  );
  const labels = ["pending", "retry", "state"].flatMap((what) => groups.map((group) => `${what} ${group}`));
  return [
    ...details.map(
      (reply, index) =>
        `${labels[index] ?? ["brakes", "heartbeats"][index - labels.length]}: ${JSON.stringify(reply)?.slice(0, 1_000)}`,
    ),
    ...sessions.map(({ line }) => `session ${line}`),
    ...keys.map((key, index) => `${key} for ${String(times[index])} ms`),
    ...leases.map(({ line }) => line),
  ];
}
