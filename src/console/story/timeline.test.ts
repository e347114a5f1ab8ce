import { expect, test } from "vitest";
import type { StoryEvent } from "../../http/kit/answers/events.ts";
import { timelineOf } from "./timeline.ts";

const base = Date.parse("2026-11-26T10:00:00.000Z");
const at = (ms: number) => new Date(base + ms).toISOString();

function event(id: string, ms: number, more: Partial<StoryEvent> = {}): StoryEvent & { depth: number } {
  return {
    ...{ id, type: "course.made", source: "s", module: "course_factory", severity: null, payload: {} },
    ...{ causation_id: null, sent_at: at(ms), handled_by: [], dead_letters: [], depth: 0 },
    timestamp: at(ms),
    ...more,
  } as StoryEvent & { depth: number };
}

const noon = new Date(base + 100);

test("an event stands in the lane of its module, with the line from its cause", () => {
  const { rows, lanes } = timelineOf(
    [event("a", 0), event("b", 5, { module: "payment", causation_id: "A" })],
    noon,
  );
  expect(lanes).toEqual(["course_factory", "payment"]);
  expect(
    rows.map(({ lane, from, afterCauseMs, hasEffects }) => ({ lane, from, afterCauseMs, hasEffects })),
  ).toEqual([
    { lane: 0, from: null, afterCauseMs: null, hasEffects: true },
    { lane: 1, from: 0, afterCauseMs: 5, hasEffects: false },
  ]);
});

test("a line passes the rows between a cause and its last effect, and no others", () => {
  const { rows } = timelineOf(
    [event("a", 0), event("x", 1, { module: "tasks" }), event("b", 2, { causation_id: "a" }), event("y", 3)],
    noon,
  );
  expect(rows.map(({ through }) => through)).toEqual([[], [0], [], []]);
});

test("causes in a circle, and an effect that is told before its cause, are drawn without a line", () => {
  const { rows } = timelineOf(
    [
      event("a", 0, { causation_id: "b" }),
      event("b", 5, { causation_id: "a" }),
      event("c", 9, { causation_id: "c" }),
    ],
    noon,
  );
  expect(rows.map(({ from }) => from)).toEqual([null, 0, null]);
});

test("more modules than lanes share the last one", () => {
  const { lanes, others, rows } = timelineOf(
    Array.from({ length: 12 }, (_, n) => event(`e${n}`, n, { module: `m${n}` })),
    noon,
  );
  expect(others).toBe(true);
  expect(lanes).toHaveLength(7);
  expect(rows.map(({ lane }) => lane)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7]);
});

test("time in which nothing happened is told from a second on, larger the longer it is", () => {
  const { rows } = timelineOf(
    [event("a", 0), event("b", 999), event("c", 1_999), event("d", 3_601_999)],
    noon,
  );
  expect(rows.map(({ gap }) => gap && [gap.kind, gap.ms, gap.step])).toEqual([
    null,
    null,
    ["waiting", 1_000, 1],
    ["waiting", 3_600_000, 4],
  ]);
});

const letter = (status: string) => ({
  ...{ subscriber: "payment", id: "1", reason: "r", status, attempts: 5 },
  ...{ first_failed_at: at(100), last_failed_at: at(9_000) },
});

test("a gap in which a consumer tried again is one of retries", () => {
  const failing = event("a", 0, { dead_letters: [letter("open")] as StoryEvent["dead_letters"] });
  expect(timelineOf([failing, event("b", 5_000)], noon).rows[1]?.gap?.kind).toBe("retries");
  // The control: the same without a failure only waits.
  expect(timelineOf([event("a", 0), event("b", 5_000)], noon).rows[1]?.gap?.kind).toBe("waiting");
});

test("a gap between the question and the answer of an approval is one of the approval, and an open one goes on", () => {
  const asked = event("a", 0, { type: "ir.approval_created", payload: { approval_id: "1" } });
  const used = event("b", 60_000, { type: "ir.approval_consumed", payload: { approval_id: "1" } });
  expect(timelineOf([asked, used], noon).rows[1]?.gap?.kind).toBe("approval");
  const waiting = timelineOf([asked], new Date(base + 30_000));
  expect(waiting.openGap).toMatchObject({ kind: "approval", ms: 30_000, isOpen: true });
  expect(timelineOf([event("a", 0)], new Date(base + 30_000)).openGap).toBeNull();
  // A dead letter waits for somebody, and is not tried by itself.
  const failed = event("a", 0, { dead_letters: [letter("open")] as StoryEvent["dead_letters"] });
  expect(timelineOf([failed], new Date(base + 30_000)).openGap).toMatchObject({
    kind: "waiting",
    isOpen: true,
  });
});
