/** Servers that the environment names are asked before anything counts on them: a name alone says nothing. */

import pg from "pg";
import { postgresSettings } from "./neon/database.ts";
import { createRedisConnection } from "./redis/connection.ts";
import { plainReply, type RedisReply, RedisReplyError } from "./redis/resp.ts";

/** A server that was named cannot be used. */
export class ServiceAwayError extends Error {
  override readonly name = "ServiceAwayError";
}

const answerMs = 10_000;
/** Streams answer what the engine reads from this one on. */
const oldestRedis = 7;
const oldestPostgres = 15;

/** The version of a Redis. @throws ServiceAwayError that says what to do */
export async function probeRedis(url: string): Promise<string> {
  const connection = createRedisConnection({ url, connectTimeoutMs: 5_000, commandTimeoutMs: 5_000 });
  const { host } = new URL(url);
  const hint = "Start it, correct REDIS_URL, or leave it out: then a redis-server is started here.";
  let reply: RedisReply | undefined;
  try {
    [reply] = await connection.send([["INFO", "server"]], plainReply);
  } catch (error) {
    throw new ServiceAwayError(`REDIS_URL names ${host}, and ${reasonOf(error)}. ${hint}`, { cause: error });
  } finally {
    connection.close();
  }
  if (reply instanceof RedisReplyError) {
    throw new ServiceAwayError(`REDIS_URL names ${host}, which answers: ${reply.message}. ${hint}`);
  }
  const version = /^redis_version:(\S+)/m.exec(String(reply))?.[1] ?? "of unknown version";
  refuseOlder("REDIS_URL", "Redis", version, oldestRedis);
  return version;
}

/** The version of a PostgreSQL. @throws ServiceAwayError that says what to do */
export async function probePostgres(url: string, variable: string): Promise<string> {
  if (!URL.canParse(url)) {
    throw new ServiceAwayError(
      `${variable} is no address, expected one like postgres://user:password@host:5432/database.`,
    );
  }
  const { host } = new URL(url);
  const client = new pg.Client({ ...postgresSettings(url), connectionTimeoutMillis: answerMs });
  client.on("error", () => undefined);
  let version: string;
  try {
    await client.connect();
    const { rows } = await client.query("SHOW server_version");
    [version = "of unknown version"] = String(rows[0]?.server_version).split(" ");
  } catch (error) {
    const advice = isUnknownCertificate(error)
      ? `Leave sslmode out of ${variable} where the network is trusted, or name its certificate in NODE_EXTRA_CA_CERTS.`
      : `Start it, or correct ${variable}.`;
    throw new ServiceAwayError(`${variable} names ${host}, and ${reasonOf(error)}. ${advice}`, {
      cause: error,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
  refuseOlder(variable, "PostgreSQL", version, oldestPostgres);
  return version;
}

/** @throws ServiceAwayError that says what to do */
export async function probeUpstash(url: string, token: string): Promise<void> {
  let answer: Response;
  try {
    // biome-ignore lint/style/noRestrictedGlobals: the redirect is manual, so the token goes to nobody else.
    answer = await fetch(url, {
      method: "POST",
      redirect: "manual",
      headers: { authorization: `Bearer ${token}` },
      body: '["PING"]',
      signal: AbortSignal.timeout(answerMs),
    });
  } catch (error) {
    throw new ServiceAwayError(
      `UPSTASH_REDIS_REST_URL names ${new URL(url).host}, and ${reasonOf(error)}. Correct it, or leave it out: then a redis-server is started here.`,
      { cause: error },
    );
  }
  await answer.body?.cancel();
  if (answer.ok) return;
  const what = answer.status === 401 ? "UPSTASH_REDIS_REST_TOKEN is not its token" : "it is no Upstash Redis";
  throw new ServiceAwayError(
    `UPSTASH_REDIS_REST_URL names ${new URL(url).host}, which answers PING with ${answer.status}: ${what}.`,
  );
}

function refuseOlder(variable: string, product: string, version: string, oldest: number): void {
  const major = Number.parseInt(version, 10);
  if (!(major < oldest)) return;
  throw new ServiceAwayError(`${variable} names ${product} ${version}, expected ${oldest} or newer.`);
}

/** It is there, and TLS with it does not come about: pg checks certificates also for `sslmode=require`. */
function isUnknownCertificate(error: unknown): boolean {
  return error instanceof Error && "code" in error && /CERT|^ERR_TLS_/.test(String(error.code));
}

/** Of a failed connection, in one line; the several addresses of a name fail for the same reason. */
function reasonOf(error: unknown): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const deeper = first instanceof Error && first.message === "fetch failed" ? first.cause : first;
  return deeper instanceof Error ? deeper.message.replace(/\s+/g, " ") : String(deeper);
}
