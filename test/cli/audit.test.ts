import { afterAll, beforeAll, expect, test } from "vitest";
import { wholeDay } from "../whole-day.ts";
import { charter, openStation, type Station } from "./server.ts";

let station: Station;
/** A day is sealed when it has been over for an hour, so that of yesterday may not be. */
let sealedDay: string;
beforeAll(async () => {
  sealedDay = new Date(Date.parse(await wholeDay()) - 2 * 86_400_000).toISOString().slice(0, 10);
  station = await openStation({ consumers: [] });
  const events = ["a-1", "a-2", "a-3"].map((agent_id) => ({ type: "agent.online", payload: { agent_id } }));
  await station.post("/api/events/batch", events);
  await station.background();
});
afterAll(() => station?.cleanup());

const run = async (...args: string[]) => {
  const ran = await charter(station.url, args);
  return { ...ran, out: ran.stdout };
};

test("charter search finds, counts and pages", async () => {
  const found = await run("search", "--type", "agent.*", "--count");
  expect(found.code, found.stderr).toBe(0);
  expect(found.out).toContain("agent.online");
  expect(found.out).toContain("3 in all.");
  const page = JSON.parse((await run("search", "--payload", "agent_id=a-2", "--json")).out);
  expect(page.events).toMatchObject([{ payload: { agent_id: "a-2" } }]);
  expect((await run("search", "--limit", "1")).stderr).toContain("--cursor");
});

test("charter search writes all that fits as lines of JSON and as CSV, each row once", async () => {
  const lines = (await run("search", "--format", "jsonl")).out.trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).payload.agent_id)).toEqual(["a-1", "a-2", "a-3"]);
  const [head, ...rows] = (await run("search", "--format", "csv")).out.trim().split("\r\n");
  expect(head).toMatch(/^position,stored_at,/);
  expect(rows).toHaveLength(3);
});

test("charter audit says that no day is sealed yet, and what seals one", async () => {
  for (const command of [[], ["verify"]]) {
    const none = await run("audit", ...command);
    expect(none.code, none.stderr).toBe(0);
    expect(none.out).toContain("No day is sealed yet. The janitor");
  }
});

test("charter audit verify ends with 1 and names the row that was changed", async () => {
  await station.sql("UPDATE events SET stored_at = stored_at - interval '2 days'");
  await station.post("/api/maintenance/janitor", undefined);
  expect((await run("audit")).out).toContain(sealedDay);
  const good = await run("audit", "verify");
  expect(good.code, good.stderr).toBe(0);
  expect(good.out).toContain("3 rows  as sealed");
  const root = good.out.trim().split(" ").at(-1) ?? "";
  expect((await run("audit", "verify", "--day", sealedDay, "--root", root)).code).toBe(0);
  expect((await run("audit", "verify", "--day", sealedDay, "--root", "0".repeat(64))).code).toBe(1);
  await station.sql("UPDATE events SET payload = '{}' WHERE position = 2");
  const bad = await run("audit", "verify", "--day", sealedDay);
  expect(bad.code).toBe(1);
  expect(bad.stderr).toContain("position 2");
});
