import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import * as z from "zod";
import { type StripeStandIn, startStripeStandIn } from "../../../workers/local/stripe/stand-in.ts";
import { createGatedProduct, type GatedProduct } from "../gated-product.ts";
import { expectErrorShape } from "../refusal.ts";
import type { Reply } from "../surface.ts";
import { bodyDraft, queryDraft, queryText, schemaOf } from "./route-drafts.ts";
import { expectNoInternals, nameOf, pathOf, type Route, routesOf, withParams } from "./routes.ts";
import { type Place, placesIn, withAt } from "./schema-samples.ts";
import { type WriteWatch, watchWrites } from "./write-watch.ts";

/*
 * Whatever stands in a field of a request: every field of every route, made from what the routes declare. What the schema
 * refuses is answered 422, whatever is refused is in our shape and leaves no trace, and nothing is an error of ours.
 */

let product: GatedProduct;
let writes: WriteWatch;
let stripe: StripeStandIn;
beforeAll(async () => {
  stripe = await startStripeStandIn({
    secretKey: "sk_planted_secret",
    webhookSecret: "whsec_planted_secret",
  });
  product = await createGatedProduct({ relays: false, env: { STRIPE_API_URL: stripe.url } });
  writes = await watchWrites(product, traces);
});
afterAll(async () => {
  await product?.close();
  await stripe?.close();
});
beforeEach(() => writes.since());

/** The answer to a request with a key is kept also when it refuses. */
const traces = ["idempotency_keys"];

const injections = [
  "'; DROP TABLE events; --",
  "1) OR (1=1",
  "../../../../etc/passwd",
  "a\r\nset-cookie: x=1",
  "$(id)`id`;|&",
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is the attack
  "${jndi:ldap://127.0.0.1/x}{{7*7}}",
  "<script>alert(1)</script>\"'",
  "__proto__",
  "*",
  "%00%ff",
  "\u202e\ufeff",
  "\u0000",
  "\ud800",
];
const wrongTypes: readonly unknown[] = [
  null,
  true,
  -1,
  0.5,
  "",
  [],
  {},
  [[[]]],
  { a: 1 },
  "x".repeat(20_001),
];
interface Draft {
  readonly query: unknown;
  /** Undefined: none. */
  readonly body: unknown;
}

const draftOf = (route: Route): Draft => ({ query: queryDraft(route), body: bodyDraft(route) });

async function send(route: Route, path: string, { query, body }: Draft, headers = {}): Promise<Reply> {
  const carries = body !== undefined && route.method !== "GET";
  return product.send(path + queryText(query), {
    method: route.method,
    headers: { ...(carries ? { "content-type": "application/json" } : {}), ...headers },
    ...(carries ? { body: JSON.stringify(body) } : {}),
  });
}

/** @returns true when the request was refused, so that nothing of it may be kept */
function judge(what: string, reply: Reply): boolean {
  const seen = `${what} → ${reply.status} ${reply.text.slice(0, 300)}`;
  // Health says how the system is, whatever it is asked.
  if (!what.startsWith("GET /api/health")) expect(reply.status, seen).toBeLessThan(500);
  // Administrators are told at which hosts the stores are; everybody else, nothing.
  if (!(what.startsWith("GET /api/settings") && reply.status === 200)) expectNoInternals(product, reply.text);
  if (reply.status < 400) return false;
  // Judged part by part, with an answer for each.
  if (reply.body?.results !== undefined) return true;
  // Stripe's no, not ours: the payment has failed, is kept as such, and the answer names it.
  if (typeof reply.body?.intent_id === "string") return false;
  expect(Object.keys(reply.body ?? {}), seen).toContain("error");
  expect(reply.body.error.code, seen).toMatch(/^[a-z_]+$/);
  return true;
}

async function expectNothingWritten(what: string): Promise<void> {
  expect([what, ...(await writes.since())]).toEqual([what]);
}

const valueAt = (whole: unknown, place: Place): unknown =>
  place.reduce<unknown>((at, step) => (at as Readonly<Record<typeof step, unknown>>)[step], whole);

const show = (place: Place, value: unknown) =>
  `${place.join(".") || "(body)"}=${JSON.stringify(value)?.slice(0, 40)}`;

