import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { createGathering, type GatheredCall, type GatheringOptions } from "./gathering.ts";

const lostAfterMs = 5_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A call that the test answers. */
interface Sent {
  /** In whose request it was made. */
  readonly by: string;
  readonly items: readonly string[];
  answer(): Promise<void>;
  fail(error: unknown): Promise<void>;
}

class Unreachable extends Error {}

/** Lets everything run that can. */
const settle = async () => {
  await vi.advanceTimersByTimeAsync(0);
};

function open(options: Partial<GatheringOptions<string>> = {}) {
  const gathering = createGathering<string, string>({
    maxItems: 100,
    maxSize: 1_000,
    sizeOf: (item) => item.length,
    lostAfterMs,
    now: () => Date.now(),
    ...options,
  });
  const sent: Sent[] = [];
  const kept: Promise<unknown>[] = [];
  const callOf = (by: string): GatheredCall<string, string> => ({
    async send(items) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      sent.push({
        by,
        items,
        answer: () => {
          resolve();
          return settle();
        },
        fail: (error) => {
          reject(error);
          return settle();
        },
      });
      await promise;
      return (item) => `${item} by ${by}`;
    },
    concernsAll: (error) => error instanceof Unreachable,
    waitUntil: (work) => kept.push(work),
  });
  const join = (item: string, name = "") => {
    const joined = gathering.join(name, item, callOf(item));
    joined.catch(() => undefined);
    return joined;
  };
  return { join, sent, kept, calls: () => sent.map(({ items }) => items.join("+")) };
}

const answered = (answer: string) => ({ answer, lostSinceMs: null });

describe("what comes at the same time", () => {
  test("goes at once when nothing is under way, without a timer", async () => {
    const { join, sent, calls } = open();
    const a = join("a");
    expect(calls()).toEqual(["a"]);
    expect(vi.getTimerCount()).toBe(0);
    await sent[0]?.answer();
    expect(await a).toEqual(answered("a by a"));
    const b = join("b");
    expect(calls()).toEqual(["a", "b"]);
    await sent[1]?.answer();
    expect(await b).toEqual(answered("b by b"));
  });

  test("gathers while a call is under way, and goes together when it is over", async () => {
    const { join, sent, calls } = open();
    const all = ["a", "b", "c", "d"].map((item) => join(item));
    expect(calls()).toEqual(["a"]);
    await sent[0]?.answer();
    expect(calls()).toEqual(["a", "b+c+d"]);
    const e = join("e");
    await sent[1]?.answer();
    // In the request of one of its own.
    expect(await Promise.all(all)).toEqual(["a by a", "b by b", "c by b", "d by b"].map(answered));
    expect(calls()).toEqual(["a", "b+c+d", "e"]);
    await sent[2]?.answer();
    expect(await e).toEqual(answered("e by e"));
    expect(vi.getTimerCount()).toBe(0);
  });

  test("is kept alive by whoever leads it", async () => {
    const { join, sent, kept } = open();
    const all = [join("a"), join("b"), join("c")];
    await sent[0]?.answer();
    await sent[1]?.answer();
    await Promise.all(all);
    expect(kept).toHaveLength(2);
    await Promise.all(kept);
  });

  test("goes in groups of as many as are allowed, in its order", async () => {
    const { join, sent, calls } = open({ maxItems: 2 });
    const all = ["a", "b", "c", "d", "e"].map((item) => join(item));
    for (let call = 0; call < 4; call += 1) await sent[call]?.answer();
    await Promise.all(all);
    expect(calls()).toEqual(["a", "b+c", "d+e"]);
  });

  test("goes in groups of a size that is allowed; what is larger alone goes alone", async () => {
    const { join, sent, calls } = open({ maxSize: 4 });
    const all = ["a", "bb", "cc", "d", "eeeeee", "f"].map((item) => join(item));
    for (let call = 0; call < 5; call += 1) await sent[call]?.answer();
    await Promise.all(all);
    expect(calls()).toEqual(["a", "bb+cc", "d", "eeeeee", "f"]);
  });

  test("goes apart under different names", async () => {
    const { join, sent, calls } = open();
    const all = [join("a", "x"), join("b", "y"), join("c", "x"), join("d", "y")];
    expect(calls()).toEqual(["a", "b"]);
    await sent[0]?.answer();
    await sent[1]?.answer();
    expect(calls()).toEqual(["a", "b", "c", "d"]);
    await sent[2]?.answer();
    await sent[3]?.answer();
    await Promise.all(all);
  });
});

