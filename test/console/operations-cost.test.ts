import { expect, onTestFinished, test } from "vitest";
import { testApiKey } from "../backbone.ts";
import { createTestEngine } from "../engine.ts";
import { createMeter } from "../round-trips/measure.ts";

/* What the pages of operation cost when there is something to show. Without it `round-trips.test.ts` asks them all. */

test("overview, consumers and alerts make at most 6 round trips, also when something waits everywhere", async () => {
  const meter = await createMeter(0);
  const engine = await createTestEngine((sandbox) => ({ BRAIN_SHARDS: "4", ...meter.env(sandbox) }));
  onTestFinished(() => engine.cleanup());
  for (let n = 0; n < 20; n += 1) {
    const body = { type: "agent.online", source: "test", payload: { agent_id: `a-${n}` } };
    expect((await engine.request("POST", "/api/events", body)).status).toBe(202);
  }
  await engine.relay();
  // Read and not finished by one consumer, read by none of the others.
  const { keys } = engine.open();
  for (let shard = 0; shard < 4; shard += 1) {
    const stream = keys.stream(shard);
    await engine.redis("XGROUP", "CREATE", stream, "edge_agents", "0", "MKSTREAM");
    const read = [
      "XREADGROUP",
      "GROUP",
      "edge_agents",
      "edge_agents",
      "COUNT",
      "3",
      "STREAMS",
      stream,
      ">",
    ] as const;
    expect(await engine.redis(...read), `shard ${shard}`).not.toBeNull();
  }
  await engine.sql(
    `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, cause, key, attempts, event_type)
     SELECT 'agents', 0, 's', n || '-0', 'waiting', 'key-' || n, 2, 'agent.online' FROM generate_series(1, 60) n`,
  );
  await engine.sql(
    "INSERT INTO alerts (kind, subject, severity, message) SELECT 'a', n::text, 'high', 'm' FROM generate_series(1, 30) n",
  );
  const site = "http://127.0.0.1";
  const opened = await engine.app.request(`${site}/api/sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${testApiKey}` },
  });
  const cookie = opened.headers.getSetCookie().map((line) => line.split(";")[0])[0] ?? "";
  for (const path of [
    "/",
    "/?window=7d",
    "/consumers",
    "/consumers/agents?window=24h",
    "/consumers/agents/blocked-keys",
    "/alerts",
    "/alerts/1",
  ]) {
    const calls = await meter.callsOf(async () => {
      const answer = await engine.app.request(`${site}${path}`, { headers: { cookie } });
      expect(answer.status, await answer.text()).toBe(200);
      await engine.background();
    });
    const made = calls.map(({ to, what }) => `${to} ${what.slice(0, 60)}`).join("; ");
    expect(calls.length, `${path}: ${made}`).toBeLessThanOrEqual(6);
  }
});
