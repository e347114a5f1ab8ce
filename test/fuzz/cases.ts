import { charter, encodeEntry } from "@brain/schemas";
import fc from "fast-check";
import { arbitraryEvent } from "../../schemas/fixtures/arbitrary.ts";

/* What is sent: valid things, valid things with something broken in them, and things that are none. */

/** Texts with what other programs trip over. */
const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme", maxLength: 20 }),
  fc.constantFrom(
    "",
    "\u0000",
    "\ud800",
    "__proto__",
    "constructor",
    "'; DROP TABLE events; --",
    "../../etc/passwd",
    "a\r\nb: c",
    "9007199254740993",
    "1e400",
    "-0",
    "null",
    "x".repeat(70_000),
  ),
);

/** Any JSON at all. */
const anyJson: fc.Arbitrary<unknown> = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    anyText,
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(anyText, tie("value"), { maxKeys: 5 }),
  ),
})).value;

/** Of the past, as a rule: what is ahead of the clock is refused. */
const events = fc
  .tuple(fc.oneof(...charter.all.map(arbitraryEvent)), fc.nat(9))
  .map(([event, chance]) => (chance === 0 ? event : { ...event, timestamp: "2026-03-01T10:00:00.000Z" }));
const fields = [
  "id",
  "type",
  "source",
  "target",
  "payload",
  "timestamp",
  "meta",
  "mission_id",
  "correlation_id",
  "tenant_id",
  "actor_id",
  "severity",
  "extra",
  "__proto__",
] as const;

/** An event with some of its fields replaced, removed or added, at the top or in its payload. */
const brokenEvent = fc
  .tuple(
    events,
    fc.array(fc.tuple(fc.constantFrom(...fields), anyJson, fc.constantFrom("set", "remove", "inside")), {
      minLength: 1,
      maxLength: 3,
    }),
  )
  .map(([event, changes]) => {
    const broken: Record<string, unknown> = { ...event };
    for (const [field, value, how] of changes) {
      if (how === "remove") delete broken[field];
      else if (how === "set") broken[field] = value;
      else broken.payload = { ...(event.payload as object), [field]: value };
    }
    return broken;
  });

/** One event, or what somebody took for one. */
export const anyEvent: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 2, arbitrary: events },
  { weight: 5, arbitrary: brokenEvent },
  { weight: 2, arbitrary: anyJson },
);

const jsonText = (value: unknown) => JSON.stringify(value) ?? "null";

/** The bytes of a text with some of them changed, cut or doubled. */
const damaged = (texts: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> =>
  fc.tuple(texts, fc.nat(), fc.uint8Array({ maxLength: 4 }), fc.nat(3)).map(([text, place, noise, cut]) => {
    const bytes = new TextEncoder().encode(text);
    const at = bytes.length === 0 ? 0 : place % bytes.length;
    return new Uint8Array([...bytes.slice(0, at), ...noise, ...bytes.slice(at + cut)]);
  });

/** A body made of values: as JSON, damaged JSON, or no JSON at all. */
export const bodyOf = (values: fc.Arbitrary<unknown>): fc.Arbitrary<Uint8Array> => {
  const texts = values.map(jsonText);
  return fc.oneof(
    { weight: 6, arbitrary: texts.map((text) => new TextEncoder().encode(text)) },
    { weight: 3, arbitrary: damaged(texts) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  );
};

/** Events as a JSON array, as lines, or damaged; good ones only in some, as hardly any mixture of eight is taken whole. */
export const batchBody: fc.Arbitrary<Uint8Array> = fc
  .oneof(
    { weight: 4, arbitrary: fc.array(anyEvent, { maxLength: 8 }) },
    { weight: 1, arbitrary: fc.array(events, { minLength: 1, maxLength: 8 }) },
  )
  .chain((items) =>
    fc.oneof(
      bodyOf(fc.constant(items)),
      fc.constant(new TextEncoder().encode(items.map(jsonText).join("\n"))),
      damaged(fc.constant(items.map(jsonText).join("\n"))),
    ),
  );

export const contentType = fc.constantFrom(
  "application/json",
  "application/x-ndjson",
  "application/cloudevents+json",
  "application/cloudevents-batch+json",
  "text/plain",
  "application/json; charset=utf-8",
  "multipart/form-data; boundary=x",
);

/** Headers of a CloudEvent in binary form, good and bad ones; mostly none. */
export const cloudHeaders: fc.Arbitrary<Record<string, string>> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.dictionary(
      fc.constantFrom("ce-specversion", "ce-id", "ce-type", "ce-source", "ce-time", "ce-subject", "ce-x-y"),
      fc.constantFrom("1.0", "0.3", "", "system.health", "not a time", "%00", "é", "2026-03-01T10:00:00Z"),
    ),
  },
);

