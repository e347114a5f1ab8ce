import { createServer, type Server } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createRedisConnection } from "../../workers/local/redis/connection.ts";
import { plainReply } from "../../workers/local/redis/resp.ts";
import { testSecretsKey } from "../backbone.ts";
import { listen } from "../listening.ts";
import { waitFor } from "../wait-for.ts";
import { type Edge, startEdge } from "./edge.ts";
import { productBundles } from "./product-bundles.ts";

/*
 * Recognisable secrets go in wherever one can come in, through the built workers in workerd. Then they are searched in all
 * that is kept or shown: answers, also those that are errors, logs, every table, the stream and all keys of Redis.
 */

const planted = {
  wrongKey: "PLANTED-wrong-key-5f0e6b1c9d3a",
  approvalHeader: "PLANTED_approval_header_1c9d3a",
  approvalBody: "PLANTED_approval_body_7b2e4f",
  approvalQuery: "PLANTED_approval_query_9a8c6d",
  missionHeader: "PLANTED-mission-header-2f4a6c",
  missionQuery: "PLANTED-mission-query-8e0b1d",
  templateHeader: "PLANTED-template-header-3c5e7a",
  templateDefault: "PLANTED-template-default-6d8f0b",
  webhookQuery: "PLANTED-webhook-query-4b6d8f",
  stripeKey: "sk_test_PLANTED4711stripe",
  stripeWebhook: "whsec_PLANTED4711stripehook",
  notifySecret: "PLANTED-notify-secret-0123456789",
  contentKey: "PLANTED-content-key-77aa",
  malformed: "PLANTED-in-a-broken-body-11bb",
};

let receiver: Server;
/** Of the receiver. */
let port: number;
let edge: Edge;
const received: string[] = [];
const answers: string[] = [];
/** Secrets that the system makes, beside those that are planted. Shown once each. */
const issued: string[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    received.push(`${request.url} ${JSON.stringify(request.headers)}`);
    request.resume().on("end", () => response.writeHead(503).end("no"));
  });
  port = await listen(receiver);
  edge = await startEdge(await productBundles(), {
    BRAIN_LOG_LEVEL: "debug",
    BRAIN_MISSION_HTTP_ALLOW: `127.0.0.1:${port}`,
    STRIPE_SECRET_KEY: planted.stripeKey,
    STRIPE_WEBHOOK_SECRET: planted.stripeWebhook,
    STRIPE_API_URL: `http://127.0.0.1:${port}`,
    BRAIN_NOTIFY_URL: `http://127.0.0.1:${port}/notify`,
    BRAIN_NOTIFY_SECRET: planted.notifySecret,
    CONTENT_API_URL: `http://127.0.0.1:${port}/v1`,
    CONTENT_API_KEY: planted.contentKey,
    CONTENT_MODEL: "a-model",
  });
});
afterAll(async () => {
  receiver?.close();
  await edge?.stop();
});

