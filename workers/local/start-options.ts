/** What `npm start` reads from its environment, checked before anything runs. */

import { ConfigError, parseConfig } from "../../src/config.ts";
import type { ServicesEnv } from "./services.ts";

export interface StartOptions {
  readonly port: number;
  readonly dataDir: string;
  readonly tickMs: number;
  readonly janitorMs: number;
  /** Null when it is to be generated and kept in the data directory. */
  readonly apiKey: string | null;
  readonly services: ServicesEnv;
  /** Variables that the workers get as they are. */
  readonly passedOn: Readonly<Record<string, string>>;
}

/** A variable has a value that cannot be used. */
export class StartOptionError extends Error {
  override readonly name = "StartOptionError";
}

/** Beginnings of the names that the workers know. */
const workerPrefixes = ["BRAIN_", "CONTENT_", "PAYCORE_", "STRIPE_", "WEBGENESIS_"];
/** Settings of this program and no business of the workers, or given to them under the same name later. */
const ownVariables = ["BRAIN_DATA_DIR", "BRAIN_TICK_MS", "BRAIN_JANITOR_MS", "BRAIN_API_KEY"];

function parseInteger(name: string, text: string, minimum: number, maximum: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= minimum && value <= maximum) return value;
  throw new StartOptionError(`${name} is '${text}', expected a whole number from ${minimum} to ${maximum}`);
}

/** Stand for what is known only once the services run. */
const placeholders = {
  NEON_DATABASE_URL: "postgres://user:password@127.0.0.1/brain",
  UPSTASH_REDIS_REST_URL: "http://127.0.0.1",
  UPSTASH_REDIS_REST_TOKEN: "token",
  BRAIN_API_KEY: "generated-at-the-first-start",
};

/** The workers would say it too, but only at the first request. */
function checkWorkerVariables(env: Readonly<Record<string, string>>): void {
  try {
    parseConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) throw new StartOptionError(error.message);
    throw error;
  }
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
  const passedOn = Object.fromEntries(
    Object.entries(given).filter(
      ([name]) => workerPrefixes.some((prefix) => name.startsWith(prefix)) && !ownVariables.includes(name),
    ),
  );
  checkWorkerVariables({ ...placeholders, ...passedOn, ...given });
  return {
    port: parseInteger("PORT", given.PORT ?? "8787", 0, 65_535),
    dataDir: given.BRAIN_DATA_DIR ?? ".brain",
    tickMs: parseInteger("BRAIN_TICK_MS", given.BRAIN_TICK_MS ?? "60000", 10, 3_600_000),
    janitorMs: parseInteger("BRAIN_JANITOR_MS", given.BRAIN_JANITOR_MS ?? "3600000", 100, 86_400_000),
    apiKey: given.BRAIN_API_KEY ?? null,
    services: given,
    passedOn,
  };
}
