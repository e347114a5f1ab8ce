import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { testApiKey } from "../../backbone.ts";
import { createGatedProduct, type GatedProduct } from "../gated-product.ts";
import { expectErrorShape } from "../refusal.ts";
import { healthEnvelope, healthReport } from "../sample-events.ts";
import type { Reply } from "../surface.ts";
import { bodyDraft, queryDraft, queryText, schemaOf } from "./route-drafts.ts";
import { expectNoInternals, nameOf, pathOf, type Route, routesOf } from "./routes.ts";
import { placesIn, withAt } from "./schema-samples.ts";
import { type WriteWatch, watchWrites } from "./write-watch.ts";

/*
 * Two tenants, and every route that says it serves tenants: what one has made is not there for the other, and who names
 * another tenant is refused. Made from what the routes declare.
 */

let product: GatedProduct;
let writes: WriteWatch;
/** `Bearer …` of each. */
let owner: string;
let stranger: string;
beforeAll(async () => {
  product = await createGatedProduct({ relays: false });
  writes = await watchWrites(product, ["identity_keys", "idempotency_keys"]);
  [owner, stranger] = await Promise.all([keyOf("owner"), keyOf("stranger")]);
});
afterAll(() => product?.close());
beforeEach(() => writes.since());

async function keyOf(tenantId: string): Promise<string> {
  const body = JSON.stringify({ name: "a test", scopes: ["admin"], tenant_id: tenantId });
  const reply = await product.send("/api/keys", { method: "POST", body });
  expect(reply.status, reply.text).toBe(201);
  return `Bearer ${reply.body.key}`;
}

/** Their routes stand in a table each, which says what a tenant has there: `test/modules/tenants.test.ts`. */
const ofModules = /^\/api\/(?:agents|tasks|missions|ir|paycore|course-access|courses|course-factory)(?:\/|$)/;

const ofTenants = () =>
  routesOf(product.app).filter(({ access }) => access?.kind === "requires" && access.reach === "own_tenant");

const besideModules = () => ofTenants().filter(({ path }) => !ofModules.test(path));

/** The draft of a request without a tenant: it is that of the credential. */
const withoutTenant = (draft: unknown) =>
  typeof draft === "object" && draft !== null && "tenant_id" in draft
    ? Object.fromEntries(Object.entries(draft).filter(([name]) => name !== "tenant_id"))
    : draft;

async function call(
  route: Route,
  authorization: string,
  {
    path = pathOf(route),
    query = withoutTenant(queryDraft(route)),
    body = withoutTenant(bodyDraft(route)),
  }: { readonly path?: string; readonly query?: unknown; readonly body?: unknown } = {},
): Promise<Reply> {
  const reply = await product.send(path + queryText(query), {
    method: route.method,
    headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(reply.status, `${nameOf(route)} ${reply.text.slice(0, 300)}`).toBeLessThan(500);
  expectNoInternals(product, reply.text);
  return reply;
}

test("who names another tenant is refused with 403, wherever a route takes a tenant", async () => {
  let asked = 0;
  for (const route of ofTenants()) {
    for (const kind of ["query", "body"] as const) {
      const draft = kind === "query" ? queryDraft(route) : bodyDraft(route);
      if (schemaOf(route, kind) === null) continue;
      for (const place of placesIn(draft).filter((candidate) => candidate.at(-1) === "tenant_id")) {
        const asking = { [kind]: withAt(draft, place, "owner") };
        const reply = await call(route, stranger, asking);
        // What no draft can be made of is refused to its owner, too.
        if (reply.status === 422 && (await call(route, owner, asking)).status === 422) continue;
        expect(`${nameOf(route)} ${kind} ${reply.status}`).toBe(`${nameOf(route)} ${kind} 403`);
        expectErrorShape(reply, 403, "forbidden");
        asked += 1;
      }
    }
  }
  expect(asked).toBeGreaterThan(0);
  expect(await writes.since()).toEqual([]);
});

test("a tenant of white space alone is none, wherever a route takes a tenant", async () => {
  const root = `Bearer ${testApiKey}`;
  let asked = 0;
  for (const route of routesOf(product.app).filter(({ access }) => access?.kind === "requires")) {
    for (const kind of ["query", "body"] as const) {
      const draft = kind === "query" ? queryDraft(route) : bodyDraft(route);
      for (const place of placesIn(draft).filter((candidate) => candidate.at(-1) === "tenant_id")) {
        const asking = { [kind]: withAt(draft, place, "   ") };
        const reply = await call(route, root, asking);
        const what = `${nameOf(route)} ${kind}`;
        expect(`${what} ${reply.status}`).toBe(`${what} 422`);
        expect([what, ...(await writes.since())]).toEqual([what]);
        const paths = reply.body.error.details.map(({ path }: { path: string }) => path);
        if (paths.includes(place.join("."))) asked += 1;
        // What no draft can be made of is refused whatever it names.
        else
          expect((await call(route, root, { [kind]: withAt(draft, place, "owner") })).status, what).toBe(422);
        await writes.since();
      }
    }
  }
  expect(asked).toBeGreaterThan(40);
});

test.each(["   ", " acme", "acme ", "\u00a0acme", "acme\u2028"])(
  "an event of the tenant %j is refused, in each form in which events are handed in",
  async (tenant_id) => {
    const event = healthEnvelope({ tenant_id });
    const { type, source, payload } = event;
    const cloudEvent = { specversion: "1.0", id: event.id, type, source, tenantid: tenant_id, data: payload };
    const sent = [
      ["/api/events", "application/json", healthReport({ load: 0.5 }, { tenant_id })],
      ["/api/events", "application/json", event],
      ["/api/events", "application/cloudevents+json", cloudEvent],
    ] as const;
    for (const [path, contentType, body] of sent) {
      const headers = { authorization: `Bearer ${testApiKey}`, "content-type": contentType };
      const reply = await product.send(path, { method: "POST", headers, body: JSON.stringify(body) });
      expect(reply.status, reply.text).toBe(422);
      expect(reply.text).toContain("tenant");
    }
    expect(
      await product.sql("SELECT 1 FROM events WHERE tenant_id LIKE '%acme%' OR tenant_id ~ '^ '"),
    ).toEqual([]);
  },
);

test("white space around a tenant is not part of its name", async () => {
  const send = (tenant_id: string) =>
    product.send("/api/agents/an-agent/heartbeat", {
      method: "POST",
      body: JSON.stringify({ tenant_id }),
    });
  expect((await send("owner")).status).toBeLessThan(300);
  expect((await send("  owner ")).status).toBeLessThan(300);
  const rows = await product.sql("SELECT DISTINCT tenant_id FROM agents WHERE agent_id = 'an-agent'");
  expect(rows).toEqual([{ tenant_id: "owner" }]);
});

/** Texts in an answer that may name something: ids, slugs and tokens. */
function idsIn(value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) =>
    typeof member === "string" && /(?:^|_)(?:id|slug|token)$/.test(key) && member !== ""
      ? [member]
      : idsIn(member),
  );
}

