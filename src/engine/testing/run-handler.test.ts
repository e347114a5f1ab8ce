import { createCatalog, defineEvent } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { type EventHandler, on, onBatch, onSql } from "../consume/consumer.ts";
import { defineConsumer } from "../consume/define/define-consumer.ts";
import { ConflictError, RetryAfter } from "../core/errors.ts";
import { NoOutsideError } from "./outside.ts";
import { NoTransactionError, runHandler } from "./run-handler.ts";

const orderPlaced = defineEvent("shop.order.placed", {
  version: 1,
  module: "shop",
  criticality: "INFO",
  when: "An order was accepted",
  payload: z.strictObject({ order_id: z.uuid(), quantity: z.int().min(1).max(9) }),
});
const orderConfirmed = defineEvent("shop.order.confirmed", {
  version: 1,
  module: "shop",
  criticality: "INFO",
  when: "An order was confirmed",
  payload: z.strictObject({ order_id: z.uuid() }),
});
const catalog = createCatalog([orderPlaced, orderConfirmed]);
const order = { order_id: "6f6c1e0a-51c5-4a6e-9d0e-0c3c1d0b7a11", quantity: 2 };
const now = new Date("2026-02-01T10:00:00Z");

const consumerOf = (handle: EventHandler<typeof orderPlaced>) =>
  defineConsumer({ subscriber: "stock", handlers: [on(orderPlaced, handle)], retry: { maxAttempts: 3 } });
const run = (handle: EventHandler<typeof orderPlaced>, options = {}) =>
  runHandler(consumerOf(handle), orderPlaced, order, { catalog, now, ...options });

