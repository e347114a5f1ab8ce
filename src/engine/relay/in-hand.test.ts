import { expect, test, vi } from "vitest";
import type { RecordedEvent } from "../publish/record.ts";
import { type HeldEvents, inHandOf } from "./in-hand.ts";
import type { BareRow } from "./relay-sql.ts";

const eventOf = (id: string, timestamp = "2026-11-27T03:00:00.123Z"): RecordedEvent => ({
  event: {
    id,
    type: "lab.part.checked",
    source: "lab",
    target: null,
    payload: { part: "db", status: "é" },
    timestamp,
    meta: { schema_version: 1, producer: "lab", source_module: "lab", position: 7 },
    mission_id: null,
    task_id: null,
    correlation_id: id,
    tenant_id: "t",
    actor_id: null,
    severity: "INFO",
  },
  key: null,
});

const bare = (id: string, position: string): BareRow => ({
  ...{
    head: null,
    id,
    type: "lab.part.checked",
    source: "lab",
    target: null,
    payload: null,
    timestamp: null,
  },
  ...{ meta: position, mission_id: null, task_id: null, correlation_id: null },
  ...{ tenant_id: null, actor_id: null, severity: null },
});

const whole: BareRow = { ...bare("w", "{}"), payload: "{}", timestamp: "2026-11-27T03:00:00.000Z" };

test("fills in what it holds, with the position of the record, and lets it go", () => {
  const inHand = inHandOf(new Map(), "fills", () => 0);
  inHand.hold("11", [eventOf("a"), eventOf("b")]);
  expect(inHand.transactions()).toEqual(["11"]);
  const [first, second] = inHand.fill([bare("a", "41"), whole]) ?? [];
  expect(first).toMatchObject({ id: "a", payload: '{"part":"db","status":"é"}', tenant_id: "t" });
  expect(JSON.parse(first?.meta ?? "")).toMatchObject({ position: 41, producer: "lab" });
  expect(second).toBe(whole);
  expect(inHand.fill([bare("a", "41")])).toBeNull();
  inHand.fill([bare("b", "42")]);
  expect(inHand.transactions()).toEqual([]);
});

test("lets go of what the relay asked for before it was in hand, and got whole", () => {
  const inHand = inHandOf(new Map(), "late", () => 0);
  inHand.hold("11", [eventOf("a"), eventOf("b")]);
  const rows = [
    { ...bare("a", "{}"), payload: "{}", timestamp: "2026-11-27T03:00:00.000Z" },
    bare("b", "42"),
  ];
  expect(inHand.fill(rows)?.[0]).toBe(rows[0]);
  expect(inHand.transactions()).toEqual([]);
});

test("keeps isolates apart", () => {
  const all: HeldEvents = new Map();
  inHandOf(all, "one", () => 0).hold("11", [eventOf("a")]);
  expect(inHandOf(all, "other", () => 0).transactions()).toEqual([]);
});

test("holds for a while only, and so many only", () => {
  let clock = 0;
  const inHand = inHandOf(new Map(), "bounds", () => clock);
  inHand.hold("11", [eventOf("a")]);
  inHand.hold(
    "12",
    Array.from({ length: 5_000 }, (_, n) => eventOf(`e${n}`)),
  );
  expect(inHand.transactions()).toEqual(["11"]);
  for (let n = 0; n < 300; n += 1) inHand.hold(String(1_000 + n), [eventOf(`f${n}`)]);
  expect(inHand.transactions()).toHaveLength(200);
  expect(inHand.transactions().at(-1)).toBe("1299");
  clock = 10_001;
  expect(inHand.transactions()).toEqual([]);
});

test("holds nothing for an hour because the clock was set back by one", () => {
  let clock = 3_600_000;
  const inHand = inHandOf(new Map(), "back", () => clock);
  inHand.hold("11", [eventOf("a")]);
  clock = 0;
  expect(inHand.transactions()).toEqual([]);
  expect(inHand.fill([bare("a", "41")])).toBeNull();
});

test("finds a row by its id, however many transactions it holds", () => {
  const inHand = inHandOf(new Map(), "looks", () => 0);
  for (let n = 0; n < 200; n += 1) inHand.hold(String(n), [eventOf(`e${n}`)]);
  const looks = vi.spyOn(Map.prototype, "get");
  const filled = inHand.fill([bare("e199", "41")]);
  const count = looks.mock.calls.length;
  looks.mockRestore();
  expect(filled).toHaveLength(1);
  expect(count).toBeLessThan(10);
});

test("lets go of all events of the oldest transaction when there are too many", () => {
  const inHand = inHandOf(new Map(), "oldest", () => 0);
  for (let n = 0; n < 201; n += 1) inHand.hold(String(n), [eventOf(`e${n}`), eventOf(`f${n}`)]);
  expect(inHand.fill([bare("f0", "41")])).toBeNull();
  expect(inHand.fill([bare("f1", "42"), bare("e1", "43"), bare("e200", "44")])).toHaveLength(3);
  expect(inHand.transactions()).toHaveLength(199);
});

test("does not hold what the record would tell otherwise: a time with another form", () => {
  const inHand = inHandOf(new Map(), "times", () => 0);
  inHand.hold("11", [eventOf("a", "2026-11-27T03:00:00.123456Z")]);
  inHand.hold("12", [eventOf("b", "2026-11-27T03:00:00+02:00")]);
  expect(inHand.transactions()).toEqual([]);
});
