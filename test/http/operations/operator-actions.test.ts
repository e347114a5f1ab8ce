import { recordAction } from "@brain/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectErrorShape, issuePaths } from "../refusal.ts";
import { createSurface, type Surface } from "../surface.ts";

let surface: Surface;
beforeAll(async () => {
  surface = await createSurface();
  const { db } = surface.open();
  for (let number = 0; number < 5; number += 1) {
    await db.transaction((tx) =>
      recordAction(tx, {
        action: number % 2 === 0 ? "consumer.paused" : "consumer.resumed",
        actorId: number === 0 ? null : `user:${number}`,
        requestId: `req-${number}`,
        subscriber: number < 4 ? "first" : null,
        ...(number === 4
          ? {}
          : { reason: "a good one", filter: { number }, affected: number, operationId: "12" }),
      }),
    );
  }
});
afterAll(() => surface?.cleanup());

const numbers = async (query: string): Promise<number[]> => {
  const reply = await surface.send(`/api/operator-actions${query}`);
  expect(reply.status).toBe(200);
  return reply.body.operator_actions.map(({ request_id }: { request_id: string }) =>
    Number(request_id.slice("req-".length)),
  );
};

describe("the audit", () => {
  test("shows the newest first, with who, what, why and on how many", async () => {
    const reply = await surface.send("/api/operator-actions");
    expect(await numbers("")).toEqual([4, 3, 2, 1, 0]);
    expect(reply.body.next_cursor).toBeNull();
    const [last, before] = reply.body.operator_actions;
    expect(last).toEqual({
      id: expect.stringMatching(/^\d+$/),
      action: "consumer.paused",
      actor_id: "user:4",
      reason: null,
      subscriber: null,
      filter: null,
      affected: null,
      job_id: null,
      request_id: "req-4",
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(before).toMatchObject({ reason: "a good one", filter: { number: 3 }, affected: 3, job_id: "12" });
  });

  test("can be narrowed and paged", async () => {
    expect(await numbers("?subscriber=first")).toEqual([3, 2, 1, 0]);
    expect(await numbers("?action=consumer.resumed")).toEqual([3, 1]);
    expect(await numbers("?action=consumer.resumed&subscriber=second")).toEqual([]);
    expect(await numbers("?request_id=req-2")).toEqual([2]);
    expect(await numbers("?request_id=req-2&action=consumer.resumed")).toEqual([]);
    expect(await numbers("?request_id=req-77")).toEqual([]);
    const first = await surface.send("/api/operator-actions?limit=2");
    expect(first.body.operator_actions).toHaveLength(2);
    expect(await numbers(`?limit=2&cursor=${first.body.next_cursor}`)).toEqual([2, 1]);
  });

  test.each([
    ["limit=0", "limit"],
    ["cursor=-1", "cursor"],
    ["actor=x", ""],
    ["request_id=", "request_id"],
    ["subscriber=%00", "subscriber"],
  ])("%s is refused", async (query, path) => {
    const reply = await surface.send(`/api/operator-actions?${query}`);
    expectErrorShape(reply, 422, "validation_failed");
    expect(issuePaths(reply)).toContain(path);
  });

  test("an action is there only when its change is: both go back together", async () => {
    const { db } = surface.open();
    const failed = db.transaction(async (tx) => {
      await recordAction(tx, { action: "consumer.paused", actorId: null, requestId: "req-9" });
      throw new Error("the change failed");
    });
    await expect(failed).rejects.toThrow("the change failed");
    expect(await numbers("")).not.toContain(9);
  });
});
