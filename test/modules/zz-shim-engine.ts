import { sql } from "drizzle-orm";
import { Hono } from "hono";
import { v4 as uuidv4 } from "uuid";
import { drain } from "../../src/consume/drain.ts";
import type { DrainResult } from "../../src/consume/tick.ts";
import { registerConsumers } from "../../src/consume/consumer.ts";
import { BrainError } from "../../src/core/errors.ts";
import { createLogger } from "../../src/core/log.ts";
import { createDatabase } from "../../src/db/database.ts";
import { courseDistributionConsumer, courseDistributionRoutes } from "../../src/modules/course_distribution/index.ts";
import type { ModuleEnv } from "../../src/modules/module.ts";
import { bindPublish } from "../../src/publish/publish.ts";
import { defaultRelaySettings, relay } from "../../src/publish/relay.ts";
import { createStreamKeys } from "../../src/stream/keys.ts";
import { createRedis } from "../../src/stream/redis.ts";
import { createSandbox } from "../sandbox.ts";

const status: Record<string, number> = { validation_failed: 422, bad_request: 400, not_found: 404, conflict: 409, unavailable: 503, permanent_failure: 500, forbidden: 403 };

export async function createTestEngine() {
  const sandbox = await createSandbox();
  const db = createDatabase(sandbox.neonUrl);
  const redis = createRedis({ url: sandbox.upstash.url, token: sandbox.upstash.token });
  const keys = createStreamKeys(sandbox.prefix);
  const log = createLogger((_l, line) => process.env.SHIMLOG && console.log(line), "info", () => new Date());
  const publish = { shards: 1, payload: { warnBytes: 8192, maxBytes: 65536 }, now: () => new Date() };
  const consumers = registerConsumers([courseDistributionConsumer()]);
  const app = new Hono<ModuleEnv>();
  app.use(async (c, next) => {
    const anon = c.req.header("authorization") === undefined;
    c.set("services", {
      requestId: uuidv4(), actorId: anon ? null : "operator_1", db, log, now: () => new Date(),
      transact: (context, run) => db.transaction((tx) => run(tx, bindPublish(tx, publish, context))),
      waitUntil: () => undefined,
    });
    await next();
  });
  app.route("/api/courses", courseDistributionRoutes({ publicBaseUrl: null }));
  app.onError((error, c) => {
    const known = error instanceof BrainError ? error : null;
    if (known === null) console.error(error);
    return c.json({ error: { code: known?.code ?? "internal_error", message: error.message, request_id: "", details: known?.issues } }, (status[known?.code ?? ""] ?? 500) as 500);
  });
  const engine = {
    app, db,
    async request(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
      const res = await app.request(path, { method, headers: { authorization: "Bearer x", ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await res.text();
      const body2: any = res.headers.get("content-type")?.includes("json") ? JSON.parse(text) : text;
      return { status: res.status, body: body2, headers: res.headers };
    },
    relay: async () => { await relay({ db, redis, keys, log, settings: defaultRelaySettings }, { shard: 0, deadlineMs: Date.now() + 10000, now: () => Date.now() }); },
    drain: (subscriber: string): Promise<DrainResult> => drain({ db, redis, keys, log, publish, onPublished: () => undefined, meter: null, now: () => Date.now(), leaseMs: 6000 }, consumers.get(subscriber)!, { shard: 0, deadlineMs: Date.now() + 10000, maxEvents: 1000 }),
    async settle() { for (let i = 0; i < 5; i++) { await engine.relay(); const r = await engine.drain("course_distribution"); if (r.applied + r.skipped + r.deadLettered === 0) break; } await engine.relay(); },
    redis: (...command: string[]) => redis.command(command as never),
    async streamEntries() {
      const entries = (await redis.command(["XRANGE", keys.stream(0), "-", "+"])) as [string, string[]][];
      return entries.map(([id, flat]) => ({ id, fields: Object.fromEntries(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]])) as Record<string, string> }));
    },
    deadLetters: (subscriber: string) => db.rows<any>(sql`SELECT * FROM dead_letters WHERE subscriber_name = ${subscriber}`),
    keys, prefix: sandbox.prefix,
    cleanup: () => sandbox.cleanup(),
  };
  return engine;
}
