import type { Database } from "@brain/engine";
import { readAnswer } from "@brain/engine/testing";
import type { Hono } from "hono";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AppEnv } from "../../src/http/host.ts";
import { declaredAccess } from "../../src/http/kit/access.ts";
import { loadRoutes } from "../../src/http/mounted-routes.ts";
import { testApiKey } from "../backbone.ts";
import { expectErrorShape } from "../http/refusal.ts";
import { firstKey } from "./course_factory/learning/fixtures.ts";
import { createPaymentEngine, type PaymentEngine } from "./payment/stripe-fixture.ts";
import { agentsTable } from "./tenant-routes/agents.ts";
import { analyticsTable } from "./tenant-routes/analytics.ts";
import { courseAccessTable } from "./tenant-routes/course-access.ts";
import { courseDistributionTable } from "./tenant-routes/course-distribution.ts";
import { courseFactoryTable } from "./tenant-routes/course-factory.ts";
import { courseLearningTable } from "./tenant-routes/course-learning.ts";
import { irGovernanceTable } from "./tenant-routes/ir-governance.ts";
import { missionsTable } from "./tenant-routes/missions.ts";
import { paymentTable } from "./tenant-routes/payment.ts";
import type { As, Call, Reply, RouteCase, Things } from "./tenant-routes/table.ts";
import { tasksTable } from "./tenant-routes/tasks.ts";

const tables = [
  agentsTable,
  tasksTable,
  missionsTable,
  irGovernanceTable,
  paymentTable,
  courseAccessTable,
  courseDistributionTable,
  courseFactoryTable,
  courseLearningTable,
  analyticsTable,
];

/** Of routes whose answer does not end. Their filter is that of the route beside them. */
const live = ["GET /api/agents/:agent_id/inbox/stream", "GET /api/ir/approvals/stream"];

let engine: PaymentEngine;
const keys = new Map<string, As>();
const things = new Map<string, Things>();
/** Everybody has what the tables say, and one who has nothing looks at what the others have. */
const owner = "acme";
const foreigner = "globex";

/**
 * The foreigner with one of the two walls alone. `conditions`: its credential, on a database that shows the rows of all.
 * `policies`: a credential for all tenants, so that no condition names one, on the database of the foreigner.
 */
const walls = new Map<"conditions" | "policies", As>();

beforeAll(async () => {
  engine = await createPaymentEngine({ BRAIN_CERTIFICATE_KEY: firstKey });
  for (const tenantId of [owner, foreigner]) {
    const reply = await engine.request("POST", "/api/keys", {
      name: `all but acting for others, of ${tenantId}`,
      tenant_id: tenantId,
      scopes: ["*:read", "*:write", "approve", "operate"],
    });
    const authorization = `Bearer ${reply.body.key}`;
    keys.set(tenantId, (method, path, body, headers = {}) =>
      engine.request(method, path, body, { authorization, ...headers }),
    );
    if (tenantId === foreigner)
      walls.set("conditions", through(engine.appOn(withoutPolicies), { authorization }));
  }
  const all = { authorization: `Bearer ${testApiKey}`, "x-actor-id": "somebody" };
  walls.set(
    "policies",
    through(
      engine.appOn((db) => db.ofTenant(foreigner)),
      all,
    ),
  );
  for (const { module, setUp } of tables) things.set(module, await setUp(as(owner), engine, owner));
});
afterAll(() => engine?.cleanup());

/** Shows the rows of all, whoever asks. */
const withoutPolicies = (db: Database): Database => Object.create(db, { ofTenant: { value: () => db } });

const through =
  (app: Hono<AppEnv>, credential: Readonly<Record<string, string>>): As =>
  async (method, path, body, headers = {}) => {
    const sent = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const type = body === undefined ? {} : { "content-type": "application/json" };
    return readAnswer(
      await app.request(path, { method, headers: { ...type, ...credential, ...headers }, ...sent }),
    );
  };

/** What the owner has in each table, as a sum of it. */
async function rowsOfOwner(): Promise<Record<string, string>> {
  const tables = await engine.sql<{ name: string }>(`
    SELECT table_name AS name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'tenant_id' ORDER BY 1`);
  const sums = tables.map(
    ({ name }) => `SELECT '${name}' AS name, md5(string_agg(t::text, ' ' ORDER BY t::text)) AS sum
      FROM ${name} t WHERE tenant_id = '${owner}'`,
  );
  const rows = await engine.sql<{ name: string; sum: string }>(sums.join(" UNION ALL "));
  return Object.fromEntries(rows.map(({ name, sum }) => [name, sum]));
}

function as(tenantId: string): As {
  const key = keys.get(tenantId);
  if (key === undefined) throw new Error(`no key of ${tenantId}`);
  return key;
}

/** What an answer must not hold: the owner's things, but for those that were asked for. */
function secretsOf(things: Things, call: Call): string[] {
  const asked = JSON.stringify(call);
  return Object.values(things).filter((value) => value !== "" && !asked.includes(value));
}