const entryField = fc.oneof(
  fc.constantFrom(...fields, "event_type", "data", "event_id", "envelope", "stream_message_id", "metadata"),
  anyText,
);
const entryValue = fc.oneof(anyText, anyJson.map(jsonText), fc.integer().map(String), fc.uuid());

/** Fields of a stream entry: ours with some changed, or as another program might have written them. */
export const streamEntry: fc.Arbitrary<readonly string[]> = fc
  .tuple(
    fc.oneof(fc.constant([]), events.map(encodeEntry)),
    fc.array(fc.tuple(entryField, entryValue), { maxLength: 6 }),
    fc.constantFrom(0, 0, 0, 1),
  )
  .map(([own, changes, cut]) => {
    const fields = new Map<string, string>(changes);
    for (let at = 0; at + 1 < own.length; at += 2) {
      const name = own[at] ?? "";
      // What is changed comes first in some, and last in others.
      if (!fields.has(name) || at % 4 === 0) fields.set(name, own[at + 1] ?? "");
    }
    const flat = [...fields].flat();
    return cut === 1 ? flat.slice(0, -1) : flat;
  });

/** A line of a log. */
export const logRecord = fc.oneof(anyText, anyEvent.map(jsonText), anyJson.map(jsonText));

const stripeTypes = [
  "checkout.session.completed",
  "checkout.session.expired",
  "checkout.session.async_payment_failed",
  "charge.refunded",
  "charge.dispute.created",
  "refund.updated",
  "payment_intent.succeeded",
];
const stripeObject = fc.record(
  {
    id: anyJson,
    object: fc.constantFrom("checkout.session", "refund", "charge", "nothing"),
    amount_total: fc.oneof(fc.integer(), anyJson),
    amount: fc.oneof(fc.integer(), anyJson),
    currency: fc.oneof(fc.constant("eur"), anyJson),
    payment_status: fc.oneof(fc.constant("paid"), anyJson),
    payment_intent: anyJson,
    client_reference_id: fc.oneof(fc.uuid(), anyJson),
    metadata: fc.oneof(fc.record({ intent_id: fc.oneof(fc.uuid(), anyJson) }), anyJson),
    status: fc.oneof(fc.constantFrom("succeeded", "failed", "pending"), anyJson),
  },
  { requiredKeys: [] },
);
const stripeEvent = fc.record(
  {
    id: fc.oneof(fc.stringMatching(/^evt_[a-z0-9]{8,20}$/), anyJson),
    object: fc.oneof(fc.constant("event"), anyJson),
    type: fc.oneof(fc.constantFrom(...stripeTypes), anyText),
    created: fc.oneof(fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }), anyJson),
    livemode: fc.oneof(fc.constant(false), anyJson),
    data: fc.oneof(fc.record({ object: stripeObject }), anyJson),
  },
  { requiredKeys: ["id", "type"] },
);

export const webhookBody = bodyOf(
  fc.oneof({ weight: 4, arbitrary: stripeEvent }, { weight: 1, arbitrary: anyJson }),
);

/** A signature header that is none; `good`: the case signs the body as the provider does. */
export const signature: fc.Arbitrary<"good" | string> = fc.oneof(
  { weight: 3, arbitrary: fc.constant("good") },
  fc.constantFrom(
    "",
    "t=1,v1=00",
    "v1=",
    "t=,v1=,",
    "t=999999999999999999,v1=ff",
    "t=1;v1=a",
    ",".repeat(2_000),
  ),
  fc.string({ maxLength: 60 }),
);

