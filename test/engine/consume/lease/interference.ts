import { TransientError } from "../../../../src/engine/core/errors.ts";
import type { Database } from "../../../../src/engine/db/database.ts";
import type { RedisHttp } from "../../../../src/engine/stream/redis.ts";
import { hookDatabase } from "../../../faults.ts";

/*
 * A worker that is disturbed at one of its calls to Redis or Postgres, counted from 1: it dies there, loses the answer,
 * or stands still while others go on.
 */

export interface Disturbance {
  readonly at: number;
  /** `before`: the call is not executed. `after`: it is, and the worker does not hear of it. */
  readonly phase: "before" | "after";
  /** `die`: none of its later calls gets through. `fail`: this call alone. `pause`: it waits for `goOn`. */
  readonly effect: "die" | "fail" | "pause";
}

export interface Disturbed {
  readonly redis: RedisHttp;
  readonly db: Database;
  /** Fulfilled when the worker stands still. */
  readonly paused: Promise<void>;
  goOn(): void;
}

/** The connections of one worker with the disturbance in them. */
export function disturb(
  { redis, db }: { readonly redis: RedisHttp; readonly db: Database },
  { at, phase, effect }: Disturbance,
): Disturbed {
  const standing = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  let calls = 0;
  let dead = false;
  const strike = async () => {
    if (effect === "pause") {
      standing.resolve();
      return released.promise;
    }
    dead = effect === "die";
    throw new TransientError(`disturbed at call ${at}`);
  };
  const around = async <T>(run: () => Promise<T>): Promise<T> => {
    if (dead) throw new TransientError("killed");
    calls += 1;
    const isHere = calls === at;
    if (isHere && phase === "before") await strike();
    const result = await run();
    if (isHere && phase === "after") await strike();
    return result;
  };
  const hooked = hookDatabase(db, { statements: (_text, run) => around(run), transaction: around });
  return {
    redis: {
      command: (command) => around(() => redis.command(command)),
      eval: (script, keys, args) => around(() => redis.eval(script, keys, args)),
      pipeline: (commands) => around(() => redis.pipeline(commands)),
    },
    db: { ...hooked, open: (options) => around(() => hooked.open(options)) },
    paused: standing.promise,
    goOn: released.resolve,
  };
}
