import { atMostMembers } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as z from "zod";
import { createGatedProduct, type GatedProduct } from "../gated-product.ts";
import { routesOf } from "./routes.ts";
import { unboundedParts } from "./schema-bounds.ts";

let product: GatedProduct;
beforeAll(async () => {
  product = await createGatedProduct();
});
afterAll(() => product?.close());

/**
 * What the reader of bodies bounds by size (1 MiB) and depth, and the module by rules of its own: the payload limit and
 * the guard of events, the bytes of a mission's data, the steps of a plan.
 */
const judged = [
  "POST /api/dead-letters/:id/redrive payload.{}",
  "POST /api/dead-letters/:id/try payload.{}",
  "POST /api/course-factory/validate-ir {}",
  "POST /api/courses/certificates/verify certificate_payload.{}",
  "POST /api/ir/validate (value)",
  "POST /api/ir/gate ir",
  "POST /api/ir/dag-diff ir",
  "POST /api/ir/dag-diff dag_nodes.[]",
  "POST /api/missions/enqueue payload",
  "POST /api/missions/templates steps.[].config",
  "POST /api/missions/templates variables.{}.default",
  "PUT /api/missions/templates/:id steps.[].config",
  "PUT /api/missions/templates/:id variables.{}.default",
  "POST /api/missions/templates/:id/instantiate variables",
  "POST /api/missions data",
  "POST /api/missions/:id/log data",
  "POST /api/agents/:agent_id/online details.{}",
  "POST /api/agents/:agent_id/error details.{}",
  "POST /api/agents/broadcast message.{}",
  "POST /api/agents/:agent_id/messages message.{}",
  "POST /api/agents/:agent_id/task-requests details.{}",
];

/** What every route takes without a bound of its schema: `POST /api/x json path: kind`. */
function unbounded(): string[] {
  return routesOf(product.app).flatMap((route) =>
    route.parts.flatMap(({ from, schema }) =>
      schema === null
        ? []
        : unboundedParts(schema).map((part) => `${route.method} ${route.path} ${from} ${part}`),
    ),
  );
}

describe("what requests may bring", () => {
  test("has a bound in every schema of every route", () => {
    expect(unbounded().filter((part) => !part.endsWith(": open data"))).toEqual([]);
  });

  test("is open data only where the module judges size and depth itself", () => {
    const open = unbounded().filter((part) => part.endsWith(": open data"));
    expect(
      new Set(open.map((part) => part.replace(/ (?:json|input) /, " ").replace(": open data", ""))),
    ).toEqual(new Set(judged));
  });
});

describe("the walk", () => {
  test.each([
    ["a text", z.object({ a: z.string() }), ["a: text"]],
    ["a pattern without end", z.object({ a: z.string().regex(/^[a-z]+$/) }), ["a: text"]],
    ["a pattern without anchors", z.string().regex(/[a-z]{1,5}/), ["(value): text"]],
    ["an array", z.object({ a: z.array(z.boolean()).optional() }), ["a: array"]],
    ["texts in an array", z.array(z.string()).max(3).nullish(), ["[]: text"]],
    ["a record", z.record(z.enum(["a"]), z.boolean()), ["(value): record"]],
    ["keys of a record", z.record(z.string(), z.boolean()).refine(...atMostMembers(3)), ["(key): text"]],
    ["an open object", z.looseObject({}), ["(value): open object", "{}: open data"]],
    ["a number", z.object({ a: z.number().min(0).default(1) }), ["a: number"]],
    ["one way of a union", z.union([z.string().max(3), z.number()]), ["(value): number"]],
    ["behind a pipe", z.string().transform(Number).pipe(z.int()), ["(value): text"]],
  ])("sees %s", (_what, schema, expected) => {
    expect(unboundedParts(schema)).toEqual(expected);
  });

  test("is content with bounds", () => {
    const schema = z.strictObject({
      a: z.string().max(3),
      b: z.string().regex(/^[a-z]{1,5}(?:-[0-9+*]{2})?$/),
      c: z.array(z.enum(["x"])).max(3),
      d: z
        .record(z.string().max(3), z.boolean())
        .refine(...atMostMembers(3))
        .default({}),
      e: z.coerce.number().int().min(1).max(5),
      f: z.uuid(),
      g: z.int(),
    });
    expect(unboundedParts(schema)).toEqual([]);
  });
});