describe("runHandler", () => {
  test("gives a handler its event with its context, and tells what it published", async () => {
    const outcome = await run(
      async (event, { publish, attempt, replay, now: time, log, idempotencyKey }) => {
        log.info({ attempt, replay }, `quantity ${event.payload.quantity} at ${time().toISOString()}`);
        expect(await idempotencyKey("charge")).toMatch(/^[0-9a-f]{64}$/);
        await publish(orderConfirmed, { order_id: event.payload.order_id });
      },
      { attempt: 2, replay: true, context: { tenant_id: "acme" } },
    );
    expect(outcome.next).toEqual({ kind: "applied" });
    expect(outcome.published).toMatchObject([
      {
        type: "shop.order.confirmed",
        payload: { order_id: order.order_id },
        source: "stock",
        tenant_id: "acme",
        correlation_id: outcome.event.correlation_id,
        meta: { causation_id: outcome.event.id },
      },
    ]);
    expect(outcome.logs.map((line) => JSON.parse(line))).toMatchObject([
      {
        message: "quantity 2 at 2026-02-01T10:00:00.000Z",
        attempt: 2,
        replay: true,
        event_type: "shop.order.placed",
      },
    ]);
  });

  test("calls nobody: who answers a handler's call is said by the test", async () => {
    const calls: EventHandler<typeof orderPlaced> = async (event, { fetch, signal, publish }) => {
      const { status } = await fetch("https://mail.example/send?key=secret", { method: "POST", signal });
      if (status === 503) throw new RetryAfter(1_000, "busy");
      await publish(orderConfirmed, { order_id: event.payload.order_id });
    };
    const alone = await run(calls);
    expect(alone.error).toBeInstanceOf(NoOutsideError);
    expect(String(alone.error)).toContain("POST https://mail.example/send, and a test calls nobody");
    const asked: string[] = [];
    const answering = (status: number) => async (url: string) => {
      asked.push(url);
      return new Response(null, { status });
    };
    expect((await run(calls, { fetch: answering(503) })).next).toMatchObject({ kind: "retry", inMs: 1_000 });
    expect((await run(calls, { fetch: answering(200) })).published).toHaveLength(1);
    expect(asked).toHaveLength(2);
  });

  test("says when the engine would try again, and that nothing was published", async () => {
    const outcome = await run(async (_event, { publish }) => {
      await publish(orderConfirmed, { order_id: order.order_id });
      throw new Error("the printer is out of paper");
    });
    expect(outcome.published).toEqual([]);
    expect(outcome.error).toMatchObject({ message: "the printer is out of paper" });
    expect(outcome.next).toMatchObject({ kind: "retry", overtakable: false });
    const { next } = outcome;
    if (next.kind !== "retry") throw new Error(next.kind);
    expect(next.inMs).toBeGreaterThanOrEqual(50);
    expect(next.inMs).toBeLessThanOrEqual(1_000);
    expect(next.at.getTime()).toBe(now.getTime() + next.inMs);
  });

  test("keeps to the time that a handler asks for", async () => {
    const outcome = await run(async () => {
      throw new RetryAfter(90_000, "rate limited");
    });
    expect(outcome.next).toEqual({
      kind: "retry",
      at: new Date("2026-02-01T10:01:30Z"),
      inMs: 90_000,
      overtakable: false,
    });
  });

  test.each([
    ["the last attempt", 3, () => new Error("away"), "attempts_exhausted"],
    ["an error that no retry mends", 1, () => new ConflictError("taken"), "permanent_error"],
    [
      "a programming error, at its second attempt",
      2,
      () => new TypeError("x is undefined"),
      "programming_error",
    ],
  ])("says that %s makes a dead letter", async (_what, attempt, error, reason) => {
    const fail = async () => {
      throw error();
    };
    expect((await run(fail, { attempt })).next).toEqual({ kind: "dead_letter", reason });
  });

  test("refuses a payload as publish does, and passes over a type that the consumer does not handle", async () => {
    const consumer = consumerOf(async () => undefined);
    await expect(runHandler(consumer, orderPlaced, { ...order, quantity: 10 }, { catalog })).rejects.toThrow(
      /nothing was published. payload.quantity: expected number to be <=9/,
    );
    const outcome = await runHandler(consumer, orderConfirmed, { order_id: order.order_id }, { catalog });
    expect(outcome.next).toEqual({ kind: "skipped" });
  });

  test("gives a batch handler a batch of one", async () => {
    const consumer = defineConsumer({
      subscriber: "stock",
      handlers: [
        onBatch(orderPlaced, async ([first], { publishFrom }) => {
          if (first !== undefined) await publishFrom(first)(orderConfirmed, { order_id: order.order_id });
        }),
      ],
    });
    const { published } = await runHandler(consumer, orderPlaced, order, { catalog });
    expect(published.map(({ type }) => type)).toEqual(["shop.order.confirmed"]);
  });

  test("tells the statements of a statement handler, without a transaction", async () => {
    const consumer = defineConsumer({
      subscriber: "stock",
      handlers: [
        onSql(orderPlaced, ({ event }) => [sql`UPDATE stock SET left = left - ${event.payload.quantity}`]),
      ],
    });
    const { next, statements } = await runHandler(
      consumer,
      orderPlaced,
      { ...order, quantity: 3 },
      { catalog },
    );
    expect(next).toEqual({ kind: "applied" });
    expect(statements).toMatchObject([{ sql: "UPDATE stock SET left = left - $1", params: [3] }]);
  });

  test("hands on what stands for the transaction", async () => {
    const seen: unknown[] = [];
    const tx = { execute: async (statement: unknown) => seen.push(statement) };
    const statement = sql`SELECT 1`;
    const { next } = await run(async (_event, context) => void (await context.tx.execute(statement)), { tx });
    expect(next).toEqual({ kind: "applied" });
    expect(seen).toEqual([statement]);
  });

  test("fails a handler that uses a transaction the test has not given, also when the handler swallows that", async () => {
    await expect(run(async (_event, { tx }) => void (await tx.execute(sql`SELECT 1`)))).rejects.toThrow(
      /The handler used tx\.execute, and the test gave no transaction\. Give runHandler/,
    );
    const swallow = run(async (_event, { tx }) => {
      await tx.execute(sql`SELECT 1`).catch(() => undefined);
    });
    await expect(swallow).rejects.toThrow(NoTransactionError);
  });
});