/** Some of the values in turn, so that all come up, and not all everywhere. */
function inTurn<T>(given: readonly T[], count: number): () => readonly T[] {
  let next = 0;
  return () =>
    Array.from({ length: count }, () => {
      const value = given[next % given.length] as T;
      next += 1;
      return value;
    });
}

/**
 * Every place in the query and the body of a request to every route, and a value to stand there instead.
 *
 * @param stands with the value that stands there now: whether the place is asked about
 */
function* changes(valuesFor: () => readonly unknown[], stands: (value: unknown) => boolean = () => true) {
  for (const route of routesOf(product.app)) {
    const [path, draft] = [pathOf(route), draftOf(route)];
    for (const kind of ["query", "body"] as const) {
      const schema = schemaOf(route, kind);
      if (schema === null) continue;
      for (const place of placesIn(draft[kind])) {
        // A query is always an object.
        if (kind === "query" && place.length === 0) continue;
        if (!stands(valueAt(draft[kind], place))) continue;
        for (const value of valuesFor()) {
          const changed = withAt(draft[kind], place, kind === "query" ? String(value).toWellFormed() : value);
          yield {
            what: `${nameOf(route)} ${kind} ${show(place, value)}`,
            isTaken: z.safeParse(schema, changed).success,
            send: () => send(route, path, { ...draft, [kind]: changed }),
          };
        }
      }
    }
  }
}

describe("a field with", () => {
  test("what its schema refuses is answered 400 or 422, and nothing is written", async () => {
    let sent = 0;
    for (const { what, isTaken, send } of changes(inTurn([...wrongTypes, ...injections], 12))) {
      if (isTaken) continue;
      const reply = await send();
      judge(what, reply);
      // What the path names may be looked for first.
      expect([400, 404, 422], `${what} → ${reply.status} ${reply.text.slice(0, 200)}`).toContain(
        reply.status,
      );
      sent += 1;
      if (sent % 100 === 0) await expectNothingWritten(`up to ${what}`);
    }
    await expectNothingWritten("up to the end");
    expect(sent).toBeGreaterThan(2_000);
  });

  test("what its schema takes and would do harm elsewhere is kept as text or refused", async () => {
    let sent = 0;
    for (const { what, isTaken, send } of changes(inTurn(injections, 3))) {
      if (!isTaken) continue;
      sent += 1;
      if (judge(what, await send())) await expectNothingWritten(what);
      else await writes.since();
    }
    expect(sent).toBeGreaterThan(300);
  });

  test("a time at either end of the calendar, where Postgres has no year 0, is taken or refused", async () => {
    const ends = [
      "0000-01-01T00:00:00Z",
      "0001-01-01T00:00:00+14:00",
      "0001-01-01T00:00:00Z",
      "9999-12-31T23:59:59.999Z",
      "9999-12-31T23:59:59-12:00",
      "0000-01-01",
      "0001-01-01",
      "9999-12-31",
    ];
    const isTime = (value: unknown) => typeof value === "string" && /^\d{4}-\d\d-\d\d(?:T|$)/.test(value);
    let sent = 0;
    for (const { what, send } of changes(() => ends, isTime)) {
      sent += 1;
      if (judge(what, await send())) await expectNothingWritten(what);
      else await writes.since();
    }
    expect(sent).toBeGreaterThan(100);
  });
});

