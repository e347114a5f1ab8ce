import { sql } from "drizzle-orm";
import { inject } from "vitest";
import type { Consumer } from "../../../../src/engine/consume/consumer.ts";
import { TransientError } from "../../../../src/engine/core/errors.ts";
import type { Tx } from "../../../../src/engine/db/database.ts";
import { createRedis } from "../../../../src/engine/stream/redis.ts";
import type { Backbone } from "../../../backbone.ts";
import { hookDatabase, startFaultyRedis } from "../../../faults.ts";
import { drainWith } from "../../fixture.ts";

/** Stops a handler where it stands; returns only when its isolate is killed, and then by throwing. */
export type Hang = (tx: Tx) => Promise<never>;

export interface Isolate {
  readonly consumer: Consumer;
  /** Fulfilled when a handler hangs. */
  readonly hanging: Promise<void>;
  /** From now on nothing it does reaches Redis or Postgres, and its transaction is rolled back, as when it is killed. */
  kill(): Promise<void>;
}

/** Starts one drain in an isolate that can be killed in the middle of a handler. */
export async function startIsolate(
  backbone: Backbone,
  consumerOf: (hang: Hang) => Consumer,
): Promise<Isolate> {
  const { url, token } = inject("services").upstash;
  const proxy = await startFaultyRedis(url);
  let isKilled = false;
  let backend: number | null = null;
  let announce: () => void = () => undefined;
  let release: () => void = () => undefined;
  const hanging = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const alive = <T>(run: () => Promise<T>): Promise<T> => {
    if (isKilled) throw new TransientError("killed");
    return run();
  };
  const consumer = consumerOf(async (tx) => {
    const found = await tx.execute<{ pid: number }>(sql`SELECT pg_backend_pid() AS pid`);
    backend = found.rows[0]?.pid ?? null;
    announce();
    await released;
    throw new TransientError("killed");
  });
  const running = drainWith(backbone, consumer, (invocation) => ({
    redis: createRedis({ url: proxy.url, token, timeoutMs: 5_000 }),
    db: hookDatabase(
      { ...invocation.db, open: (options) => alive(() => invocation.db.open(options)) },
      { statements: (_text, run) => alive(run) },
    ),
  })).then(
    (result) => new Error(`the drain came to its end before it was killed: ${JSON.stringify(result)}`),
    (error: unknown) =>
      isKilled ? null : new Error("the drain failed before it was killed", { cause: error }),
  );
  return {
    consumer,
    hanging: Promise.race([
      hanging,
      running.then((survived) => {
        if (survived !== null) throw survived;
      }),
    ]),
    async kill() {
      isKilled = true;
      proxy.inject({ kind: "refuse" });
      await backbone.sql("SELECT pg_terminate_backend($1)", [backend]);
      release();
      const survived = await running;
      await proxy.close();
      if (survived !== null) throw survived;
    },
  };
}
