import { describe, expect, test } from "vitest";
import { leaseSecondsFor, sendDue } from "./sending.ts";

/** A queue whose calls run until they are told to end. */
function queueOf(due: number) {
  const waiting = Array.from({ length: due }, (_, place) => place);
  const begun: number[] = [];
  const asked: number[] = [];
  const running = new Map<number, PromiseWithResolvers<void>>();
  let isOver = false;
  const sending = {
    atOnce: 3,
    isOver: () => isOver,
    claim: async (limit: number) => {
      asked.push(limit);
      return waiting.splice(0, limit);
    },
    send(one: number) {
      begun.push(one);
      const call = Promise.withResolvers<void>();
      running.set(one, call);
      return call.promise.finally(() => running.delete(one));
    },
  };
  return {
    sending,
    begun,
    asked,
    running,
    waiting,
    endTime() {
      isOver = true;
    },
  };
}

/** Lets all that is ready run. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("sending", () => {
  test("claims as many as may begin, and others as calls end, until nothing is due", async () => {
    const { sending, begun, asked, running } = queueOf(5);
    const done = sendDue(sending);
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    running.get(1)?.resolve();
    await turn();
    expect(begun).toEqual([0, 1, 2, 3]);
    running.get(0)?.resolve();
    running.get(2)?.resolve();
    await turn();
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    for (const call of running.values()) call.resolve();
    await done;
    expect(asked.every((limit) => limit >= 1 && limit <= 3)).toBe(true);
    expect(asked.slice(0, 2)).toEqual([3, 1]);
  });

  test("fills the places of calls that end while it claims, without waiting for those that run", async () => {
    const { sending, begun, running } = queueOf(9);
    let claims = 0;
    const claim = async (limit: number) => {
      claims += 1;
      if (claims === 2) {
        for (const place of [1, 2]) running.get(place)?.resolve();
        await turn();
      }
      return sending.claim(limit);
    };
    const done = sendDue({ ...sending, claim });
    await turn();
    running.get(0)?.resolve();
    for (let wait = 0; wait < 5; wait += 1) await turn();
    expect(begun).toEqual([0, 1, 2, 3, 4, 5]);
    while (running.size > 0) {
      for (const call of running.values()) call.resolve();
      await turn();
    }
    await done;
  });

  test("claims and begins nothing when the time is over, and waits for what runs", async () => {
    const { sending, begun, asked, running, waiting, endTime } = queueOf(9);
    let hasEnded = false;
    const done = sendDue(sending).then(() => {
      hasEnded = true;
    });
    await turn();
    endTime();
    running.get(0)?.resolve();
    await turn();
    expect(hasEnded).toBe(false);
    for (const call of running.values()) call.resolve();
    await done;
    expect({ begun, asked, left: waiting.length }).toEqual({ begun: [0, 1, 2], asked: [3], left: 6 });
  });

  test("ends with a failure when all that runs has ended, and begins nothing meanwhile", async () => {
    const { sending, begun, running } = queueOf(9);
    const done = sendDue(sending);
    const outcome = done.then(
      () => "done",
      (error: Error) => error.message,
    );
    await turn();
    running.get(1)?.reject(new Error("The database is away."));
    await turn();
    expect(begun).toHaveLength(3);
    for (const call of running.values()) call.resolve();
    expect(await outcome).toBe("The database is away.");
  });

  test("that cannot claim any more waits for what runs, too", async () => {
    const { sending, running } = queueOf(9);
    let claims = 0;
    const claim = async (limit: number) => {
      claims += 1;
      if (claims > 1) throw new Error("The database is away.");
      return sending.claim(limit);
    };
    const outcome = sendDue({ ...sending, claim }).catch((error: Error) => error.message);
    await turn();
    running.get(0)?.resolve();
    await turn();
    expect(running.size).toBe(2);
    for (const call of running.values()) call.resolve();
    expect(await outcome).toBe("The database is away.");
  });

  test("holds a claim longer than its call lasts", () => {
    expect(leaseSecondsFor(15_000)).toBe(30);
    expect(leaseSecondsFor(500)).toBe(16);
  });
});
