import { describe, expect, test } from "vitest";
import * as z from "zod";
import { parseEventPayload } from "../decoding/read-payload.ts";
import { defineEvent } from "../define-event.ts";
import { CharterError } from "../errors.ts";
import { openObject } from "./open-object.ts";
import { parsePayload } from "./payload.ts";
import { atMostMembers } from "./schema-walk.ts";

const base = { version: 1, module: "demo", criticality: "INFO", when: "never" } as const;

function define(payload: z.ZodType) {
  return defineEvent("demo.thing.created", { ...base, payload });
}

/** `path: received` of all that a definition is refused for; empty when it is taken. */
function refusals(payload: z.ZodType): string[] {
  try {
    define(payload);
    return [];
  } catch (error) {
    if (!(error instanceof CharterError)) throw error;
    expect(error.code).toBe("invalid_payload");
    for (const { message } of error.issues) expect(message).toMatch(/^expected /);
    return error.issues.map(({ path, received }) => `${path}: ${received}`);
  }
}

const text = z.string().max(100);
const node = z.strictObject({
  title: text,
  get children() {
    return z.array(node).max(3);
  },
});

describe("a payload is refused where", () => {
  test.each<[string, z.ZodType, string]>([
    ["it is no object", z.array(text).max(3), "payload: z.array"],
    ["it is a union of objects", z.union([z.strictObject({ a: text })]), "payload: z.union"],
    ["it is an optional object", z.strictObject({ a: text }).optional(), "payload: z.optional"],
    ["it drops unknown fields", z.object({ a: text }), "payload: z.object"],
    [
      "it keeps unknown fields",
      z.looseObject({ a: text }),
      "payload: an object with further fields; payload{}: z.unknown",
    ],
    ["unknown fields are texts", z.object({}).catchall(text), "payload: an object with further fields"],
    [
      "an object in it is not strict",
      z.strictObject({ a: z.array(z.object({ b: text })).max(2) }),
      "payload.a[]: z.object",
    ],
    ["a field may be anything", z.strictObject({ a: z.any() }), "payload.a: z.any"],
    ["a field is unknown", z.strictObject({ a: z.unknown().optional() }), "payload.a: z.unknown"],
    ["a list is of anything", z.strictObject({ a: z.array(z.unknown()).max(3) }), "payload.a[]: z.unknown"],
    ["a field is a Date", z.strictObject({ a: z.date() }), "payload.a: z.date"],
    ["one way of a union is", z.strictObject({ a: z.union([text, z.date()]) }), "payload.a: z.date"],
    ["a field may be a Date or null", z.strictObject({ a: z.date().nullable() }), "payload.a: z.date"],
    ["a text has no end", z.strictObject({ a: z.string() }), "payload.a: a text of any length"],
    ["only its start is told", z.strictObject({ a: z.string().min(3) }), "payload.a: a text of any length"],
    [
      "its pattern has no end",
      z.strictObject({ a: z.string().regex(/^[a-z]+$/) }),
      "payload.a: a text of any length",
    ],
    [
      "its pattern is of each line",
      z.strictObject({ a: z.string().regex(/^[a-z]{1,3}$/m) }),
      "payload.a: a text of any length",
    ],
    [
      "its pattern has a way around the end",
      z.strictObject({ a: z.string().regex(/^a|b$/) }),
      "payload.a: a text of any length",
    ],
    ["a URL has no end", z.strictObject({ a: z.url() }), "payload.a: a text of any length (url)"],
    ["base64 has no end", z.strictObject({ a: z.base64() }), "payload.a: a text of any length (base64)"],
    [
      "a template has no end",
      z.strictObject({ a: z.templateLiteral(["v", z.int()]) }),
      "payload.a: a template without a bound",
    ],
    ["a list has no end", z.strictObject({ a: z.array(text) }), "payload.a: a list of any length"],
    [
      "a list in a list has none",
      z.strictObject({ a: z.array(z.array(text)).max(2) }),
      "payload.a[]: a list of any length",
    ],
    [
      "a tuple has a rest",
      z.strictObject({ a: z.tuple([text], text) }),
      "payload.a: a tuple with a rest of any length",
    ],
    ["a record has no end", z.strictObject({ a: z.record(text, text) }), "payload.a: a record of any size"],
    [
      "its keys have none",
      z.strictObject({ a: z.record(z.string(), text).refine(...atMostMembers(3)) }),
      "payload.a.(key): a text of any length",
    ],
    [
      "its values are unknown and its keys have no end",
      z.strictObject({ a: z.record(z.string(), z.unknown()).refine(...atMostMembers(3)) }),
      "payload.a.(key): a text of any length; payload.a{}: z.unknown",
    ],
    ["a map is no JSON", z.strictObject({ a: z.map(text, text) }), "payload.a: z.map"],
    ["a set is no JSON", z.strictObject({ a: z.set(text) }), "payload.a: z.set"],
    ["a bigint is no JSON", z.strictObject({ a: z.bigint() }), "payload.a: z.bigint"],
    ["a literal is a bigint", z.strictObject({ a: z.literal(5n) }), "payload.a: a literal that JSON lacks"],
    ["a symbol is no JSON", z.strictObject({ a: z.symbol() }), "payload.a: z.symbol"],
    ["undefined is no JSON", z.strictObject({ a: z.union([text, z.undefined()]) }), "payload.a: z.undefined"],
    ["void is no JSON", z.strictObject({ a: z.void() }), "payload.a: z.void"],
    ["NaN is no JSON", z.strictObject({ a: z.nan() }), "payload.a: z.nan"],
    ["a file is none", z.strictObject({ a: z.file() }), "payload.a: z.file"],
    ["a promise is none", z.strictObject({ a: z.promise(text) }), "payload.a: z.promise"],
    ["a class has its own rules", z.strictObject({ a: z.instanceof(URL) }), "payload.a: z.custom"],
    ["a value is changed", z.strictObject({ a: text.transform(Number) }), "payload.a: z.pipe"],
    ["a value is prepared", z.strictObject({ a: z.preprocess(String, text) }), "payload.a: z.pipe"],
    ["flags come as text", z.strictObject({ a: z.stringbool() }), "payload.a: z.pipe"],
    ["a value is coerced", z.strictObject({ a: z.coerce.number() }), "payload.a: z.coerce.number()"],
    ["a wrong value is replaced", z.strictObject({ a: text.catch("x") }), "payload.a: z.catch"],
    ["it is only known later", z.strictObject({ a: z.lazy(() => text) }), "payload.a: z.lazy"],
    ["it is JSON of any size", z.strictObject({ a: z.json() }), "payload.a: z.lazy"],
    ["it holds itself", z.strictObject({ a: node }), "payload.a.children[]: a schema that holds itself"],
    [
      "two objects are to be one",
      z.strictObject({ a: z.intersection(z.strictObject({ b: text }), z.strictObject({ c: text })) }),
      "payload.a: z.intersection",
    ],
    [
      "a field's schema came undefined out of a circular import",
      z.strictObject({ a: undefined as never }),
      "payload.a: nothing",
    ],
  ])("%s", (_where, payload, refusal) => {
    expect(refusals(payload).join("; ")).toBe(refusal);
  });

  test.each([undefined, null, "text", {}, { _def: { typeName: "ZodObject" } }])(
    "it is no schema at all, as a circular import leaves it: %j",
    (payload) => {
      expect(() => define(payload as never)).toThrow(
        /payload: expected a z\.strictObject.*no schema of zod 4/,
      );
    },
  );

  test("all places are told at once, with what names a person before what has no end", () => {
    const payload = z.strictObject({ at: z.date(), customer_name: z.string(), steps: z.array(z.any()) });
    expect(() => define(payload)).toThrow(
      /payload\.customer_name: the key names personal data.*payload\.at: expected z\.iso\.datetime.*payload\.customer_name: expected a bound.*payload\.steps: expected a bound.*payload\.steps\[\]: expected the type/,
    );
  });

  test.each([
    ["email", z.email().max(100)],
    ["e164", z.e164()],
    ["ipv4", z.ipv4()],
    ["jwt", z.jwt().max(500)],
  ])("its format is personal or secret, whatever its key: %s", (_format, schema) => {
    expect(() => define(z.strictObject({ where: schema }))).toThrow(/payload\.where: the field holds an? /);
  });
});

