import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { leastSuspectFirst, planRound, splitLanes } from "./ordering.ts";
import { hashText } from "./sharding.ts";

const key = fc.option(fc.constantFrom("a", "b", "c"), { nil: null });
const entries = fc
  .record({
    pending: fc.array(fc.record({ key, due: fc.boolean(), deliveries: fc.integer({ min: 0, max: 3 }) })),
    fresh: fc.array(fc.record({ key })),
  })
  .map(({ pending, fresh }) => ({
    pending: pending.map((entry, index) => ({ ...entry, place: index })),
    fresh: fresh.map((entry, index) => ({ ...entry, place: pending.length + index })),
  }));

const places = (list: readonly { place: number }[]) => list.map(({ place }) => place);
const sorted = (list: readonly number[]) => [...list].sort((left, right) => left - right);

describe("the plan of a round", () => {
  it("runs what failed before alone, what was set aside with the fresh ones", () => {
    const failed = { key: "a", due: true, deliveries: 2 };
    const aside = { key: "b", due: true, deliveries: 0 };
    const fresh = { key: "c" };
    expect(planRound([failed, aside], [fresh])).toEqual({
      alone: [failed],
      resumed: [aside],
      fresh: [fresh],
      parked: [],
      blockedKeys: new Set(),
    });
  });

  it("lets everything with the key of a waiting entry wait, and nothing else", () => {
    const waiting = { key: "a", due: false, deliveries: 1 };
    const behind = { key: "a", due: true, deliveries: 0 };
    const other = { key: "b", due: true, deliveries: 1 };
    const plan = planRound([waiting, behind, other], [{ key: "a" }, { key: "b" }, { key: null }]);
    expect(plan).toEqual({
      alone: [other],
      resumed: [],
      fresh: [{ key: "b" }, { key: null }],
      parked: [{ key: "a" }],
      blockedKeys: new Set(["a"]),
    });
  });

  it("an entry without a key blocks nobody", () => {
    const plan = planRound([{ key: null, due: false, deliveries: 1 }], [{ key: null }]);
    expect(plan.fresh).toHaveLength(1);
    expect(plan.blockedKeys.size).toBe(0);
  });

  it("never runs an entry while an older one with the same key waits", () => {
    fc.assert(
      fc.property(entries, ({ pending, fresh }) => {
        const plan = planRound(pending, fresh);
        const waiting = pending.filter((entry) => !entry.due);
        for (const entry of [...plan.alone, ...plan.resumed, ...plan.fresh]) {
          const older = waiting.filter((other) => other.key === entry.key && other.place < entry.place);
          if (entry.key !== null) expect(older).toEqual([]);
        }
      }),
    );
  });

  it("loses nothing, doubles nothing and keeps the order", () => {
    fc.assert(
      fc.property(entries, ({ pending, fresh }) => {
        const plan = planRound(pending, fresh);
        const freshPlaces = [...places(plan.fresh), ...places(plan.parked)];
        expect(sorted(freshPlaces)).toEqual(places(fresh));
        const chosen = [...places(plan.alone), ...places(plan.resumed)];
        expect(new Set(chosen).size).toBe(chosen.length);
        for (const place of chosen) expect(pending[place]?.due).toBe(true);
        for (const list of [plan.alone, plan.resumed, plan.fresh, plan.parked]) {
          expect(places(list)).toEqual(sorted(places(list)));
        }
      }),
    );
  });

  it("leaves out a due entry only behind another one with its key that waits, or runs after it", () => {
    fc.assert(
      fc.property(entries, ({ pending, fresh }) => {
        const plan = planRound(pending, fresh);
        const chosen = new Set([...places(plan.alone), ...places(plan.resumed)]);
        for (const entry of pending.filter((one) => one.due && !chosen.has(one.place))) {
          const resumed = new Set(places(plan.resumed));
          const older = pending.filter((other) => other.key === entry.key && other.place < entry.place);
          const runsLater = entry.deliveries > 0 && older.some((other) => resumed.has(other.place));
          const waits = older.some((other) => !chosen.has(other.place));
          expect(runsLater || waits).toBe(true);
        }
      }),
    );
  });
});

describe("lanes", () => {
  const items = fc
    .array(key, { maxLength: 60 })
    .map((keys) => keys.map((each, place) => ({ key: each, place })));
  const lanes = fc.integer({ min: 1, max: 6 });
  const minPerLane = fc.integer({ min: 1, max: 20 });

  it("keep events with the same key together and in order, and lose nothing", () => {
    fc.assert(
      fc.property(items, lanes, minPerLane, (list, count, least) => {
        const split = splitLanes(list, count, least, hashText);
        expect(split.length).toBeLessThanOrEqual(count);
        expect(sorted(split.flatMap(places))).toEqual(places(list));
        const laneOfKey = new Map<string, number>();
        split.forEach((part, index) => {
          expect(part.length).toBeGreaterThan(0);
          expect(places(part)).toEqual(sorted(places(part)));
          for (const item of part) {
            if (item.key === null) continue;
            expect(laneOfKey.get(item.key) ?? index).toBe(index);
            laneOfKey.set(item.key, index);
          }
        });
      }),
    );
  });

  it("open no further connection for a handful of events", () => {
    const few = Array.from({ length: 31 }, () => ({ key: null }));
    expect(splitLanes(few, 6, 16, hashText)).toEqual([few]);
    expect(splitLanes([...few, { key: null }], 6, 16, hashText)).toHaveLength(2);
  });

  it("are none for nothing", () => {
    expect(splitLanes([], 4, 1, hashText)).toEqual([]);
  });
});

describe("the order of what runs alone", () => {
  const deathsOf = ({ deliveries }: { deliveries: number }) => deliveries;

  it("begins with what ended fewest workers", () => {
    const items = [3, 1, 2, 1].map((deliveries, place) => ({ key: null, deliveries, place }));
    expect(places(leastSuspectFirst(items, deathsOf))).toEqual([1, 3, 2, 0]);
  });

  it("drops nothing, keeps the order of each key, and puts nothing before what is less suspect and free", () => {
    fc.assert(
      fc.property(entries, ({ pending }) => {
        const order = leastSuspectFirst(pending, deathsOf);
        expect(sorted(places(order))).toEqual(places(pending));
        for (const name of ["a", "b", "c"]) {
          const ofKey = places(order.filter((entry) => entry.key === name));
          expect(ofKey).toEqual(sorted(ofKey));
        }
        const free = order.filter((entry) => entry.key === null).map(deathsOf);
        expect(free).toEqual(sorted(free));
      }),
    );
  });
});
