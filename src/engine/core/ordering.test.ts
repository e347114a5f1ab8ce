import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  firstOfEachKey,
  leastSuspectFirst,
  orderOf,
  type Plannable,
  planRound,
  splitLanes,
} from "./ordering.ts";
import { hashText } from "./sharding.ts";

const key = fc.option(fc.constantFrom("a", "b", "c"), { nil: null });
const nowMs = 1_000;
const dueAtMs = fc.constantFrom(0, nowMs, nowMs + 1);
const overtakable = fc.boolean();
const entries = fc
  .record({
    pending: fc.array(fc.record({ key, dueAtMs, overtakable, begun: fc.integer({ min: 0, max: 3 }) })),
    fresh: fc.array(fc.record({ key, dueAtMs: fc.constant(0), overtakable, begun: fc.constant(0) })),
  })
  .map(({ pending, fresh }) => ({
    pending: pending.map((entry, index) => ({ ...entry, place: index })),
    fresh: fresh.map((entry, index) => ({ ...entry, place: pending.length + index })),
  }));

const places = (list: readonly { place: number }[]) => list.map(({ place }) => place);
const isDue = (entry: { dueAtMs: number }) => entry.dueAtMs <= nowMs;
const ordered = (order: string | null, wait: "due" | "waits", begun: number) => ({
  key: order,
  dueAtMs: wait === "due" ? nowMs : nowMs + 1,
  overtakable: false,
  begun,
});
const fresh = (order: string | null) => ({ key: order, dueAtMs: 0, overtakable: false, begun: 0 });
/** @param pending what was met before @param news what is new, behind it on the stream */
const planOf = <T extends Plannable>(pending: readonly T[], news: readonly T[]) =>
  planRound([...pending, ...news], { isFresh: (one) => news.includes(one), isBeyond: () => false, nowMs });
const sorted = (list: readonly number[]) => [...list].sort((left, right) => left - right);

