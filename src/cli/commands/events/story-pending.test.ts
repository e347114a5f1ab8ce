import { expect, test } from "vitest";
import { type PendingDelivery, pendingHeading, pendingLines } from "./story-pending.ts";

const delivery = (subscriber: string, more: Partial<PendingDelivery> = {}): PendingDelivery => ({
  event_id: `e-${subscriber}`,
  type: "system.health",
  subscriber,
  state: "waiting",
  failed_attempts: null,
  next_try_at: null,
  error: null,
  paused: false,
  deferred: null,
  ...more,
});

const unread = (subscriber: string, count: number) =>
  Array.from({ length: count }, () => delivery(subscriber));

test("what is merely on its way is a line for each state, behind what is tried again or waits for a reason", () => {
  const lines = pendingLines([
    ...unread("audit_log", 13),
    delivery("payment", { paused: true }),
    ...unread("copies", 2),
    delivery("tasks", { state: "retrying", failed_attempts: 2, error: "It is closed." }),
    delivery("agents", { state: "in_work", failed_attempts: 0 }),
    delivery("missions"),
  ]);
  expect(lines).toEqual([
    "tasks: is tried again, 2 tries failed, It is closed.  system.health  e-tasks",
    "payment: not read yet, the consumer is paused  system.health  e-payment",
    "agents: read, and no try has failed  system.health  e-agents",
    "not read yet: audit_log (13 events), copies (2 events), missions (1 event)",
  ]);
});

test("one event that is not read yet is told with its type and id", () => {
  expect(pendingLines([delivery("audit_log")])).toEqual([
    "audit_log: not read yet  system.health  e-audit_log",
  ]);
  expect(pendingLines([])).toEqual([]);
});

test("a fresh story whose watchers read with the tick is not told as a trouble", () => {
  expect(pendingHeading(unread("audit_log", 13))).toMatch(
    /^Not over yet, and nothing is wrong; .*within a minute/,
  );
  expect(pendingHeading([...unread("audit_log", 13), delivery("tasks", { state: "retrying" })])).toBe(
    "Not over yet:",
  );
});
