import { expect, test, vi } from "vitest";
import { latch } from "../../../test/latch.ts";
import { coalesce, sleepOnce, type Triggers } from "./coalesce.ts";

const always = () => true;

test("runs work that nobody runs, once", async () => {
  const work = vi.fn(async () => undefined);
  const options = { name: "once", now: () => 0, limitMs: 1_000 };
  expect(await coalesce(options, work, always)).toBe("ran");
  expect(work).toHaveBeenCalledTimes(1);
});

test("goes round once more for any number of triggers that came meanwhile", async () => {
  const first = latch();
  const options = { name: "again", now: () => 0, limitMs: 1_000 };
  let runs = 0;
  const work = async () => {
    runs += 1;
    if (runs === 1) await first.opened;
  };
  const running = coalesce(options, work, always);
  for (let trigger = 0; trigger < 5; trigger += 1)
    expect(await coalesce(options, work, always)).toBe("joined");
  first.open();
  expect(await running).toBe("ran");
  expect(runs).toBe(2);
});

test("tells a run that waits of the next trigger at once, and of none that it took before", async () => {
  const options = { name: "waits", now: () => 0, limitMs: 1_000 };
  const told: boolean[] = [];
  const begun = latch();
  const running = coalesce(
    options,
    async ({ takeNews, awaitNews }) => {
      begun.open();
      await awaitNews(60_000);
      told.push(takeNews(), takeNews());
      await awaitNews(1);
      told.push(takeNews());
    },
    always,
  );
  await begun.opened;
  expect(await coalesce(options, async () => undefined, always)).toBe("joined");
  expect(await running).toBe("ran");
  expect(told).toEqual([true, false, false]);
});

test("does not wait when a trigger came before", async () => {
  const options = { name: "came before", now: () => 0, limitMs: 1_000 };
  const first = latch();
  let news = false;
  const running = coalesce(
    options,
    async ({ takeNews, awaitNews }) => {
      if (news) return;
      await first.opened;
      await awaitNews(60_000);
      news = takeNews();
    },
    always,
  );
  await coalesce(options, async () => undefined, always);
  first.open();
  await running;
  expect(news).toBe(true);
});

test("knows how fast triggers follow each other, over runs", async () => {
  let clock = 5_000;
  const options = { name: "rhythm", now: () => clock, limitMs: 1_000 };
  const gaps: number[] = [];
  const trigger = (isAgain = false) =>
    coalesce({ ...options, isAgain }, async ({ gapMs }) => void gaps.push(gapMs()), always);
  await trigger();
  clock += 7;
  await trigger();
  clock += 399;
  // Who looks again was not triggered.
  await trigger(true);
  clock += 1;
  await trigger();
  expect(gaps).toEqual([Number.POSITIVE_INFINITY, 7, 7, 400]);
});

test("takes a flow for steady after some triggers, and a burst behind a pause for none", async () => {
  let clock = 5_000;
  const options = { name: "steady", now: () => clock, limitMs: 1_000 };
  let usualMs = 0;
  const triggerAfter = (ms: number) => {
    clock += ms;
    const look = async ({ usualGapMs }: Triggers) => {
      usualMs = usualGapMs();
    };
    return coalesce(options, look, always);
  };
  await triggerAfter(60_000);
  for (let burst = 0; burst < 4; burst += 1) await triggerAfter(1);
  expect(usualMs).toBeGreaterThan(30);
  for (let flow = 0; flow < 16; flow += 1) await triggerAfter(5);
  expect(usualMs).toBeLessThan(6);
  await triggerAfter(60_000);
  expect(usualMs).toBeGreaterThan(20);
});

test("does not go round when there is no time", async () => {
  const first = latch();
  const options = { name: "no time", now: () => 0, limitMs: 1_000 };
  const work = vi.fn(() => first.opened);
  const running = coalesce(options, work, () => false);
  await coalesce(options, work, always);
  first.open();
  await running;
  expect(work).toHaveBeenCalledTimes(1);
});

test("runs different work side by side", async () => {
  const first = latch();
  const running = coalesce({ name: "left", now: () => 0, limitMs: 1_000 }, () => first.opened, always);
  expect(await coalesce({ name: "right", now: () => 0, limitMs: 1_000 }, async () => undefined, always)).toBe(
    "ran",
  );
  first.open();
  await running;
});

test("takes a run that outlived its limit for dead, and the late end of it harms nobody", async () => {
  let clock = 0;
  const now = () => clock;
  const dead = latch();
  const alive = latch();
  const options = { name: "dead", now, limitMs: 1_000 };
  const first = coalesce(options, () => dead.opened, always);
  clock = 1_000;
  const second = coalesce(options, () => alive.opened, always);
  dead.open();
  expect(await first).toBe("ran");
  expect(await coalesce(options, async () => undefined, always)).toBe("joined");
  alive.open();
  expect(await second).toBe("ran");
});

test("is free again after work that failed", async () => {
  const options = { name: "failed", now: () => 0, limitMs: 1_000 };
  await expect(coalesce(options, () => Promise.reject(new Error("down")), always)).rejects.toThrow("down");
  expect(await coalesce(options, async () => undefined, always)).toBe("ran");
});

test("lets one sleeper of a name wake, the earliest", async () => {
  vi.useFakeTimers();
  try {
    const woken: string[] = [];
    const sleep = (label: string, untilMs: number) =>
      sleepOnce("sleeper", Date.now, untilMs).then((slept) => woken.push(`${label}:${slept}`));
    const start = Date.now();
    const first = sleep("first", start + 100);
    const later = sleep("later", start + 200);
    const earlier = sleep("earlier", start + 50);
    await vi.advanceTimersByTimeAsync(50);
    expect(woken).toEqual(["later:false", "earlier:true"]);
    await vi.advanceTimersByTimeAsync(50);
    await Promise.all([first, later, earlier]);
    expect(woken).toEqual(["later:false", "earlier:true", "first:true"]);
    const past = sleepOnce("sleeper", Date.now, start);
    await vi.advanceTimersByTimeAsync(0);
    expect(await past).toBe(true);
  } finally {
    vi.useRealTimers();
  }
});
