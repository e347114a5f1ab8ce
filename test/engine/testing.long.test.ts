import { defineConsumer, on, RetryAfter } from "@brain/engine";
import {
  createTestEngine,
  type TestEngine,
  type TestEngineOptions,
  withTestEngine,
} from "@brain/engine/testing";
import { createCatalog, defineEvent } from "@brain/schemas";
import { sql } from "drizzle-orm";
import pg from "pg";
import { describe, expect, inject, onTestFailed, onTestFinished, test } from "vitest";
import * as z from "zod";
import { createRedisConnection } from "../../workers/local/redis/connection.ts";
import { plainReply } from "../../workers/local/redis/resp.ts";

/* The door for tests of products, on real Redis and Postgres. */

const eventOf = <T extends string>(type: T) =>
  defineEvent(type, {
    version: 1,
    module: "shop",
    criticality: "INFO",
    when: "In tests",
    payload: z.strictObject({ number: z.int().min(0).max(1_000) }),
  });
const ordered = eventOf("shop.order.placed");
const confirmed = eventOf("shop.order.confirmed");
const catalog = createCatalog([ordered, confirmed]);

const statements = ["CREATE TABLE effects (number int)"];

/** Counts an order and confirms it; `before` runs first and may throw. */
const shop = (before: (attempt: number) => void = () => undefined) =>
  defineConsumer({
    subscriber: "shop",
    handlers: [
      on(ordered, async ({ payload }, { tx, publish, attempt }) => {
        before(attempt);
        await tx.execute(sql`INSERT INTO effects VALUES (${payload.number})`);
        await publish(confirmed, payload);
      }),
    ],
  });

const open = (options: Partial<TestEngineOptions> = {}) => {
  const { neonUrl, upstash } = inject("services");
  return createTestEngine({
    services: { databaseUrl: neonUrl, redis: upstash },
    catalog,
    consumers: [shop()],
    statements,
    hooks: { onTestFinished, onTestFailed },
    ...options,
  });
};

const effects = (engine: Awaited<ReturnType<typeof open>>) =>
  engine.rows<{ number: number }>(sql`SELECT number FROM effects ORDER BY number`);

