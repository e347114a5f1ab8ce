import { defineConsumer, on, PermanentError } from "@brain/engine";
import { systemHealth } from "@brain/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import { charter, openStation, type Station } from "./server.ts";

const picky = defineConsumer({
  subscriber: "picky",
  handlers: [
    on(systemHealth, async ({ payload }) => {
      if (payload.status === "broken") throw new PermanentError("Broken reports are refused.");
    }),
  ],
});

let station: Station;
beforeAll(async () => {
  station = await openStation({ consumers: [picky] });
});
afterAll(() => station?.cleanup());

const publish = (status: string) =>
  station.post("/api/events", { type: "system.health", payload: { component: "db", status } });

test("a healthy system passes, and the cost is estimated when asked for", async () => {
  await publish("ok");
  await station.settle();
  const { code, stdout, stderr } = await charter(station.url, ["doctor", "--cost"]);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout).toMatch(/^ok +health: Redis and Postgres answer$/m);
  expect(stdout).toMatch(/^ok +picky, shard 0: lag 0, pending 0$/m);
  expect(stdout).toMatch(/^Redis commands a month, idle +43,200$/m);
  expect(stdout).toMatch(/^Workers, Paid +\$5\.00 /m);
  expect(stdout).toMatch(/^1,000,000 events a month, .*; 1 consumer, 1 shard, /m);
  expect(stderr).toBe("");
});

test("a database that is behind is told by what failed, with where to look; no name of a table is", async () => {
  await station.sql("ALTER TABLE dead_letters RENAME TO dead_letters_away");
  try {
    const { code, stderr } = await charter(station.url, ["dlq", "ls"]);
    expect(code, stderr).toBe(1);
    expect(stderr).toContain("npm run migrate -- --status tells which");
    expect(stderr).toMatch(/^ {2}charter doctor tells more\.$/m);
    expect(stderr).not.toContain("dead_letters");
  } finally {
    await station.sql("ALTER TABLE dead_letters_away RENAME TO dead_letters");
  }
});

test("the cost is told for as many consumers and events as one likes, also as data", async () => {
  const { code, stdout } = await charter(station.url, [
    "doctor",
    "--cost",
    "--consumers",
    "7",
    "--events",
    "5000000",
    "--json",
  ]);
  expect(code, stdout).toBe(0);
  const { cost } = JSON.parse(stdout);
  expect(cost).toMatchObject({ consumers: 7, shards: 1, events_per_month: 5_000_000, kept_days: 90 });
  expect(cost.together.total_usd).toBeLessThan(cost.alone.total_usd);
  expect(cost.alone.upstash.commands).toBeGreaterThan(cost.alone.upstash.commands_scripts_as_one);
  const read = cost.prices.map(({ vendor, read }: { vendor: string; read: string }) => [
    vendor,
    Date.parse(read) > 0,
  ]);
  expect(read).toEqual([
    ["Cloudflare Workers", true],
    ["Upstash Redis", true],
    ["Neon Postgres", true],
  ]);
});

test("with dead letters, an open brake and a consumer that is late it fails and names each", async () => {
  await publish("broken");
  await station.settle();
  await station.sql(`
    INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_type, cause, queued_at)
    VALUES ('picky', 0, 's', '1-0', 'system.health', 'paused', now() - interval '1 hour')`);
  const { keys } = station.open();
  const brake = { failures: 10, probes: 1, open_since: Date.now(), probe_at: Date.now(), error: "SMTP 421" };
  await station.redis("HSET", keys.breakers(), "edge_picky:0", JSON.stringify(brake));
  const { code, stdout, stderr } = await charter(station.url, ["doctor", "--max-age", "10m", "--json"]);
  expect(code).toBe(1);
  const { healthy, findings } = JSON.parse(stdout);
  expect(healthy).toBe(false);
  const problems = findings.filter(({ level }: { level: string }) => level === "problem");
  expect(problems.map(({ message }: { message: string }) => message)).toEqual([
    expect.stringContaining("SMTP 421"),
    expect.stringContaining("1 event is queued, the oldest for 60 min"),
    expect.stringContaining("1 is open"),
  ]);
  expect(stderr).toBe("charter: 3 problems found.\n");
});

test("what cannot be read is a problem of its own, and everything else is looked at all the same", async () => {
  const { keys } = station.open();
  const { stdout: before } = await charter(station.url, ["doctor", "--cost"]);
  expect(before).not.toContain("could not be read");
  await station.redis("RENAME", keys.stream(0), `${keys.stream(0)}:aside`);
  await station.redis("SET", keys.stream(0), "a string");
  try {
    const { code, stdout, stderr } = await charter(station.url, ["doctor", "--cost"]);
    expect(code, stdout + stderr).toBe(1);
    expect(stdout).toMatch(
      /^PROBLEM {2}consumers: could not be read: GET \/api\/consumers answered 500: .* \(internal_error, request \S+\)$/m,
    );
    expect(stdout).toMatch(/^\S+ +health: /m);
    expect(stdout).toMatch(/^\S+ +alerts?\b.*: /m);
    expect(stdout).toMatch(/^note +cost: not estimated/m);
    expect(stderr).toMatch(/^charter: \d+ problems? found\.\n$/);
  } finally {
    await station.redis("DEL", keys.stream(0));
    await station.redis("RENAME", `${keys.stream(0)}:aside`, keys.stream(0));
  }
});

test("without a server it says so", async () => {
  await station.stop();
  const { code, stderr } = await charter(station.url, ["doctor"]);
  expect(code).toBe(1);
  expect(stderr).toContain("Nothing answers");
  await station.start();
});
