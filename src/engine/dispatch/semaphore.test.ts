import { expect, test } from "vitest";
import { createSemaphore } from "./semaphore.ts";

/** Lets the continuations of what just resolved run. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test("lets as many in as there is room for, the others in their order, and whoever comes again at the end", async () => {
  const semaphore = createSemaphore(() => 2);
  const turns: string[] = [];
  const taker = async (name: string) => {
    for (let turn = 1; turn <= 2; turn += 1) {
      await semaphore.acquire();
      turns.push(`${name}${turn}`);
      await settled();
      semaphore.release();
    }
  };
  await Promise.all(["a", "b", "c", "d"].map(taker));
  expect(turns).toEqual(["a1", "b1", "c1", "d1", "a2", "b2", "c2", "d2"]);
  expect(semaphore.waiting).toBe(0);
});

test("tells how many wait, and gives up room that is no longer there", async () => {
  let room = 2;
  const semaphore = createSemaphore(() => room);
  await semaphore.acquire();
  await semaphore.acquire();
  let third = false;
  void semaphore.acquire().then(() => {
    third = true;
  });
  await settled();
  expect([semaphore.waiting, third]).toEqual([1, false]);
  room = 1;
  semaphore.release();
  await settled();
  expect([semaphore.waiting, third]).toEqual([1, false]);
  semaphore.release();
  await settled();
  expect([semaphore.waiting, third]).toEqual([0, true]);
});

test("without any room one at a time gets in", async () => {
  const semaphore = createSemaphore(() => 0);
  await semaphore.acquire();
  const second = semaphore.acquire().then(() => "in");
  semaphore.release();
  expect(await second).toBe("in");
});