describe("settle", () => {
  test("handles what was published, and what handlers publish", async () => {
    const engine = await open();
    const { id } = await engine.publish(ordered, { number: 7 });
    await engine.settle();
    expect(await effects(engine)).toEqual([{ number: 7 }]);
    expect(await engine.expectEvent(confirmed, { number: 7 })).toMatchObject({ meta: { causation_id: id } });
    expect((await engine.events()).map(({ type }) => type)).toEqual([ordered.type, confirmed.type]);
  });

  test("throws when a handler failed that was not expected to, with its stack, event and attempt", async () => {
    const engine = await open({
      consumers: [
        shop(function failHere() {
          throw new Error("out of paper");
        }),
      ],
    });
    const { id } = await engine.publish(ordered, { number: 1 });
    const failure = await engine.settle().catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "UnexpectedOutcomeError", cause: { message: "out of paper" } });
    const { message } = failure as Error;
    expect(message).toContain(`shop: shop.order.placed ${id} (entry `);
    expect(message).toMatch(/attempt 1, to be tried again in \d+ ms\nError: out of paper\n {4}at .*failHere/);
    // It was told once.
    await engine.settle();
  });

  test("lets expected failures pass, and moves on with the clock of the test through all tries to the dead letter", async () => {
    const engine = await open({
      consumers: [
        shop(() => {
          throw new Error("out of paper");
        }),
      ],
    });
    await engine.publish(ordered, { number: 1 });
    await engine.settle({
      expectFailures: [{ subscriber: "shop", type: ordered.type, attempt: 1, error: /paper/ }],
    });
    // Nothing is due yet.
    await engine.settle();
    for (const attempt of [2, 3, 4]) {
      engine.clock.advance(60_000);
      await engine.settle({ expectFailures: [{ attempt, next: "retry" }] });
    }
    engine.clock.advance(60_000);
    await engine.settle({ expectFailures: [{ attempt: 5, next: "dead-letter" }] });
    expect(await engine.deadLetters()).toMatchObject([
      { subscriber: "shop", reason: "attempts_exhausted", attempts: 5, error_message: "out of paper" },
    ]);
    expect(await effects(engine)).toEqual([]);
  });

  test("calls nobody, unless the test says what answers", async () => {
    const caller = defineConsumer({
      subscriber: "shop",
      handlers: [
        on(ordered, async ({ payload }, { tx, fetch, signal }) => {
          const answer = await fetch("https://mail.example/send", { method: "POST", signal });
          if (answer.ok) await tx.execute(sql`INSERT INTO effects VALUES (${payload.number})`);
        }),
      ],
    });
    const alone = await open({ consumers: [caller] });
    await alone.publish(ordered, { number: 1 });
    await expect(alone.settle()).rejects.toThrow(
      /POST https:\/\/mail\.example\/send, and a test calls nobody/,
    );
    const answered = await open({ consumers: [caller], fetch: async () => new Response("sent") });
    await answered.publish(ordered, { number: 2 });
    await answered.settle();
    expect(await effects(answered)).toEqual([{ number: 2 }]);
  });

  test("throws when an expected failure did not come, or came otherwise", async () => {
    const engine = await open({
      consumers: [
        shop((attempt) => {
          if (attempt === 1) throw new Error("once");
        }),
      ],
    });
    await engine.publish(ordered, { number: 1 });
    await expect(engine.settle({ expectFailures: [{ error: "twice" }] })).rejects.toThrow(
      /^A delivery failed/,
    );
    engine.clock.advance(1_000);
    await expect(engine.settle({ expectFailures: [{ subscriber: "shop", error: Error }] })).rejects.toThrow(
      /expected a failure that did not come: \{"subscriber":"shop"\} with Error\. Nothing failed\./,
    );
    expect(await effects(engine)).toEqual([{ number: 1 }]);
  });

  test("takes a handler that asks to wait for no failure", async () => {
    const engine = await open({
      consumers: [
        shop((attempt) => {
          if (attempt === 1) throw new RetryAfter(30_000, "rate limited");
        }),
      ],
    });
    await engine.publish(ordered, { number: 1 });
    await engine.settle();
    engine.clock.advance(29_999);
    await engine.settle();
    expect(await effects(engine)).toEqual([]);
    engine.clock.advance(1);
    await engine.settle();
    expect(await effects(engine)).toEqual([{ number: 1 }]);
  });

  test("ends what publishes without end, and says what", async () => {
    const echo = defineConsumer({
      subscriber: "echo",
      handlers: [
        on(ordered, async ({ payload }, { publish }) => void (await publish(confirmed, payload))),
        on(confirmed, async ({ payload }, { publish }) => void (await publish(ordered, payload))),
      ],
    });
    const engine = await open({ consumers: [echo], settings: { subrequestLimit: 300 } });
    await engine.publish(ordered, { number: 1 });
    await expect(engine.settle()).rejects.toThrow(
      /Events still move after 300 calls .*Published so far: shop\.order\.placed × \d+, shop\.order\.confirmed × \d+\./s,
    );
  });

  test("says why the engine could not work", async () => {
    const engine = await open();
    await engine.publish(ordered, { number: 1 });
    await engine.rows(sql`DROP TABLE processed_events CASCADE`);
    await expect(engine.settle()).rejects.toThrow(
      /The engine could not work:\n\{.*processed_events|could not work/s,
    );
  });
});

describe("what was published", () => {
  test("is told with what differs when it is not what the test expects", async () => {
    const engine = await open({ consumers: [] });
    await expect(engine.expectEvent(ordered)).rejects.toThrow(
      'No "shop.order.placed" was published. Nothing was published.',
    );
    const { id } = await engine.publish(ordered, { number: 3 });
    await expect(engine.expectEvent(ordered, { number: 4 })).rejects.toThrow(
      `No "shop.order.placed" was published with {"number":4}. Of this type there is one:\n  ${id} {"number":3}\n    payload.number: expected 4, got 3`,
    );
    await expect(engine.expectEvent(confirmed)).rejects.toThrow(
      /Published so far: shop\.order\.placed × 1\./,
    );
    await engine.expectEvent(ordered, { number: expect.any(Number) });
    await engine.expectNoEvent(ordered, { number: 4 });
    await expect(engine.expectNoEvent(ordered)).rejects.toThrow(`"shop.order.placed" was published: ${id}`);
  });

  test("is waited for where something else publishes it", async () => {
    const engine = await open({ consumers: [] });
    const wait = engine.waitForEvent(ordered, { number: 5 });
    await engine.publish(ordered, { number: 5 });
    expect((await wait).payload.number).toBe(5);
    await expect(engine.waitForEvent(confirmed, {}, 1)).rejects.toThrow(
      /^Not within 1 ms: No "shop\.order\.confirmed"/,
    );
  });
});

test("what is delivered twice is applied once", async () => {
  const seen: number[] = [];
  const engine = await open({ consumers: [shop((attempt) => seen.push(attempt))] });
  await engine.publish(ordered, { number: 1 });
  await engine.settle();
  await engine.redeliver();
  await engine.settle();
  expect(seen).toEqual([1]);
  expect(await effects(engine)).toEqual([{ number: 1 }]);
  await engine.rows(sql`DELETE FROM processed_events`);
  await engine.redeliver();
  await engine.settle();
  // The control: without the claim it would have been twice.
  expect(await effects(engine)).toEqual([{ number: 1 }, { number: 1 }]);
});

