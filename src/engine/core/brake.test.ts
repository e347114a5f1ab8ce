import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  afterFailure,
  allowedBy,
  type Brake,
  type BrakePolicy,
  brakeFromText,
  brakeToText,
  closedBrake,
  isOpen,
} from "./brake.ts";

const policy: BrakePolicy = { after: 3, baseMs: 1_000, capMs: 8_000 };

function fail(brake: Brake, nowMs = 0, attempt = 1, retryAfterMs: number | null = null): Brake {
  return afterFailure(
    brake,
    policy,
    { attempt, error: "the shop is away", retryAfterMs, faultless: false },
    nowMs,
  );
}

const opened = fail(fail(fail(closedBrake, 5_000), 5_000), 5_000);

describe("the outage brake", () => {
  test("lets everything run while it is closed", () => {
    expect(allowedBy(closedBrake, 0)).toBe("all");
    expect(allowedBy(fail(fail(closedBrake)), 0)).toBe("all");
  });

  test("opens when enough events in a row failed at their first try", () => {
    expect(opened).toMatchObject({
      openSinceMs: 5_000,
      probeAtMs: 6_000,
      probes: 0,
      error: "the shop is away",
    });
  });

  test("stays closed however often events fail that failed before", () => {
    const brake = Array.from({ length: 50 }).reduce<Brake>((before) => fail(before, 0, 2), closedBrake);
    expect(isOpen(brake)).toBe(false);
  });

  test.each([1, 2, 50])("opens at once when no event can be at fault, also at try %i", (attempt) => {
    const failure = { attempt, error: "a column is missing", retryAfterMs: null, faultless: true };
    const brake = afterFailure(closedBrake, policy, failure, 5_000);
    expect(brake).toMatchObject({ failures: 1, openSinceMs: 5_000, probeAtMs: 6_000, probes: 0 });
    // It waits like any other brake that is open.
    expect(afterFailure(brake, policy, failure, 6_000)).toMatchObject({ probeAtMs: 8_000, probes: 1 });
    expect(brakeFromText(brakeToText(brake))).toEqual(brake);
  });

  test("lets nothing run before the probe, then one", () => {
    expect(allowedBy(opened, 5_999)).toBe("nothing");
    expect(allowedBy(opened, 6_000)).toBe("probe");
  });

  test("waits twice as long after each probe that fails, up to the cap", () => {
    const waits: (number | null)[] = [];
    let brake = opened;
    for (let probe = 0; probe < 5; probe += 1) {
      brake = fail(brake, 0, probe + 1);
      waits.push(brake.probeAtMs);
    }
    expect(waits).toEqual([2_000, 4_000, 8_000, 8_000, 8_000]);
    expect(brake.openSinceMs).toBe(5_000);
  });

  test("waits as long as the handler asked for, up to the cap", () => {
    expect(fail(opened, 0, 1, 5_000).probeAtMs).toBe(5_000);
    expect(fail(opened, 0, 1, 600_000).probeAtMs).toBe(8_000);
  });

  test("survives being stored", () => {
    expect(brakeFromText(brakeToText(opened))).toEqual(opened);
    expect(brakeFromText(brakeToText(fail(closedBrake)))).toEqual(fail(closedBrake));
    expect(brakeToText(closedBrake)).toBe("");
  });

  test("is closed when what was stored makes no sense", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.constant(null)), (text) => {
        expect(isOpen(brakeFromText(text))).toBe(false);
      }),
    );
    expect(brakeFromText('{"failures":1,"open_since":5}')).toEqual(closedBrake);
  });
});