describe("the plan of a round", () => {
  test("runs what failed before alone, what was set aside with the fresh ones", () => {
    const failed = ordered("a", "due", 2);
    const aside = ordered("b", "due", 0);
    expect(planOf([failed, aside], [fresh("c")])).toEqual({
      alone: [failed],
      resumed: [aside],
      fresh: [fresh("c")],
      behind: [],
      left: [],
    });
  });

  test("lets everything with the key of a waiting entry wait, and nothing else", () => {
    const waiting = ordered("a", "waits", 1);
    const behind = ordered("a", "due", 0);
    const other = ordered("b", "due", 1);
    const plan = planOf([waiting, behind, other], [fresh("a"), fresh("b"), fresh(null)]);
    expect(plan).toEqual({
      alone: [other],
      resumed: [],
      fresh: [fresh("b"), fresh(null)],
      behind: [fresh("a")],
      left: [waiting, behind],
    });
  });

  test("an entry without a key blocks nobody", () => {
    const plan = planOf([ordered(null, "waits", 1)], [fresh(null)]);
    expect(plan.fresh).toHaveLength(1);
    expect(plan.behind).toEqual([]);
  });

  test("one that later ones may overtake blocks nobody, and waits for nobody", () => {
    const passed = { ...ordered("a", "waits", 1), overtakable: true };
    const older = ordered("a", "waits", 1);
    const due = { ...ordered("a", "due", 1), overtakable: true };
    expect(planOf([passed], [fresh("a")]).fresh).toEqual([fresh("a")]);
    expect(planOf([older, due], []).alone).toEqual([due]);
  });

  test("one that is newer than what was read runs behind it, whether it waits or was tried", () => {
    const tried = ordered("a", "due", 2);
    const aside = ordered("b", "due", 0);
    const [older, olderToo] = [fresh("a"), fresh("b")];
    const view = {
      isFresh: (one: object) => one === older || one === olderToo,
      isBeyond: () => false,
      nowMs,
    };
    expect(planRound([older, olderToo, tried, aside], view)).toEqual({
      alone: [],
      resumed: [aside],
      fresh: [older, olderToo],
      behind: [],
      left: [tried],
    });
  });

  test("one that may have unread ones before it waits, and holds its key; one without a key does not", () => {
    const [beyond, later, keyless] = [
      ordered("a", "due", 1),
      ordered("a", "due", 0),
      ordered(null, "due", 1),
    ];
    const taken = [beyond, later, keyless];
    const plan = planRound(taken, { isFresh: () => false, isBeyond: (one) => one !== later, nowMs });
    expect(plan).toMatchObject({ alone: [keyless], resumed: [], left: [beyond, later] });
    const control = planRound(taken, { isFresh: () => false, isBeyond: () => false, nowMs });
    expect(control).toMatchObject({ alone: [beyond, keyless], resumed: [later], left: [] });
  });

  test("never runs an entry while an older one with the same key waits", () => {
    fc.assert(
      fc.property(entries, ({ pending, fresh: news }) => {
        const plan = planOf(pending, news);
        const waiting = pending.filter((entry) => !isDue(entry));
        for (const entry of [...plan.alone, ...plan.resumed, ...plan.fresh]) {
          const order = orderOf(entry);
          const older = waiting.filter((other) => orderOf(other) === order && other.place < entry.place);
          if (order !== null) expect(older).toEqual([]);
        }
      }),
    );
  });

  test("loses nothing, doubles nothing and keeps the order", () => {
    fc.assert(
      fc.property(entries, ({ pending, fresh: news }) => {
        const plan = planOf(pending, news);
        const freshPlaces = [...places(plan.fresh), ...places(plan.behind)];
        expect(sorted(freshPlaces)).toEqual(places(news));
        const chosen = [...plan.alone, ...plan.resumed];
        expect(sorted(places([...chosen, ...plan.left]))).toEqual(places(pending));
        for (const entry of chosen) expect(isDue(entry)).toBe(true);
        for (const list of [plan.alone, plan.resumed, plan.fresh, plan.behind, plan.left]) {
          expect(places(list)).toEqual(sorted(places(list)));
        }
      }),
    );
  });

  test("leaves out a due entry only behind another one with its key that waits, or runs after it", () => {
    fc.assert(
      fc.property(entries, ({ pending, fresh: news }) => {
        const plan = planOf(pending, news);
        const chosen = new Set([...places(plan.alone), ...places(plan.resumed)]);
        for (const entry of pending.filter((one) => isDue(one) && !chosen.has(one.place))) {
          const resumed = new Set(places(plan.resumed));
          const older = pending.filter(
            (other) => orderOf(other) === orderOf(entry) && other.place < entry.place,
          );
          const runsLater = entry.begun > 0 && older.some((other) => resumed.has(other.place));
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

  test("keep events with the same key together and in order, and lose nothing", () => {
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

  test("open no further connection for a handful of events", () => {
    const few = Array.from({ length: 31 }, () => ({ key: null }));
    expect(splitLanes(few, 6, 16, hashText)).toEqual([few]);
    expect(splitLanes([...few, { key: null }], 6, 16, hashText)).toHaveLength(2);
  });

  test("are none for nothing", () => {
    expect(splitLanes([], 4, 1, hashText)).toEqual([]);
  });
});

describe("the order of what runs alone", () => {
  const deathsOf = ({ begun }: { begun: number }) => begun;

  test("begins with what ended fewest workers", () => {
    const items = [3, 1, 2, 1].map((begun, place) => ({ key: null, begun, place }));
    expect(places(leastSuspectFirst(items, deathsOf))).toEqual([1, 3, 2, 0]);
  });

  test("drops nothing, keeps the order of each key, and puts nothing before what is less suspect and free", () => {
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

test("the first of each key are those that pass none; without a key, all, and all that may be overtaken", () => {
  fc.assert(
    fc.property(entries, ({ pending }) => {
      const first = firstOfEachKey(pending);
      const isFirst = (entry: (typeof pending)[number]) => {
        const order = orderOf(entry);
        return order === null || pending.find((one) => orderOf(one) === order) === entry;
      };
      expect(first).toEqual(pending.filter(isFirst));
    }),
  );
});
