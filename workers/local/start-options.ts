/** What `npm start` reads from its environment, checked before anything runs. */

import { ConfigError, type UnknownSetting, unknownSettings } from "@brain/engine";
import * as z from "zod";
import { parseConfig, settingBeginnings, settingNames } from "../../src/config.ts";
import type { ServicesEnv } from "./services.ts";

export interface StartOptions {
  readonly port: number;
  readonly dataDir: string;
  /** Folder of the daily files of the tasks; null: `task-events` in the data directory. */
  readonly taskFilesDir: string | null;
  readonly tickMs: number;
  readonly janitorMs: number;
  /** Null when it is to be generated and kept in the data directory. */
  readonly apiKey: string | null;
  readonly services: ServicesEnv;
  /** Variables that the workers get as they are: every setting that is set, but those of `services` and the key. */
  readonly passedOn: Readonly<Record<string, string>>;
  /** Variables that are set and have no effect. */
  readonly unknown: readonly UnknownSetting[];
}

/** A variable has a value that cannot be used. */
export class StartOptionError extends Error {
  override readonly name = "StartOptionError";
}

function whole(minimum: number, maximum: number, standard: number) {
  const error = `expected a whole number from ${minimum} to ${maximum}`;
  return z.coerce.number({ error }).int(error).min(minimum, error).max(maximum, error).default(standard);
}

function address(protocol: RegExp, example: string) {
  return z.url({ protocol, error: `expected an address like ${example}` }).optional();
}

/** Read by this program alone, or besides the workers. */
const schema = z.object({
  PORT: whole(0, 65_535, 8_787),
  BRAIN_DATA_DIR: z.string().default(".brain"),
  BRAIN_TASK_FILES_DIR: z.string().optional(),
  BRAIN_TICK_MS: whole(10, 3_600_000, 60_000),
  BRAIN_JANITOR_MS: whole(100, 86_400_000, 3_600_000),
  REDIS_URL: address(/^rediss?$/, "redis://127.0.0.1:6379"),
  DATABASE_URL: address(/^postgres(ql)?$/, "postgres://user:password@127.0.0.1:5432/database"),
});

/** Stand for what is known only once the services run. */
const placeholders = {
  NEON_DATABASE_URL: "postgres://user:password@127.0.0.1/brain",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1",
  UPSTASH_REDIS_REST_TOKEN: "token",
  BRAIN_API_KEY: "generated-at-the-first-start",
};
/** The workers get them from the services, whoever named them. */
const provided: ReadonlySet<string> = new Set(Object.keys(placeholders));

/** Settings of Stripe that mean nothing without its key: the stand-in has its own. */
const stripeSettings = ["STRIPE_WEBHOOK_SECRET", "STRIPE_API_URL"];

/** The workers would say it too, but only at the first request. */
function checkWorkerVariables(env: Readonly<Record<string, string>>): void {
  for (const name of stripeSettings) {
    if (env[name] !== undefined && env.STRIPE_SECRET_KEY === undefined) {
      throw new StartOptionError(
        `${name} is set and STRIPE_SECRET_KEY is not. Set both to use Stripe, or neither to use the stand-in.`,
      );
    }
  }
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) throw new StartOptionError(error.message);
    throw error;
  }
}

function parseOwn(given: Readonly<Record<string, string>>): z.output<typeof schema> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path: [name = ""], message }) => {
    // An address may hold a password.
    const value = String(name).endsWith("URL") ? "no address" : `'${given[String(name)]}'`;
    return `${String(name)} is ${value}, ${message}`;
  });
  throw new StartOptionError(lines.join("\n"));
}

/** @throws StartOptionError naming the variable, what it holds and what it may hold. */
export function readStartOptions(env: Readonly<Record<string, string | undefined>>): StartOptions {
  const given = Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      value === undefined || value === "" ? [] : [[name, value]],
    ),
  ) as Record<string, string>;
  const mode = given.BRAIN_EVENTSTREAM_MODE;
  if (mode !== undefined && mode !== "required" && mode !== "degraded") {
    throw new StartOptionError(
      `BRAIN_EVENTSTREAM_MODE is '${mode}', expected 'required' (default) or 'degraded'`,
    );
  }
  const own = parseOwn(given);
  checkWorkerVariables({ ...placeholders, ...given });
  const passedOn = settingNames.flatMap((name) => {
    const value = given[name];
    return value === undefined || provided.has(name) ? [] : [[name, value] as const];
  });
  return {
    port: own.PORT,
    dataDir: own.BRAIN_DATA_DIR,
    taskFilesDir: own.BRAIN_TASK_FILES_DIR ?? null,
    tickMs: own.BRAIN_TICK_MS,
    janitorMs: own.BRAIN_JANITOR_MS,
    apiKey: given.BRAIN_API_KEY ?? null,
    services: given,
    passedOn: Object.fromEntries(passedOn),
    unknown: unknownSettings(given, [...settingNames, ...Object.keys(schema.shape)], settingBeginnings),
  };
}
