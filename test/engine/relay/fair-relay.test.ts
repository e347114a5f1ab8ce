import fc from "fast-check";
import { expect, test } from "vitest";
import { prepareEvent, publishMany } from "../../../src/engine/publish/publish.ts";
import type { Backbone } from "../../backbone.ts";
import { meterRead } from "../events.ts";
import { openBackbone, relayWith, streamEntries } from "../fixture.ts";

/* Tenants take turns in the relay while more is unsent than one batch holds. */

type Reading = readonly [tenant: string | null, meter: string];

/** One transaction; `reading` counts up over all. */
async function publishAll(backbone: Backbone, readings: readonly Reading[]): Promise<void> {
  const { db, publish: settings } = backbone.system.open();
  const prepared = readings.map(([tenant_id, meter_id], reading) =>
    prepareEvent(settings, meterRead, { meter_id, reading, faults: 0 }, { source: "engine_test", tenant_id }),
  );
  await db.transaction((tx) => publishMany(tx, prepared));
}

function many(count: number, tenant: string | null, meter: (at: number) => string): Reading[] {
  return Array.from({ length: count }, (_, at) => [tenant, meter(at)] as const);
}

async function sentOrder(backbone: Backbone): Promise<{ tenant: string; meter: string; reading: number }[]> {
  return (await streamEntries(backbone)).map(({ fields }) => {
    const { meter_id: meter, reading } = JSON.parse(fields.payload ?? "{}");
    return { tenant: fields.tenant_id ?? "", meter, reading };
  });
}

/** Sends all, in batches of at most `maxCount`. */
async function sendAll(backbone: Backbone, maxCount: number): Promise<void> {
  await relayWith(backbone, ({ relay }) => ({ settings: { ...relay, maxCount } }));
}

const flood = 2_000;
const batch = 100;

/** Behind a flood of one tenant, another one publishes ten. */
async function floodAndTen(): Promise<Backbone> {
  const backbone = await openBackbone();
  await publishAll(backbone, [
    ...many(flood, "flood", (at) => `f${at % 7}`),
    ...many(10, "small", (at) => `s${at % 3}`),
  ]);
  return backbone;
}

test("another tenant's few events pass a flood that waits to be sent", async () => {
  const backbone = await floodAndTen();
  await sendAll(backbone, batch);
  const order = await sentOrder(backbone);
  expect(order).toHaveLength(flood + 10);
  expect(order.findLastIndex(({ tenant }) => tenant === "small")).toBeLessThan(2 * batch);
});

test("control: batches that are not full are in the order of the record, and then the few come last", async () => {
  const backbone = await floodAndTen();
  await relayWith(backbone, ({ relay }) => ({ settings: { ...relay, maxCount: flood + 10 } }));
  const order = await sentOrder(backbone);
  expect(order.findIndex(({ tenant }) => tenant === "small")).toBe(flood);
});

test("a tenant's weight is its share of a batch", async () => {
  const backbone = await openBackbone();
  await backbone.sql("INSERT INTO tenant_limits (tenant_id, weight) VALUES ('heavy', 3), ('', 0.5)");
  await publishAll(backbone, [
    ...many(500, "flood", () => "a"),
    ...many(500, "heavy", () => "b"),
    ...many(500, null, () => "c"),
  ]);
  await sendAll(backbone, 90);
  const second = (await sentOrder(backbone)).slice(90, 180);
  const count = (wanted: string) => second.filter(({ tenant }) => tenant === wanted).length;
  expect([count("flood"), count("heavy"), count("")]).toEqual([20, 60, 10]);
});

test("the order of each key is kept, also of one that tenants share", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(fc.constantFrom("a", "a", "a", "b", "c", null), fc.constantFrom("1", "2", "3", "4", "5")),
        {
          minLength: 30,
          maxLength: 80,
        },
      ),
      fc.integer({ min: 2, max: 12 }),
      async (readings, maxCount) => {
        const backbone = await openBackbone();
        await publishAll(backbone, readings);
        await sendAll(backbone, maxCount);
        const order = await sentOrder(backbone);
        expect(order).toHaveLength(readings.length);
        for (const key of ["1", "2", "3", "4", "5"]) {
          const sent = order.filter(({ meter }) => meter === key).map(({ reading }) => reading);
          expect(sent).toEqual(sent.toSorted((one, other) => one - other));
        }
      },
    ),
    { numRuns: 12 },
  );
});