/** Sends a request; its answer is one of those that are searched, unless it shows a secret that it has just made. */
async function send(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  shows = false,
) {
  const response = await fetch(edge.url + path, {
    method,
    headers: { authorization: `Bearer ${edge.key}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!shows) answers.push(`${JSON.stringify([...response.headers])} ${text}`);
  return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : null };
}

async function tables(): Promise<string> {
  const names = await edge.sql<{ name: string }>(
    "SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'",
  );
  expect(names.length).toBeGreaterThan(30);
  const texts = await Promise.all(
    names.map(({ name }) =>
      edge.sql(`SELECT '${name}' AS name, (SELECT jsonb_agg(to_jsonb(t)) FROM ${name} t)::text AS rows`),
    ),
  );
  return JSON.stringify(texts);
}

/** All keys below the prefix with what they hold. */
async function redisContent(): Promise<string> {
  const redis = createRedisConnection({ url: edge.sandbox.redisUrl });
  try {
    const [keys] = await redis.send([["KEYS", `${edge.sandbox.prefix}*`]], plainReply);
    const dumps = await redis.send(
      (keys as string[]).flatMap((key) => [
        ["GET", key],
        ["HGETALL", key],
        ["XRANGE", key, "-", "+"],
        ["ZRANGE", key, "0", "-1"],
        ["LRANGE", key, "0", "-1"],
        ["SMEMBERS", key],
      ]),
      plainReply,
    );
    return JSON.stringify([keys, dumps]);
  } finally {
    redis.close();
  }
}

async function kept(): Promise<Record<string, string>> {
  return {
    answers: answers.join("\n"),
    logs: edge.logs.join("\n"),
    tables: await tables(),
    redis: await redisContent(),
  };
}

const foundIn = (places: Record<string, string>, secrets: readonly string[]) =>
  Object.entries(places).flatMap(([place, text]) =>
    secrets.filter((secret) => text.includes(secret)).map((secret) => `${secret} in ${place}`),
  );

test("planted secrets are nowhere but where they were sent to", async () => {
  const origin = `http://127.0.0.1:${port}`;
  const course = {
    tenant_id: "acme",
    title: "Working in production",
    description: "Deploying with care.",
    language: "en",
    target_audiences: ["employees"],
    dry_run: false,
  };
  const generate = "/api/course-factory/generate";
  await send("POST", generate, course, { "x-approval-token": planted.approvalHeader });
  await send("POST", generate, { ...course, approval_token: planted.approvalBody });
  await send("POST", `${generate}?approval_token=${planted.approvalQuery}`, course);
  await send("GET", `/api/nothing-here?approval_token=${planted.approvalQuery}`);
  await send("POST", "/api/events", `{"payload": {"token": "${planted.malformed}"`);
  await send("GET", "/api/events/stats", undefined, { authorization: `Bearer ${planted.wrongKey}` });
  await send("POST", "/api/paycore/webhooks/stripe", {}, { "stripe-signature": "t=1,v1=00" });

  const key = await send(
    "POST",
    "/api/keys",
    { name: "planted", tenant_id: "acme", roles: ["application"] },
    {},
    true,
  );
  issued.push(String(key.body.key).slice(-30));
  await send("GET", "/api/keys");
  const own = { authorization: `Bearer ${key.body.key}` };
  await send("GET", "/api/me", undefined, own);

  const hook = await send(
    "POST",
    "/api/webhooks",
    { url: `${origin}/hook?key=${planted.webhookQuery}`, event_types: ["*"] },
    own,
    true,
  );
  expect(hook.status).toBe(201);
  issued.push(String(hook.body.secret).slice(6));
  const config = {
    url: `${origin}/call?key=${planted.missionQuery}`,
    headers: { Authorization: `Bearer ${planted.missionHeader}` },
  };
  const mission = await send("POST", "/api/missions/enqueue", {
    type: "http_call",
    payload: config,
    tenant_id: "acme",
  });
  expect(mission.status).toBe(202);
  const template = await send("POST", "/api/missions/templates", {
    name: "Planted",
    steps: [
      {
        order: 1,
        action: "http_call",
        config: { ...config, headers: { "X-Key": `${planted.templateHeader}{{t}}` } },
      },
    ],
    variables: { t: { type: "string", default: planted.templateDefault } },
  });
  expect(template.status).toBe(201);
  await send("POST", `/api/missions/templates/${template.body.id}/instantiate`, {});
  await edge.workers.tick();
  await waitFor(
    "the receiver has heard of mission, template and webhook",
    async () => received.join("\n"),
    (all) =>
      [planted.missionHeader, planted.templateHeader + planted.templateDefault, planted.webhookQuery].every(
        (secret) => all.includes(secret),
      ),
  );
  for (const path of [
    "/api/missions",
    "/api/missions/templates",
    "/api/webhooks",
    "/api/alerts",
    "/api/operator-actions",
  ])
    await send("GET", path);
  await send("GET", `/api/missions/${mission.body.mission_id}/log`);
  await send("GET", `/api/webhooks/${hook.body.id}/deliveries`);
  await send("GET", "/api/events/history?limit=1000");
  await send("GET", "/api/dead-letters");

  const { password } = new URL(edge.sandbox.neonUrl);
  const secrets = [
    ...Object.values(planted),
    ...issued,
    edge.key,
    testSecretsKey,
    edge.sandbox.upstash.token,
    ...(password.length > 8 ? [password] : []),
  ];
  const places = await kept();
  expect(foundIn(places, secrets)).toEqual([]);

  // Control: what is really written anywhere is found there.
  await send("POST", "/api/missions/enqueue", { type: "echo", payload: { note: "CONTROL-in-a-payload" } });
  await edge.sql("INSERT INTO webhook_cursors VALUES (63, 4711004711, 0)");
  const leaky = await kept();
  expect(foundIn(leaky, ["CONTROL-in-a-payload", "4711004711", mission.body.mission_id]).sort()).toEqual(
    expect.arrayContaining([
      "CONTROL-in-a-payload in tables",
      "4711004711 in tables",
      `${mission.body.mission_id} in redis`,
      `${mission.body.mission_id} in logs`,
      `${mission.body.mission_id} in answers`,
    ]),
  );
});