/** The answer without what differs from request to request, and without the ids that were asked for. */
function formOf({ status, text, body }: Reply, asked: Things): { status: number; text: string } {
  const ids = [body?.error?.request_id ?? "", ...Object.values(asked)].filter((value) => value !== "");
  const plain = ids.reduce((rest, id) => rest.replaceAll(id, "…"), text);
  return { status, text: plain };
}

describe.each(tables)("$module, with one wall alone", ({ module, prefix, nowhere, cases }) => {
  const mine = () => things.get(module) ?? {};
  const tried = cases.filter(({ foreign }) => typeof foreign === "string");

  test.each(tried.map((item) => [item.route, item] as const))("%s", async (_route, item) => {
    const [method = ""] = item.route.split(" ");
    const before = await rowsOfOwner();
    const calls = [item.call(mine())];
    for (const [wall, send] of walls) {
      // Whoever is for all tenants may name the owner: then the conditions do, and the policies do not.
      const named = wall === "policies" && item.naming !== undefined ? [item.naming(owner, mine())] : [];
      for (const call of [...calls, ...named]) {
        const reply = await send(method, `${prefix}${call.path}`, call.body, call.headers);
        for (const secret of secretsOf(mine(), call)) expect(reply.text, wall).not.toContain(secret);
        if (item.foreign !== "not_found") continue;
        // 400: the tenant has to be named.
        expect([400, 404], `${wall}: ${reply.text}`).toContain(reply.status);
        if (reply.status === 404) {
          const { path, body, headers } = item.call(nowhere);
          const absent = await send(method, `${prefix}${path}`, body, headers);
          if (call === calls[0]) expect(formOf(reply, mine()), wall).toEqual(formOf(absent, nowhere));
        }
      }
    }
    expect(await rowsOfOwner()).toEqual(before);
    // The control: without either wall it is there.
    if (method !== "GET" || item.foreign !== "not_found") return;
    const { path, headers } = item.call(mine());
    const seen = await engine.request(method, `${prefix}${path}`, undefined, headers);
    expect(seen.status, seen.text).toBe(item.status ?? 200);
  });
});

describe.each(tables)("$module", ({ module, prefix, nowhere, cases }) => {
  const mine = () => things.get(module) ?? {};
  const send = (tenantId: string, { route }: RouteCase, { path, body, headers }: Call) =>
    as(tenantId)(route.split(" ")[0] ?? "", `${prefix}${path}`, body, headers);

  test.each(cases.map((item) => [item.route, item] as const))("%s", async (_route, item) => {
    const { call, foreign, shows = [], status = 200, naming } = item;
    if (naming !== undefined) {
      const refused = await send(foreigner, item, naming(owner, mine()));
      expectErrorShape(refused, 403, "forbidden");
      expect(refused.body.error.message).toContain(`"${owner}"`);
    }
    const tried = await send(foreigner, item, call(mine()));
    if (foreign === "not_found") {
      expectErrorShape(tried, 404, "not_found");
      const absent = await send(foreigner, item, call(nowhere));
      expect(formOf(tried, mine())).toEqual(formOf(absent, nowhere));
    } else if (foreign === "absent") {
      const absent = await send(foreigner, item, call(nowhere));
      expect(formOf(tried, mine())).toEqual(formOf(absent, nowhere));
      expect(formOf(tried, mine()).text).not.toContain(owner);
    } else {
      expect(tried.status, tried.text).toBe(status);
      const secrets = typeof foreign === "string" ? [owner, ...Object.values(mine())] : [];
      for (const secret of secrets) expect(tried.text).not.toContain(secret);
    }
    const done = await send(owner, item, call(mine()));
    expect(done.status, done.text).toBe(status);
    for (const name of shows) expect(done.text).toContain(mine()[name]);
    if (typeof foreign !== "string") expect(done.text).toBe(tried.text);
    // Whoever names the own tenant does what whoever names none does.
    if (naming === undefined) return;
    const named = await send(owner, item, naming(owner, mine()));
    expect([status, 409, 429]).toContain(named.status);
  });
});

test("every route of a tenant stands in a table", async () => {
  await loadRoutes(engine.app);
  const prefixes = tables.map(({ prefix }) => prefix);
  const declared = engine.app.routes.flatMap(({ method, path, handler }) => {
    const access = declaredAccess(handler);
    if (access?.kind !== "requires" || !prefixes.some((prefix) => `${path}/`.startsWith(`${prefix}/`)))
      return [];
    return [{ route: `${method} ${path}`, reach: access.reach }];
  });
  const tried = tables.flatMap(({ prefix, cases }) =>
    cases.map(({ route }) => route.replace(" ", ` ${prefix}`).replace(/\/$/, "")),
  );
  const own = declared.filter(({ reach }) => reach === "own_tenant").map(({ route }) => route);
  expect(new Set([...tried, ...live])).toEqual(new Set(own));
  // What concerns everybody: a credential of one tenant is refused there.
  expect(
    declared
      .filter(({ reach }) => reach === "all_tenants")
      .map(({ route }) => route)
      .sort(),
  ).toEqual(["POST /api/missions/queue/pause", "POST /api/missions/queue/resume", "POST /api/tasks/import"]);
});
