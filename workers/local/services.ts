/** The services the project needs, started unless the environment names them. */

import pg from "pg";
import { prepareDataDir, readOrCreateSecret } from "./data-dir.ts";
import { onKeptPort } from "./kept-ports.ts";
import { probePostgres, probeRedis, probeUpstash } from "./named-services.ts";
import { postgresSettings, withDatabase } from "./neon/database.ts";
import { startNeonGateway } from "./neon/gateway.ts";
import { provideAppRole } from "./postgres/role.ts";
import { startPostgres } from "./postgres/server.ts";
import { StopSteps } from "./processes/stop-steps.ts";
import { startRedis } from "./redis/server.ts";
import { startUpstashGateway } from "./upstash/gateway.ts";

/** Read from the environment; an empty string counts as not set. */
export interface ServicesEnv {
  readonly REDIS_URL?: string | undefined;
  readonly DATABASE_URL?: string | undefined;
  readonly UPSTASH_REDIS_REST_URL?: string | undefined;
  readonly UPSTASH_REDIS_REST_TOKEN?: string | undefined;
  readonly NEON_DATABASE_URL?: string | undefined;
  /** `degraded`: no stream is started; one that is named is used all the same. */
  readonly BRAIN_EVENTSTREAM_MODE?: string | undefined;
}

export interface ServicesOptions {
  readonly env: ServicesEnv;
  readonly dataDir: string;
  readonly onProgress?: (line: string) => void;
  /** False makes a PostgreSQL of our own fast and forgetful, for tests. */
  readonly fsync?: boolean;
  /** True: a server started here that ends unasked is started again. */
  readonly keepsRunning?: boolean;
  /** True: on a PostgreSQL of our own the gateway has a role that owns one database and can do nothing else. */
  readonly limitsRole?: boolean;
  /** Ports of the gateways; default: those of the last start on this data, or any that are free. */
  readonly ports?: GatewayPorts;
}

interface GatewayPorts {
  readonly upstash?: number | undefined;
  readonly neon?: number | undefined;
}

export interface Services {
  /** Null when Upstash itself is used, or nothing: then nothing here talks to Redis directly. */
  readonly redisUrl: string | null;
  /** A direct connection; the one of Neon itself when that is used. */
  readonly databaseUrl: string;
  /** Null in degraded mode, when none was named. */
  readonly upstash: { readonly url: string; readonly token: string } | null;
  /** Where migrations run: as whoever owns the tables, which is whom the workers are. */
  readonly migrationUrl: string;
  readonly neonUrl: string;
  /** `neonUrl` for another database of the same server. */
  neonUrlFor(database: string): string;
  databaseUrlFor(database: string): string;
  /** Creates a database, as a copy of `template` if given. The idle ones among the gateway's connections to the template are closed first. */
  createDatabase(name: string, template?: string): Promise<void>;
  /** Drops a database together with its sessions. A missing one is fine. */
  dropDatabase(name: string): Promise<void>;
  /** Stops what was started here, last first. Idempotent. @throws the first failure, when all steps are done */
  stop(): Promise<void>;
  /** What `stop` waits for; null: nothing. */
  stopping(): string | null;
}

interface Context {
  readonly env: ServicesEnv;
  readonly dataDir: string;
  readonly onProgress: (line: string) => void;
  readonly fsync: boolean;
  readonly keepsRunning: boolean;
  readonly limitsRole: boolean;
  readonly ports: GatewayPorts;
  readonly steps: StopSteps;
}

async function provideRedis({ env, dataDir, onProgress, keepsRunning, ports, steps }: Context) {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } = env;
  if (Boolean(url) !== Boolean(token)) {
    throw new Error(
      `UPSTASH_REDIS_REST_${url ? "URL is set but UPSTASH_REDIS_REST_TOKEN" : "TOKEN is set but UPSTASH_REDIS_REST_URL"} is not. ` +
        "Set both to use Upstash, or neither to use a local Redis.",
    );
  }
  if (url && token) {
    await probeUpstash(url, token);
    onProgress(`✓ Upstash at ${url}`);
    return { redisUrl: null, upstash: { url, token } };
  }
  let redisUrl = env.REDIS_URL;
  if (!redisUrl && env.BRAIN_EVENTSTREAM_MODE === "degraded") {
    onProgress(
      "! DEGRADED: BRAIN_EVENTSTREAM_MODE says that no event stream is needed, so none is started. " +
        "Events wait in the record and reach no consumer.",
    );
    return { redisUrl: null, upstash: null };
  }
  if (redisUrl) {
    onProgress(`✓ Redis ${await probeRedis(redisUrl)} at ${new URL(redisUrl).host} (REDIS_URL)`);
  } else {
    const redis = await startRedis({ dataDir, onProgress, keepsRunning });
    steps.push("redis-server", () => redis.stop());
    redisUrl = redis.url;
    onProgress(`✓ redis-server ${redis.version} on ${new URL(redisUrl).host}`);
  }
  const behind = { redisUrl, token: await readOrCreateSecret(dataDir, "upstash-token") };
  const gateway = await onKeptPort(
    { dataDir, name: "upstash-port", wanted: ports.upstash ?? null, onProgress },
    (port) => startUpstashGateway({ ...behind, port }),
    ({ url: address }) => Number(new URL(address).port),
  );
  steps.push("the Upstash-compatible gateway", () => gateway.close());
  onProgress(`✓ Upstash-compatible gateway on ${new URL(gateway.url).host}`);
  return { redisUrl, upstash: { url: gateway.url, token: gateway.token } };
}

