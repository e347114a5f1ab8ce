import { expect, test } from "vitest";
import { createTurnstile } from "./turnstile.ts";

/** Lets the continuations of what just resolved run. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test("lets as many in as there is room for, the others in their order, and whoever comes again at the end", async () => {
  const turnstile = createTurnstile(() => 2);
  const turns: string[] = [];
  const taker = async (name: string) => {
    for (let turn = 1; turn <= 2; turn += 1) {
      await turnstile.enter();
      turns.push(`${name}${turn}`);
      await settled();
      turnstile.leave();
    }
  };
  await Promise.all(["a", "b", "c", "d"].map(taker));
  expect(turns).toEqual(["a1", "b1", "c1", "d1", "a2", "b2", "c2", "d2"]);
  expect(turnstile.waiting).toBe(0);
});

test("tells how many wait, and gives up room that is no longer there", async () => {
  let room = 2;
  const turnstile = createTurnstile(() => room);
  await turnstile.enter();
  await turnstile.enter();
  let third = false;
  void turnstile.enter().then(() => {
    third = true;
  });
  await settled();
  expect([turnstile.waiting, third]).toEqual([1, false]);
  room = 1;
  turnstile.leave();
  await settled();
  expect([turnstile.waiting, third]).toEqual([1, false]);
  turnstile.leave();
  await settled();
  expect([turnstile.waiting, third]).toEqual([0, true]);
});

test("without any room one at a time gets in", async () => {
  const turnstile = createTurnstile(() => 0);
  await turnstile.enter();
  const second = turnstile.enter().then(() => "in");
  turnstile.leave();
  expect(await second).toBe("in");
});