describe("a call that fails", () => {
  test("alone fails with its error, and the next ones go on", async () => {
    const { join, sent, calls } = open();
    const a = join("a");
    const b = join("b");
    await sent[0]?.fail(new RangeError("a is bad"));
    await expect(a).rejects.toThrow("a is bad");
    expect(calls()).toEqual(["a", "b"]);
    await sent[1]?.answer();
    expect(await b).toEqual(answered("b by b"));
  });

  test("of a group is made again for each member alone, so that each gets its own error", async () => {
    const { join, sent, calls } = open();
    const [a, b, c, d] = [join("a"), join("b"), join("c"), join("d")];
    await sent[0]?.answer();
    await sent[1]?.fail(new RangeError("one of them is bad"));
    expect(calls()).toEqual(["a", "b+c+d", "b", "c", "d"]);
    await sent[3]?.fail(new RangeError("c is bad"));
    await sent[2]?.answer();
    await sent[4]?.answer();
    await a;
    expect(await b).toEqual(answered("b by b"));
    await expect(c).rejects.toThrow("c is bad");
    // In the request of each.
    expect(await d).toEqual(answered("d by d"));
  });

  test("for a reason that concerns all fails for all, and is not made again", async () => {
    const { join, sent, calls } = open();
    const [a, b, c] = [join("a"), join("b"), join("c")];
    await sent[0]?.answer();
    const d = join("d");
    await sent[1]?.fail(new Unreachable("nobody there"));
    await a;
    await expect(b).rejects.toThrow("nobody there");
    await expect(c).rejects.toThrow("nobody there");
    expect(calls()).toEqual(["a", "b+c", "d"]);
    await sent[2]?.answer();
    expect(await d).toEqual(answered("d by d"));
  });
});

describe("a call that never comes back", () => {
  test("is given up by each that waits for it: each makes its own, and is told that it may be the second one", async () => {
    const { join, sent, calls } = open();
    const a = join("a");
    const startedMs = Date.now();
    const [b, c] = [join("b"), join("c")];
    await sent[0]?.answer();
    await a;
    expect(calls()).toEqual(["a", "b+c"]);
    // The request of b is ended: what it began comes to no end, and nothing more of it runs.
    void b;
    await vi.advanceTimersByTimeAsync(lostAfterMs - 1);
    expect(calls()).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(calls()).toEqual(["a", "b+c", "c"]);
    await sent[2]?.answer();
    expect(await c).toEqual({ answer: "c by c", lostSinceMs: startedMs });
  });

  test("is over for what comes later: it goes at once", async () => {
    const { join, sent, calls } = open();
    void join("a");
    await vi.advanceTimersByTimeAsync(lostAfterMs);
    const b = join("b");
    expect(calls()).toEqual(["a", "b"]);
    await sent[1]?.answer();
    expect(await b).toEqual(answered("b by b"));
  });

  test("holds nobody who came behind it; that one was not sent before, and takes the others along", async () => {
    const { join, sent, calls } = open();
    void join("a");
    const b = join("b");
    await vi.advanceTimersByTimeAsync(1_000);
    const [c, d] = [join("c"), join("d")];
    await vi.advanceTimersByTimeAsync(lostAfterMs - 1_000);
    expect(calls()).toEqual(["a", "b"]);
    await sent[1]?.answer();
    expect(await b).toEqual(answered("b by b"));
    expect(calls()).toEqual(["a", "b", "c+d"]);
    await sent[2]?.answer();
    expect(await Promise.all([c, d])).toEqual([answered("c by c"), answered("d by c")]);
  });

  test("and comes back late after all, tells nobody anything and starts nothing twice", async () => {
    const { join, sent, calls } = open();
    const a = join("a");
    const [b, c] = [join("b"), join("c")];
    await sent[0]?.answer();
    await a;
    await vi.advanceTimersByTimeAsync(lostAfterMs);
    expect(calls()).toEqual(["a", "b+c", "c"]);
    const d = join("d");
    await sent[1]?.answer();
    expect(await b).toEqual(answered("b by b"));
    expect(calls()).toHaveLength(3);
    await sent[2]?.answer();
    expect((await c).answer).toBe("c by c");
    expect(calls()).toEqual(["a", "b+c", "c", "d"]);
    await sent[3]?.answer();
    expect(await d).toEqual(answered("d by d"));
  });
});
