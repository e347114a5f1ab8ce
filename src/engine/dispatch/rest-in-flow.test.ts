import { describe, expect, test } from "vitest";
import type { Riding } from "../relay/handed.ts";
import type { Triggers } from "./coalesce.ts";
import { type Rest, restInFlow } from "./rest-in-flow.ts";

interface Flow {
  /** Between the last two triggers, and over the last few, ms. */
  readonly gaps: readonly [last: number, usual: number];
  /** Something is known to be unsent. */
  readonly isNews: boolean;
  /** What happens, each so many ms after what was before it: a trigger, and who rides from then on. */
  readonly coming?: readonly (readonly [afterMs: number, riding: Riding, tells?: boolean | undefined])[];
  readonly mayRide?: boolean;
}

/** Rests in a flow that is played; how long it took by the clock of the play, ms, null: it did not wait. */
async function rest({
  gaps: [last, usual],
  isNews,
  coming = [],
  mayRide = true,
}: Flow): Promise<number | null> {
  const left = [...coming];
  let [clock, news, riding] = [1_000, isNews, "nobody" as Riding];
  const triggers: Triggers = {
    takeNews: () => {
      const taken = news;
      news = false;
      return taken;
    },
    async awaitNews(limitMs) {
      for (let leftMs = limitMs; ; ) {
        const [next] = left;
        if (next === undefined || next[0] > leftMs) {
          clock += leftMs;
          if (next !== undefined) left[0] = [next[0] - leftMs, next[1], next[2]];
          return;
        }
        left.shift();
        const [afterMs, nowRiding, tells = true] = next;
        clock += afterMs;
        leftMs -= afterMs;
        riding = nowRiding;
        news = tells;
        if (tells) return;
      }
    },
    gapMs: () => last,
    usualGapMs: () => usual,
  };
  const how: Rest = { riding: () => riding, now: () => clock, mayRide };
  return (await restInFlow(triggers, how)) ? clock - 1_000 : null;
}

describe("does not wait", () => {
  test("where triggers are far apart", async () => {
    expect(await rest({ gaps: [21, 21], isNews: false })).toBeNull();
  });

  test("with what a burst behind a pause has left", async () => {
    expect(await rest({ gaps: [1, 60], isNews: true })).toBeNull();
  });

  test("with news where no commit can take it along", async () => {
    expect(await rest({ gaps: [5, 5], isNews: true, mayRide: false })).toBeNull();
  });
});

describe("in a steady flow", () => {
  test("waits for the next event as long as one would come by then", async () => {
    expect(await rest({ gaps: [20, 20], isNews: false })).toBe(20);
    expect(await rest({ gaps: [20, 20], isNews: false, coming: [[7, "nobody"]] })).toBe(7);
  });

  test("leaves what is known to the next commit, and goes on when that has it", async () => {
    const coming = [[2, "under_way", false] as const, [6, "done"] as const];
    expect(await rest({ gaps: [5, 5], isNews: true, coming })).toBe(8);
  });

  test("goes on by itself when no commit comes for it", async () => {
    expect(await rest({ gaps: [5, 5], isNews: true })).toBe(12);
  });

  test("gives a commit that is under way the time of a rest, and no more", async () => {
    expect(await rest({ gaps: [5, 5], isNews: true, coming: [[11, "under_way", false]] })).toBe(20);
  });

  test("is not ended by commits that began too early to take anything along", async () => {
    const coming = [
      [1, "nobody"] as const,
      [1, "under_way", false] as const,
      [1, "under_way"] as const,
      [4, "done"] as const,
    ];
    expect(await rest({ gaps: [3, 5], isNews: false, coming })).toBe(7);
  });

  test("ends, however many such commits there are", async () => {
    const coming = Array.from({ length: 100 }, () => [1, "nobody"] as const);
    expect(await rest({ gaps: [1, 1], isNews: true, coming })).toBe(12);
  });

  test("where the last events came apart, the first news ends the rest", async () => {
    expect(await rest({ gaps: [15, 15], isNews: false, coming: [[4, "nobody"]] })).toBe(4);
  });
});
