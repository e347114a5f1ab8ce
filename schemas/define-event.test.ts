import fc from "fast-check";
import { afterEach, describe, expect, expectTypeOf, test, vi } from "vitest";
import * as z from "zod";
import { charter } from "./charter.ts";
import { decodeEntry } from "./decoding/decode.ts";
import { parseEventPayload } from "./decoding/read-payload.ts";
import { defineEvent, type PayloadInputOf, type PayloadOf } from "./define-event.ts";
import { CharterError } from "./errors.ts";
import { id, isoTime } from "./events/fields.ts";
import { checkPayload, parsePayload } from "./payloads/payload.ts";
import { childrenOf, schemaDef } from "./payloads/schema-walk.ts";
import { pii } from "./personal.ts";
import { readTime } from "./time.ts";

afterEach(() => vi.unstubAllGlobals());

/** The fields with a time, at any depth. */
function timesIn(schema: z.core.$ZodType, path = ""): { path: string; schema: z.core.$ZodType }[] {
  if (schemaDef(schema).format === "datetime") return [{ path, schema }];
  return childrenOf(schema).flatMap((child) => timesIn(child.schema, `${path}.${child.step}`));
}

const base = { version: 1, module: "demo", criticality: "INFO", when: "never" } as const;

const renamed = defineEvent("demo.thing.renamed", {
  ...base,
  version: 3,
  key: (payload) => payload.thing_id,
  payload: z.strictObject({ thing_id: z.string().max(100), title: z.string().max(100), length: z.int() }),
  upcasts: {
    1: ({ label, ...rest }) => ({ ...rest, title: label ?? "" }),
    2: (payload) => ({ ...payload, length: String(payload.title).length }),
  },
});

function stored(version: number, payload: unknown) {
  const decoded = decodeEntry(charter, {
    id: "e1",
    type: "demo.thing.renamed",
    source: "s",
    payload: JSON.stringify(payload),
    timestamp: "2026-01-05T09:30:00Z",
    meta: JSON.stringify({ schema_version: version, producer: "p", source_module: "demo" }),
  });
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.event;
}

describe("a definition", () => {
  test("types the payload for publisher and handler", () => {
    expectTypeOf<PayloadOf<typeof renamed>>().toEqualTypeOf<{
      thing_id: string;
      title: string;
      length: number;
    }>();
    expectTypeOf<PayloadInputOf<typeof renamed>>().toEqualTypeOf<PayloadOf<typeof renamed>>();
  });

  test.each([
    [1, { thing_id: "t1", label: "old" }],
    [2, { thing_id: "t1", title: "old" }],
    [3, { thing_id: "t1", title: "old", length: 3 }],
  ])("reads version %s as the current one", (version, payload) => {
    expect(parseEventPayload(stored(version, payload), renamed)).toEqual({
      ok: true,
      payload: { thing_id: "t1", title: "old", length: 3 },
    });
  });

  test("reports an upcast that fails instead of throwing", () => {
    const broken = defineEvent("demo.thing.broken", {
      ...base,
      version: 2,
      payload: z.strictObject({ a: z.string().max(100) }),
      upcasts: {
        1: () => {
          throw new RangeError("no");
        },
      },
    });
    expect(parseEventPayload(stored(1, {}), broken)).toMatchObject({
      ok: false,
      issues: [{ path: "payload" }],
    });
  });

  test("needs one upcast for each version before its own", () => {
    const payload = z.strictObject({ a: z.string().max(100) });
    expect(() => defineEvent("demo.thing.raised", { ...base, version: 2, payload })).toThrow(
      /one step for each version/,
    );
    expect(() =>
      defineEvent("demo.thing.raised", { ...base, version: 1, payload, upcasts: { 1: (p) => p } }),
    ).toThrow();
    expect(() => defineEvent("demo.thing.raised", { ...base, version: 0, payload })).toThrow(
      /integer from 1/,
    );
    expect(() => defineEvent("demo.thing.raised", { ...base, payload: z.string() })).toThrow(/strictObject/);
  });

  test("gives the key of any payload and null for what has none", () => {
    expect(renamed.keyOf({ thing_id: "t1" })).toBe("t1");
    for (const payload of [{}, { thing_id: 5 }, { thing_id: "" }, null, "text", undefined]) {
      expect(renamed.keyOf(payload)).toBeNull();
    }
    expect(defineEvent("demo.thing.raised", { ...base, payload: z.strictObject({}) }).keyOf({})).toBeNull();
  });
});