describe("the reason why somebody acts", () => {
  /** Told in events and views with `[redacted]` in the place of what must not stand there; see the modules' README. */
  const redacting = [
    "/api/course-access/:course_id/grant",
    "/api/course-access/:course_id/revoke",
    "/api/tasks/:id",
  ];
  const reasons = () =>
    routesOf(product.app).flatMap((route) =>
      route.parts.flatMap(({ schema }) => {
        const { shape } = (schema?._zod.def ?? {}) as { shape?: Record<string, z.ZodType> };
        return shape?.reason === undefined ? [] : [{ path: route.path, reason: shape.reason }];
      }),
    );

  test("is a text without control characters, and without secrets and personal data, on every route", () => {
    expect(reasons().length).toBeGreaterThan(15);
    for (const { path, reason } of reasons()) {
      expect(reason.safeParse("the provider is down").success, path).toBe(true);
      for (const text of ["a\u0000b", "a\u001b[2Jb", "a\ud800b", "a\u0085b", "x".repeat(20_000)]) {
        expect(reason.safeParse(text).success, `${path} ${JSON.stringify(text.slice(0, 9))}`).toBe(false);
      }
      if (redacting.includes(path)) continue;
      for (const text of ["a\nb", "a\u2028b", "ask anna@example.org", "key sk_live_0123456789abcdef"]) {
        expect(reason.safeParse(text).success, `${path} ${JSON.stringify(text)}`).toBe(false);
      }
    }
  });
});

describe("a body full of what does not belong there is answered soon and shortly", () => {
  const generate = (fields: object) => ({
    tenant_id: "t-1",
    title: "Keeping bees on the balcony",
    description: "Everything a beginner needs.",
    language: "en",
    target_audiences: ["students"],
    ...fields,
  });
  const tooBig = expect.stringMatching(/^Too big: .* received \d+$/);
  const keys = Object.fromEntries(Array.from({ length: 80_000 }, (_, index) => [`k${index}`, 1]));
  test.each([
    [
      "500,000 audiences",
      "/api/course-factory/generate",
      generate({ target_audiences: Array(500_000).fill(1) }),
    ],
    ["80,000 unknown keys", "/api/course-factory/generate", generate(keys)],
    ["80,000 unknown keys of an event", "/api/events", { type: "system.health", payload: {}, ...keys }],
    ["80,000 keys in its payload", "/api/events", { type: "agent.heartbeat", payload: keys }],
    ["keys of 300,000 characters", "/api/course-factory/dry-run", generate({ ["k".repeat(300_000)]: 1 })],
    ["80,000 members of a record", "/api/agents/broadcast", { from: "scout", message: keys }],
    ["500,000 lessons", "/api/course-factory/enhance", { lesson_ids: Array(400_000).fill(1) }],
  ])("%s", async (what, path, body) => {
    const reply = await product.send(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    expect(reply.status, reply.text.slice(0, 500)).toBe(422);
    expect(reply.body.error.details.length).toBeLessThanOrEqual(21);
    expect(reply.text.length).toBeLessThan(20_000);
    // What has a size is counted before its elements are judged one by one, which took six seconds.
    const sized = /audiences|lessons|members/.test(what);
    if (sized) expect(reply.body.error.details).toEqual([expect.objectContaining({ message: tooBig })]);
  });
});

describe("a body that never comes to its end", () => {
  /** Bytes that were asked for, and whether somebody gave up. */
  const endless = () => {
    const seen = { isCancelled: false };
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"tit')),
      cancel() {
        seen.isCancelled = true;
      },
    });
    return { seen, body };
  };

  test.each([
    ["of nobody", "/api/events", "", 401],
    ["with a key that is none", "/api/events", "Bearer wrong-key-0123456789abcdef", 401],
    ["for a path that nobody answers", "/api/nothing-here", "", 401],
  ])(
    "%s is refused before anybody waits for it, and given up",
    async (_what, path, authorization, status) => {
      const { seen, body } = endless();
      const reply = await product.send(path, {
        method: "POST",
        headers: { authorization },
        body,
        ...{ duplex: "half" },
      });
      expect(reply.status).toBe(status);
      expect(seen.isCancelled).toBe(true);
    },
  );
});