async function providePostgres(context: Context) {
  const { env, dataDir, onProgress, fsync, keepsRunning, limitsRole, ports, steps } = context;
  if (env.NEON_DATABASE_URL) {
    const neonUrl = env.NEON_DATABASE_URL;
    const databaseUrl = env.DATABASE_URL || neonUrl;
    await probePostgres(databaseUrl, env.DATABASE_URL ? "DATABASE_URL" : "NEON_DATABASE_URL");
    onProgress(`✓ Neon at ${new URL(neonUrl).host}`);
    return {
      databaseUrl,
      migrationUrl: databaseUrl,
      neonUrlFor: (database: string | null) =>
        database === null ? neonUrl : withDatabase(neonUrl, database),
      closeIdle: async () => undefined,
    };
  }
  let databaseUrl = env.DATABASE_URL;
  let appUrl = databaseUrl;
  if (databaseUrl) {
    const version = await probePostgres(databaseUrl, "DATABASE_URL");
    onProgress(`✓ PostgreSQL ${version} at ${new URL(databaseUrl).host} (DATABASE_URL)`);
  } else {
    const postgres = await startPostgres({ dataDir, onProgress, fsync, keepsRunning });
    steps.push("PostgreSQL", () => postgres.stop());
    databaseUrl = postgres.url;
    if (limitsRole) {
      appUrl = await provideAppRole(databaseUrl, await readOrCreateSecret(dataDir, "postgres-app-password"));
    }
    onProgress(`✓ PostgreSQL ${postgres.version} on ${new URL(databaseUrl).host}`);
  }
  const migrationUrl = appUrl || databaseUrl;
  const gateway = await onKeptPort(
    { dataDir, name: "neon-port", wanted: ports.neon ?? null, onProgress },
    (port) => startNeonGateway({ databaseUrl: migrationUrl, port }),
    ({ httpUrl }) => Number(new URL(httpUrl).port),
  );
  steps.push("the Neon-compatible gateway", () => gateway.close());
  onProgress(`✓ Neon-compatible gateway on ${new URL(gateway.httpUrl).host}`);
  return {
    databaseUrl,
    migrationUrl,
    neonUrlFor: (database: string | null) => gateway.connectionString(database ?? undefined),
    closeIdle: gateway.closeIdle,
  };
}

async function stopAll(steps: StopSteps): Promise<void> {
  const failures = await steps.run();
  if (failures.length > 0) throw failures[0];
}

/** Runs one statement that names a database, from a session at another one. */
async function administrate(databaseUrl: string, statement: string): Promise<void> {
  const client = new pg.Client(postgresSettings(databaseUrl));
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/**
 * Starts what `env` does not give: Redis and its Upstash gateway, PostgreSQL and its Neon gateway.
 *
 * @throws Error that says which variable or program is missing; what already ran is stopped then.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const {
    env,
    onProgress = () => undefined,
    fsync = true,
    keepsRunning = false,
    limitsRole = false,
    ports = {},
  } = options;
  const dataDir = await prepareDataDir(options.dataDir);
  const steps = new StopSteps();
  const context: Context = { env, dataDir, onProgress, fsync, keepsRunning, limitsRole, ports, steps };
  try {
    const redis = await provideRedis(context);
    const postgres = await providePostgres(context);
    const { databaseUrl, migrationUrl, closeIdle } = postgres;
    const quote = (name: string) => pg.escapeIdentifier(name);
    let stopping: Promise<void> | null = null;
    return {
      ...redis,
      databaseUrl,
      migrationUrl,
      neonUrl: postgres.neonUrlFor(null),
      neonUrlFor: postgres.neonUrlFor,
      databaseUrlFor: (database) => withDatabase(databaseUrl, database),
      async createDatabase(name, template) {
        if (template !== undefined) await closeIdle(template);
        const copy = template === undefined ? "" : ` TEMPLATE ${quote(template)}`;
        await administrate(databaseUrl, `CREATE DATABASE ${quote(name)}${copy}`);
      },
      async dropDatabase(name) {
        await closeIdle(name);
        await administrate(databaseUrl, `DROP DATABASE IF EXISTS ${quote(name)} WITH (FORCE)`);
      },
      stop() {
        stopping ??= stopAll(steps);
        return stopping;
      },
      stopping: () => steps.current,
    };
  } catch (error) {
    await stopAll(steps).catch(() => undefined);
    throw error;
  }
}
