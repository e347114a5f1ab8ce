import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createGatedProduct, type GatedProduct } from "./gated-product.ts";
import { expectErrorShape } from "./refusal.ts";
import { bodyDraft, queryDraft, queryText, schemaOf } from "./route-drafts.ts";
import { expectNoInternals, nameOf, pathOf, type Route, routesOf } from "./routes.ts";
import { placesIn, withAt } from "./schema-samples.ts";
import type { Reply } from "./surface.ts";
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

const ofTenants = () =>
  routesOf(product.app).filter(({ access }) => access?.kind === "requires" && access.reach === "own_tenant");

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
  // This product's Stripe is nowhere; what is asked of it is not available, and of nothing else.
  if (!reply.text.includes("Stripe did not answer"))
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
        const reply = await call(route, stranger, { [kind]: withAt(draft, place, "owner") });
        expect(`${nameOf(route)} ${kind} ${reply.status}`).toBe(`${nameOf(route)} ${kind} 403`);
        expectErrorShape(reply, 403, "forbidden");
        asked += 1;
      }
    }
  }
  expect(asked).toBeGreaterThan(0);
  expect(await writes.since()).toEqual([]);
});

/** Texts in an answer that may name something, by the name of their field: ids, slugs and tokens. */
function namesIn(value: unknown): (readonly [field: string, text: string])[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([field, member]) =>
    typeof member === "string" && /(?:^|_)(?:id|slug|token)$/.test(field) && member !== ""
      ? [[field, member] as const]
      : namesIn(member),
  );
}

/** Of a kind of thing, a few will do. */
const perField = 2;

/** What the owner's own requests make. */
async function makeRows(): Promise<readonly string[]> {
  const found = new Map<string, Set<string>>();
  // Twice: what the first ones made is there for those that list it.
  for (const round of [0, 1]) {
    for (const route of ofTenants().filter(({ path }) => !path.includes(":"))) {
      if (round === 1 && route.method !== "GET") continue;
      const reply = await call(route, owner);
      if (reply.status >= 400) continue;
      for (const [field, text] of namesIn(reply.body)) {
        const known = found.get(field) ?? new Set();
        if (known.size < perField && text !== "owner") found.set(field, known.add(text));
      }
    }
  }
  return [...new Set([...found.values()].flatMap((texts) => [...texts]))];
}

/** Another text of the same form, that nobody has given to anything. */
function unknownLike(text: string): string {
  if (/^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(text)) return randomUUID();
  const other = (letters: string) => letters[Math.floor(Math.random() * letters.length)] ?? "";
  return text
    .replace(/[a-z]/g, () => other("bcdfghjkmnpqrstvwxyz"))
    .replace(/[A-Z]/g, () => other("BCDFGHJKMNPQRSTVWXYZ"))
    .replace(/[0-9]/g, () => other("123456789"));
}

/** All but the ids that they name, and what is of each request. */
function shapeOf(reply: Reply, id: string): string {
  const text = reply.text.replaceAll(id, "<id>").replace(/"request_id":"[^"]*"/, "");
  return `${reply.status} ${reply.status < 400 ? "" : text}`;
}

const withId = ({ path }: Route, id: string) => path.replaceAll(/:[a-z_]+/gi, encodeURIComponent(id));

test("what a tenant has is for another what never was: in every route, in the same words", async () => {
  const ids = await makeRows();
  expect(ids.length).toBeGreaterThan(0);
  const single = ofTenants().filter(({ path }) => path.includes(":"));
  const shown = single.filter(({ method }) => method === "GET");
  const reached = new Map<string, { readonly route: Route; readonly id: string; readonly text: string }>();
  for (const route of shown) {
    for (const id of ids) {
      const own = await call(route, owner, { path: withId(route, id) });
      if (own.status < 400) reached.set(`${nameOf(route)} ${id}`, { route, id, text: own.text });
    }
  }
  await writes.since();
  for (const route of single) {
    for (const id of ids) {
      const [unknown, what] = [unknownLike(id), `${nameOf(route)} ${id}`];
      const reply = await call(route, stranger, { path: withId(route, id) });
      if (reply.status >= 400) expect([what, ...(await writes.since())]).toEqual([what]);
      const nowhere = await call(route, stranger, { path: withId(route, unknown) });
      expect(shapeOf(reply, id), what).toBe(shapeOf(nowhere, unknown));
      await writes.since();
    }
  }
  // Nothing of it was changed, and the owner still reaches it.
  for (const [what, { route, id, text }] of reached) {
    expect((await call(route, owner, { path: withId(route, id) })).text, what).toBe(text);
  }
  const routes = [...reached.values()].map(({ route }) => nameOf(route));
  expect(routes).toEqual(expect.arrayContaining(["GET /api/keys/:id"]));
});

test("a list shows the rows of its tenant only", async () => {
  const ids = await makeRows();
  for (const route of ofTenants().filter(({ method, path }) => method === "GET" && !path.includes(":"))) {
    const reply = await call(route, stranger);
    for (const id of ids) {
      if (id.length > 12) expect(reply.text, nameOf(route)).not.toContain(id);
    }
  }
});