describe("times", () => {
  test.each([
    ["2024-02-29T23:59:59Z", "2024-02-29T23:59:59.000Z", "offset"],
    ["2025-12-28 10:00", "2025-12-28T10:00:00.000Z", "naive"],
    ["2025-12-28T10:00:00.1234567+0130", "2025-12-28T08:30:00.123Z", "offset"],
    [0, "1970-01-01T00:00:00.000Z", "unix"],
    [1_767_605_400_123, "2026-01-05T09:30:00.123Z", "unix"],
    ["1767605400.123", "2026-01-05T09:30:00.123Z", "unix"],
  ])("%s is read as UTC", (value, iso, shape) => expect(readTime(value)).toEqual({ iso, shape }));

  test.each([
    "",
    "now",
    "2025-13-01T00:00:00Z",
    "2025-00-10T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2025-01-01",
    "2025-01-01T25:00:00Z",
    "2025-01-01T10:00:00+99:00",
    "0000-06-01T00:00:00Z",
    "0001-01-01T00:00:00+10:00",
    "9999-12-31T23:59:59-10:00",
    "+010000-01-01T00:00:00Z",
    Number.NaN,
    Number.POSITIVE_INFINITY,
    -5,
    1e300,
    null,
    {},
    true,
  ])("%s is no time", (value) => expect(readTime(value)).toBeNull());

  test("what is written as ours are is read as if it were not", () => {
    const two = fc.nat(99).map((n) => String(n).padStart(2, "0"));
    const year = fc.oneof(
      fc.constantFrom("0000", "0001", "9999", "2024", "2025"),
      fc.nat(9_999).map((n) => String(n).padStart(4, "0")),
    );
    const month = fc.oneof(fc.constantFrom("00", "02", "12", "13"), two);
    const day = fc.oneof(fc.constantFrom("00", "28", "29", "30", "31"), two);
    const hour = fc.oneof(fc.constantFrom("00", "23", "24"), two);
    fc.assert(
      fc.property(year, month, day, hour, two, two, fc.nat(999), (y, mo, d, h, mi, s, ms) => {
        const text = `${y}-${mo}-${d}T${h}:${mi}:${s}.${String(ms).padStart(3, "0")}`;
        expect(readTime(`${text}Z`)).toEqual(readTime(`${text}+00:00`));
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("a time in a payload", () => {
  const dated = defineEvent("demo.thing.dated", {
    ...base,
    payload: z.strictObject({ at: isoTime, until: isoTime.nullable().optional() }),
  });
  const strange = ["0000-06-01T00:00:00Z", "0001-01-01T00:00:00+10:00", "9999-12-31T23:59:59-10:00"];

  test.each(["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", "9999-12-31T23:00:00+10:00"])(
    "is published: %s",
    (at) => expect(parsePayload(dated, { at, until: at })).toEqual({ at, until: at }),
  );

  test.each(strange)("that databases do not hold is not published, and says which are: %s", (at) => {
    const { invalid } = checkPayload(dated, { at, until: at });
    const message = "expected a time in the years 1 to 9999";
    expect(invalid.map(({ path, message: told }) => [path, told])).toEqual([
      ["payload.at", message],
      ["payload.until", message],
    ]);
  });

  test("that is none is told once", () => {
    expect(checkPayload(dated, { at: "soon" }).invalid).toHaveLength(1);
    expect(checkPayload(dated, { at: "2026-02-30T00:00:00Z" }).invalid).toHaveLength(1);
  });

  test.each(strange)("is read from an event that was published before, whatever its year: %s", (at) => {
    const decoded = decodeEntry(charter, {
      id: "e1",
      type: "demo.thing.dated",
      source: "s",
      payload: JSON.stringify({ at, until: at }),
      timestamp: "2026-01-05T09:30:00Z",
      meta: JSON.stringify({ schema_version: 1, producer: "p", source_module: "demo" }),
    });
    if (!decoded.ok) throw new Error(decoded.reason);
    expect(parseEventPayload(decoded.event, dated)).toEqual({ ok: true, payload: { at, until: at } });
  });

  test("control: with the rule of writing, it could not be read any more", () => {
    expect(dated.payload.safeParse({ at: strange[0] }).success).toBe(false);
  });

  test("every time of the catalogue follows the rule", () => {
    const times = charter.all.flatMap(({ type, payload }) =>
      timesIn(payload).map(({ path, schema }) => ({ name: `${type}: ${path}`, schema })),
    );
    expect(times.length).toBeGreaterThan(50);
    const faults = times.filter(({ schema }) => z.safeParse(schema, strange[0]).success);
    expect(faults.map(({ name }) => name)).toEqual([]);
  });
});

describe("in a program whose build has made all definitions before", () => {
  const unbounded = () =>
    defineEvent("demo.thing.renamed", { ...base, payload: z.strictObject({ title: z.string() }) });

  test("a start looks through none of them; what is wrong with one is found when it is first published", () => {
    // Control: everywhere else it is found at once.
    expect(unbounded).toThrow(CharterError);
    vi.stubGlobal("BRAIN_EVENTS_CHECKED", true);
    const definition = unbounded();
    for (let again = 0; again < 2; again++)
      expect(() => parsePayload(definition, { title: "new" })).toThrow(
        /The event "demo\.thing\.renamed" cannot be defined/,
      );
    const personal = defineEvent("demo.thing.renamed", {
      ...base,
      payload: z.strictObject({
        user_id: id,
        title: pii(z.string().max(100), { subject: "user_id" }),
      }),
    });
    expect(personal.personal).toEqual([{ field: "title", subject: "user_id" }]);
    expect(parsePayload(personal, { user_id: "u-1", title: "new" })).toEqual({
      user_id: "u-1",
      title: "new",
    });
    expect([...personal.knownKeys]).toEqual(["user_id", "title"]);
  });
});