/** Commands on data, and some that are not offered. Numbers stay small: `SETRANGE` makes a text of that length. */
const commandName = fc.constantFrom(
  ..."GET SET MGET HSET HGETALL LPUSH LRANGE SADD ZADD ZRANGE XADD XRANGE XREADGROUP XINFO EVAL INCR EXPIRE SETRANGE SETBIT".split(
    " ",
  ),
  ..."BLPOP SUBSCRIBE MULTI CONFIG SHUTDOWN DEBUG AUTH SELECT MONITOR CLIENT get Set".split(" "),
);
const commandPart: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom("*", "0", "1", "STREAMS", "COUNT", "BLOCK", "NX", "EX", "$", ">", "return 1", "10"),
  fc.string({ unit: "binary", maxLength: 20 }).filter((text) => !/^\s*[+-]?\d{4,}/.test(text)),
  fc.integer({ min: -500, max: 500 }),
  fc.constantFrom(null, true, [], {}, [[]], 0.5),
);
/** @param key begins the keys that are touched */
const redisCommand = (key: string): fc.Arbitrary<readonly unknown[]> =>
  fc
    .tuple(commandName, fc.nat(5), fc.array(commandPart, { maxLength: 6 }))
    .map(([name, number, rest]) => [name, `${key}:${number}`, ...rest]);

export const redisRequest = (key: string) =>
  fc.tuple(
    fc.constantFrom("/", "/pipeline", "/multi-exec", "/get", `/set/${key}:9/x`, "/nothing", "/%zz"),
    bodyOf(fc.oneof(redisCommand(key), fc.array(redisCommand(key), { maxLength: 5 }), anyJson)),
    fc.constantFrom({}, { "upstash-encoding": "base64" }, { "upstash-response-format": "resp2" }),
  );

const sqlPiece = fc.constantFrom(
  ..."SELECT|1|$1|$2|'|--|;|::int[]|FROM events|generate_series(1,3)|\"|E'\\x00'|\u0000|NULL|,|(|)|/*|$$|now()".split(
    "|",
  ),
);
const sqlText = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      "SELECT 1",
      "SELECT $1::text",
      "SELECT $1::jsonb",
      "SELECT $1::int[]",
      "SELECT $1::bytea",
    ),
  },
  fc.array(sqlPiece, { maxLength: 8 }).map((parts) => parts.join(" ")),
  anyText,
);
const statement = fc.oneof(
  { weight: 4, arbitrary: fc.record({ query: sqlText, params: fc.array(anyJson, { maxLength: 3 }) }) },
  { weight: 1, arbitrary: anyJson },
);
export const sqlRequest = fc.tuple(
  bodyOf(fc.oneof(statement, fc.record({ queries: fc.array(statement, { maxLength: 3 }) }))),
  fc.dictionary(
    fc.constantFrom(
      "neon-raw-text-output",
      "neon-array-mode",
      "neon-batch-isolation-level",
      "neon-batch-read-only",
      "neon-batch-deferrable",
    ),
    fc.constantFrom("true", "false", "Serializable", "x", ""),
  ),
);

/** Messages of a session, from a good beginning to noise. */
export const sessionBytes = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // The length, version 3.0, and names of no use.
    fc
      .uint8Array({ maxLength: 40 })
      .map((rest) => new Uint8Array([0, 0, 0, 8 + rest.length, 0, 3, 0, 0, ...rest])),
    fc
      .tuple(fc.constantFrom(..."QPBEDSCXpHcdf"), fc.nat(2 ** 31 - 1), fc.uint8Array({ maxLength: 30 }))
      .map(([kind, length, rest]) => {
        const bytes = new Uint8Array(5 + rest.length);
        bytes[0] = kind.charCodeAt(0);
        new DataView(bytes.buffer).setUint32(1, length);
        bytes.set(rest, 5);
        return bytes;
      }),
  ),
  { minLength: 1, maxLength: 4 },
);