test("what an app does in the background is settled too", async () => {
  const engine = await open();
  const app = {
    async fetch(request: Request, _env: unknown, context: { waitUntil(work: Promise<unknown>): void }) {
      const payload = (await request.json()) as { number: number };
      await engine.engine.transact({ source: "web" }, (_tx, publish) => publish(ordered, payload));
      context.waitUntil(engine.engine.afterCommit());
      return Response.json({ taken: payload.number }, { status: 202 });
    },
  };
  const answer = await engine.request(app, "POST", "/orders", { body: { number: 9 } });
  expect(answer).toMatchObject({ status: 202, body: { taken: 9 } });
  await engine.settle();
  expect(await effects(engine)).toEqual([{ number: 9 }]);
});

describe("the end of a test", () => {
  const { neonUrl, upstash } = inject("services");
  const printed: string[] = [];
  const names: string[] = [];
  const options = {
    services: { databaseUrl: neonUrl, redis: upstash },
    catalog,
    consumers: [shop()],
    statements,
    print: (text: string) => void printed.push(text),
  };

  /** Publishes and settles, then looks for a confirmation with this number. */
  const work = async (engine: TestEngine, number: number) => {
    const [row] = await engine.rows<{ name: string }>(sql`SELECT current_database() AS name`);
    names.push(row?.name ?? "");
    await engine.publish(ordered, { number: 1 });
    await engine.settle();
    await engine.expectEvent(confirmed, { number });
  };

  test("prints the log of a failed test, and not of one that passed", async () => {
    await withTestEngine(options, (engine) => work(engine, 1));
    expect(printed).toEqual([]);
    await expect(withTestEngine(options, (engine) => work(engine, 2))).rejects.toThrow(
      /No "shop\.order\.confirmed"/,
    );
    expect(printed).toHaveLength(1);
    expect(printed[0]).toMatch(/^Log of the engine:\n\{.*"event_type"|"subscriber":"shop"/s);
  });

  test("tells a runner's hooks what to do", async () => {
    const finished: (() => Promise<void>)[] = [];
    const failed: (() => void)[] = [];
    const hooks = {
      onTestFinished: (run: () => Promise<void>) => void finished.push(run),
      onTestFailed: (run: () => void) => void failed.push(run),
    };
    printed.length = 0;
    const engine = await createTestEngine({ ...options, hooks });
    await work(engine, 1);
    for (const run of failed) run();
    expect(printed).toHaveLength(1);
    for (const run of finished) await run();
    await expect(engine.rows(sql`SELECT 1`)).rejects.toThrow();
  });

  test("leaves neither databases nor keys", async () => {
    expect(names).toHaveLength(3);
    const { databaseUrl, redisUrl } = inject("services");
    const server = new pg.Client({ connectionString: databaseUrl });
    await server.connect();
    const redis = createRedisConnection({ url: redisUrl });
    try {
      const { rows } = await server.query("SELECT datname FROM pg_database WHERE datname = ANY($1)", [names]);
      expect(rows).toEqual([]);
      const replies = await redis.send(
        names.map((name) => ["KEYS", `${name}*`]),
        plainReply,
      );
      expect(replies).toEqual([[], [], []]);
    } finally {
      redis.close();
      await server.end();
    }
  });
});

test("an engine that cannot be made leaves no database", async () => {
  const mark = `left over by ${crypto.randomUUID()}`;
  const marked = [
    ...statements,
    `DO $$ BEGIN EXECUTE format('COMMENT ON DATABASE %I IS ''${mark}''', current_database()); END $$`,
  ];
  const server = new pg.Client({ connectionString: inject("services").databaseUrl });
  await server.connect();
  onTestFinished(() => server.end());
  const left = async () =>
    (await server.query("SELECT FROM pg_shdescription WHERE description = $1", [mark])).rowCount;
  await expect(open({ statements: marked, consumers: [shop(), shop()] })).rejects.toThrow(
    /Two consumers are named "shop"/,
  );
  expect(await left()).toBe(0);
  const outside = {
    onTestFinished: () => {
      throw new Error("not in a test");
    },
  };
  await expect(open({ statements: marked, hooks: outside })).rejects.toThrow("not in a test");
  expect(await left()).toBe(0);
  // Control: the mark is seen on the database of an engine that was made.
  await open({ statements: marked });
  expect(await left()).toBe(1);
});

test("an address that cannot be used is told with what to do", async () => {
  const { upstash } = inject("services");
  const services = { databaseUrl: "postgres://nobody:x@127.0.0.1:9/none", redis: upstash };
  await expect(open({ services })).rejects.toThrow(
    /services\.databaseUrl has to lead to a Postgres behind Neon/,
  );
});