/** What the owner's own requests make. */
/** They say the same to everybody, and hold examples; test/http/documents.test.ts compares them. */
const documents = ["/asyncapi.json", "/schemas/index.json"];

async function makeRows(): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  // Twice: what the first ones made is there for those that list it.
  for (const round of [0, 1]) {
    for (const route of besideModules().filter(({ path }) => !path.includes(":"))) {
      if (round === 1 && route.method !== "GET") continue;
      const reply = await call(route, owner);
      if (documents.includes(route.path)) continue;
      if (reply.status < 400) for (const id of idsIn(reply.body)) found.add(id);
    }
  }
  found.delete("owner");
  return found;
}

/** The same for both: everything but the ids that they name, and the id of the request. */
function shapeOf(reply: Reply, ids: readonly string[]): string {
  let text = reply.text.replace(/"request_id":"[^"]*"/, "");
  for (const id of ids) text = text.replaceAll(id, "<id>");
  return `${reply.status} ${text}`;
}

test("what a tenant has is for another what never was: in every route, in the same words", async () => {
  const ids = await makeRows();
  await writes.since();
  expect(ids.size).toBeGreaterThan(0);
  const reached = new Set<string>();
  for (const route of besideModules().filter(({ path }) => path.includes(":"))) {
    const unknown = pathOf(route);
    for (const id of ids) {
      const path = route.path.replace(/:[a-z_]+/i, encodeURIComponent(id)).replaceAll(/:[a-z_]+/gi, id);
      const reply = await call(route, stranger, { path });
      const what = `${route.method} ${path}`;
      // An id of another form is refused as such; one of the form is unknown.
      expect([404, 409, 422], `${what} ${reply.status} ${reply.text.slice(0, 300)}`).toContain(reply.status);
      expect([what, ...(await writes.since())]).toEqual([what]);
      if (route.method !== "GET") continue;
      const own = await call(route, owner, { path });
      if (own.status >= 400) continue;
      reached.add(nameOf(route));
      const nowhere = await call(route, stranger);
      const named = unknown.split("/").filter((part) => !route.path.split("/").includes(part));
      expect(shapeOf(reply, [id]), what).toBe(shapeOf(nowhere, named));
    }
  }
  // Control: the owner reaches what it has made, by most routes that show one thing.
  expect([...reached]).toEqual(expect.arrayContaining(["GET /api/keys/:id"]));
});

test("a list shows the rows of its tenant only", async () => {
  const ids = await makeRows();
  for (const route of besideModules().filter(({ method, path }) => method === "GET" && !path.includes(":"))) {
    const reply = await call(route, stranger);
    for (const id of ids) {
      if (id.length > 12) expect(reply.text, nameOf(route)).not.toContain(id);
    }
  }
});