test("control: zod alone takes each of these, loses a field, or changes a value", () => {
  expect(z.object({ reason: text.optional() }).parse({ raeson: "misspelt" })).toEqual({});
  expect(z.string().parse("x".repeat(1_000_000))).toHaveLength(1_000_000);
  expect(z.coerce.number().parse("")).toBe(0);
  expect(
    JSON.parse(JSON.stringify(z.strictObject({ a: z.map(text, text) }).parse({ a: new Map([["b", "c"]]) }))),
  ).toEqual({ a: {} });
});

describe("a payload is taken", () => {
  const thing = define(
    z
      .strictObject({
        thing_id: z.uuid(),
        at: z.iso.datetime({ offset: true }),
        day: z.iso.date().nullable(),
        slug: z.string().regex(/^(?:[a-z]{1,9}|x)(?:-[0-9+*]{2})?$/),
        trimmed: z.string().trim().max(20),
        price: z.number(),
        kind: z.enum(["a", "b"]).default("a"),
        flag: z.literal([true, null]),
        pair: z.tuple([text, z.strictObject({ on: z.boolean() })]),
        counts: z.record(z.enum(["up", "down"]), z.int()),
        labels: z.record(text, text).refine(...atMostMembers(5)),
        ways: z.discriminatedUnion("by", [
          z.strictObject({ by: z.literal("air"), height: z.int() }),
          z.strictObject({ by: z.literal("sea") }),
        ]),
        shared: z.array(text).max(3).readonly(),
        details: openObject().optional(),
      })
      .refine(({ price }) => price >= 0),
  );
  const payload = {
    thing_id: "7b1d3f50-2c6e-4a8b-9f10-1234567890ab",
    at: "2026-01-05T09:30:00.000Z",
    day: null,
    slug: "abc-1+",
    trimmed: "x",
    price: 1.5,
    kind: "b",
    flag: null,
    pair: ["x", { on: true }],
    counts: { up: 1, down: 2 },
    labels: { a: "b" },
    ways: { by: "sea" },
    shared: ["x"],
    details: { deep: [{ a: [1, null] }] },
  };

  test("where all of it has a bound", () => {
    expect(parsePayload(thing, payload)).toEqual(payload);
  });

  test("and read tolerantly at every level, also in tuples", () => {
    const event = {
      type: thing.type,
      payload: { ...payload, more: 1, pair: ["x", { on: true, more: 1 }], ways: { by: "sea", more: 1 } },
      tenant_id: null,
      timestamp: payload.at,
      meta: { schema_version: 1, producer: "p", source_module: "demo" },
    };
    expect(parseEventPayload(event as never, thing)).toEqual({ ok: true, payload });
  });

  test("with open data up to its bound", () => {
    const few = define(z.strictObject({ details: openObject(2) }));
    expect(parsePayload(few, { details: { a: 1, b: { c: [] } } })).toEqual({
      details: { a: 1, b: { c: [] } },
    });
    expect(() => parsePayload(few, { details: { a: 1, b: 2, c: 3 } })).toThrow(/at most 2 members/);
    expect(() => parsePayload(few, { details: { customer: { name: "Ann" } } })).toThrow(
      /payload\.details\.customer\.name: the key names personal data/,
    );
  });
});