describe("every route with", () => {
  test("harm in the parameters of its path", async () => {
    const params = [
      ...injections.filter((text) => text.isWellFormed()),
      "x".repeat(3_000),
      ".",
      "a b",
      "\u00e4",
    ];
    const encoded = [
      ...params.map(encodeURIComponent),
      "..%2f..%2fetc",
      "%2e%2e",
      "%f0%28%8c%28",
      "%ed%a0%80",
    ];
    const valuesFor = inTurn(encoded, 9);
    for (const route of routesOf(product.app).filter(({ path }) => path.includes(":"))) {
      for (const value of valuesFor()) {
        const what = `${nameOf(route)} ${value.slice(0, 40)}`;
        if (judge(what, await send(route, withParams(route.path, value), draftOf(route)))) {
          await expectNothingWritten(what);
        } else await writes.since();
      }
    }
  });

  test("a query that it does not know", async () => {
    const queries = [
      "?limit[]=1&limit=2",
      "?__proto__[x]=1&constructor.prototype=1",
      `?x=${"y".repeat(5_000)}`,
    ];
    for (const route of routesOf(product.app)) {
      for (const query of queries) {
        const what = `${nameOf(route)}${query.slice(0, 40)}`;
        const reply = await send(route, pathOf(route) + query, { query: {}, body: draftOf(route).body });
        if (judge(what, reply)) await expectNothingWritten(what);
        else await writes.since();
      }
    }
  });

  const headers = [
    "accept",
    "accept-language",
    "content-type",
    "cookie",
    "forwarded",
    "host",
    "idempotency-key",
    "if-match",
    "last-event-id",
    "referer",
    "stripe-signature",
    "traceparent",
    "user-agent",
    "x-actor-id",
    "x-correlation-id",
    "x-forwarded-for",
    "x-http-method-override",
    "x-request-id",
  ];
  test("harm in each of its headers", async () => {
    const harm = ["x".repeat(100_000), "'; DROP TABLE events; --", "../../etc/passwd", "\u00ff\u00a0", "*"];
    const [harmFor, headersFor] = [inTurn(harm, 1), inTurn(headers, 3)];
    for (const route of routesOf(product.app)) {
      const [path, draft] = [pathOf(route), draftOf(route)];
      for (const name of headersFor()) {
        for (const value of harmFor()) {
          const what = `${nameOf(route)} ${name}: ${value.slice(0, 40)}`;
          if (judge(what, await send(route, path, draft, { [name]: value })))
            await expectNothingWritten(what);
          else await writes.since();
        }
      }
    }
  });

  const oversized = JSON.stringify({ x: "y".repeat(1_100_000) });
  test("a body that is too large: 413 before anything reads it", async () => {
    for (const route of routesOf(product.app).filter(({ method }) => method !== "GET")) {
      for (const how of ["said", "not said"]) {
        const reply = await product.send(pathOf(route), {
          method: route.method,
          headers: { "content-type": "application/json", "content-length": String(oversized.length) },
          body: how === "said" ? oversized : new Blob([oversized]).stream(),
          ...(how === "said" ? {} : { duplex: "half" }),
        });
        expect(`${nameOf(route)} ${how} ${reply.status}`).toBe(`${nameOf(route)} ${how} 413`);
        expectErrorShape(reply, 413, "payload_too_large");
      }
    }
    await expectNothingWritten("all of them");
  });

  const bodies: readonly (readonly [string, string])[] = [
    ["nothing", ""],
    ["null", "null"],
    ["a list", "[]"],
    ["a text", '"x"'],
    ["half an object", '{"a":'],
    ["an empty object", "{}"],
    ["9,000 lists in lists", "[".repeat(9_000) + "]".repeat(9_000)],
    ["9,000 beginnings", "[".repeat(9_000)],
  ];
  const types = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/xml",
  ];
  test.each(bodies)("%s as its body, whatever it is said to be", async (_what, body) => {
    const typesFor = inTurn(types, 3);
    for (const route of routesOf(product.app).filter(({ method }) => method !== "GET")) {
      for (const type of typesFor()) {
        const what = `${nameOf(route)} ${type} ${body.slice(0, 20)}`;
        const reply = await product.send(pathOf(route), {
          method: route.method,
          headers: { "content-type": type },
          body,
        });
        if (judge(what, reply)) await expectNothingWritten(what);
        else await writes.since();
      }
    }
  });
});

test("control: drafts do what they ask where nothing must be there before, and the watch sees what they write", async () => {
  // The tests before have set what the tenant of the drafts may do, too.
  await product.sql("DELETE FROM tenant_limits");
  await writes.since();
  const taken: string[] = [];
  const seen = new Set<string>();
  for (const route of routesOf(product.app).filter(({ method }) => method === "POST")) {
    const reply = await send(route, pathOf(route), draftOf(route));
    if (reply.status < 300) taken.push(nameOf(route));
    for (const what of await writes.since()) seen.add(what);
  }
  expect(taken).toEqual(
    expect.arrayContaining([
      "POST /api/agents/broadcast",
      "POST /api/agents/:agent_id/online",
      "POST /api/course-factory/generate",
      "POST /api/keys",
      "POST /api/missions/enqueue",
      "POST /api/missions/queue/pause",
      "POST /api/missions/templates",
    ]),
  );
  expect([...seen]).toEqual(
    expect.arrayContaining(["events INSERT", "missions INSERT", "identity_keys INSERT"]),
  );
});
