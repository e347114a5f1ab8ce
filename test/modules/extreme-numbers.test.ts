import { charter, type EventDefinition } from "@brain/schemas";
import { afterAll, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import released from "../../schemas/fixtures/released.json" with { type: "json" };
import { createTestEngine, type TestEngine } from "../engine.ts";

/*
 * What the catalogue takes, consumers can handle: every number of every event at its largest. A handler that cannot store
 * one would make a dead letter of an event that its publisher was told is right.
 */

let engine: TestEngine;
beforeAll(async () => {
  engine = await createTestEngine();
});
afterAll(() => engine?.cleanup());

interface Schema {
  readonly type?: string;
  readonly maximum?: number;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
type Place = readonly (string | number)[];

/** The places of numbers that a payload of this schema may have, with the largest that each takes. */
function numbersIn(schema: Schema, place: Place = []): (readonly [Place, number])[] {
  const { type, anyOf, oneOf, properties, items } = schema;
  const inner = [...(anyOf ?? []), ...(oneOf ?? [])].flatMap((one) => numbersIn(one, place));
  const members = Object.entries(properties ?? {}).flatMap(([name, of]) => numbersIn(of, [...place, name]));
  const element = items === undefined ? [] : numbersIn(items, [...place, 0]);
  if (type === "integer") return [[place, schema.maximum ?? Number.MAX_SAFE_INTEGER]];
  if (type === "number") return [[place, schema.maximum ?? 1e300]];
  return [...inner, ...members, ...element];
}

/** Null: the payload has nothing where the place would be. */
function withAt(value: unknown, [head, ...rest]: Place, number: number): unknown {
  if (head === undefined) return number;
  if (typeof value !== "object" || value === null) return null;
  const inner = withAt((value as Record<string | number, unknown>)[head], rest, number);
  if (inner === null) return null;
  return Array.isArray(value)
    ? value.map((member, at) => (at === head ? inner : member))
    : { ...value, [head]: inner };
}

const goldens: Readonly<Record<string, Readonly<Record<string, unknown>>>> = released;

/** Another course, payment and so on for each, so that none stands in another's way. */
function asNew(payload: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(payload).map(([name, value]) => [
      name,
      typeof value === "string" && /_id$/.test(name) && z.uuid().safeParse(value).success
        ? crypto.randomUUID()
        : value,
    ]),
  );
}

function extremesOf(definition: EventDefinition): { readonly what: string; readonly event: object }[] {
  const { type, version, payload } = definition;
  const golden = goldens[`${type}@${version}`];
  if (golden === undefined) throw new Error(`There is no example of "${type}".`);
  return numbersIn(z.toJSONSchema(payload) as Schema).flatMap(([place, number]) => {
    const made = withAt(asNew(golden), place, number);
    if (made === null) return [];
    const event = { id: crypto.randomUUID(), type, source: "elsewhere", tenant_id: null, payload: made };
    return [{ what: `${type}: ${place.join(".")} is ${number}`, event }];
  });
}

test("no consumer stumbles over the largest numbers that an event may tell, nor over their sum", async () => {
  // Twice: what is summed up is more than one of them then.
  const told = [0, 1].flatMap(() => charter.all.flatMap(extremesOf));
  expect(told.length).toBeGreaterThan(100);
  for (let from = 0; from < told.length; from += 500) {
    const events = told.slice(from, from + 500).map(({ event }) => event);
    const reply = await engine.request("POST", "/api/events/batch", events);
    expect([202, 207], reply.text).toContain(reply.status);
    // A few schemas have conditions over several fields.
    expect(reply.body.accepted).toBeGreaterThan(events.length * 0.8);
  }
  await engine.settle();
  const stumbled = await engine.sql<{ subscriber_name: string; event_id: string; error_message: string }>(
    "SELECT subscriber_name, event_id, error_message FROM dead_letters WHERE error_message ~ 'SQLSTATE' OR error_class <> 'PermanentError' AND error_class <> 'TransientError'",
  );
  const whatOf = new Map(told.map(({ what, event }) => [(event as { id: string }).id, what]));
  expect(stumbled.map((row) => [row.subscriber_name, whatOf.get(row.event_id), row.error_message])).toEqual(
    [],
  );
  const sums = await engine.sql(
    "SELECT DISTINCT total::text AS total FROM analytics_counts ORDER BY 1 DESC LIMIT 1",
  );
  expect(sums).toEqual([{ total: String(Number.MAX_SAFE_INTEGER) }]);
});
