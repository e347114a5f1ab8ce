import { describe, expect, test } from "vitest";
import {
  type ConsumerOptions,
  on,
  onBatch,
  onSql,
  onSqlBatch,
  type Subscription,
} from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { prepareEvent, publishMany } from "../../../src/engine/publish/publish.ts";
import { noticeGiven, partChecked } from "../events.ts";
import { drainUntilQuiet, openBackbone } from "../fixture.ts";

/* Whose events a handler may publish: those of the tenant of their cause. */

/** What a handler says of whose its event is; left out: nothing. */
type Told = { readonly tenant_id?: string | null };
const payload = { message: "checked" };

const kinds: Readonly<Record<string, (told: Told) => Subscription>> = {
  on: (told) =>
    on(partChecked, async (_event, { publish }) => void (await publish(noticeGiven, payload, told))),
  onBatch: (told) =>
    onBatch(partChecked, async (deliveries, { publishFrom }) => {
      for (const delivered of deliveries) await publishFrom(delivered)(noticeGiven, payload, told);
    }),
  onSql: (told) =>
    onSql(partChecked, async ({ publish }) => {
      await publish(noticeGiven, payload, told);
      return [];
    }),
  onSqlBatch: (told) =>
    onSqlBatch(partChecked, async ({ deliveries, publishFrom }) => {
      for (const delivered of deliveries) await publishFrom(delivered)(noticeGiven, payload, told);
      return [];
    }),
};

/** Has events of these tenants handled; the tenants of what was published, and how the dead letters came. */
async function handled(
  causes: readonly (string | null)[],
  handler: Subscription,
  options: Partial<ConsumerOptions> = {},
) {
  const backbone = await openBackbone();
  const consumer = defineConsumer({ subscriber: "speaker", handlers: [handler], ...options });
  const { db, publish: settings } = backbone.system.open();
  const prepared = causes.map((tenant_id) =>
    prepareEvent(settings, partChecked, { part: "valve", status: "ok" }, { source: "lab", tenant_id }),
  );
  await db.transaction((tx) => publishMany(tx, prepared));
  await backbone.relay();
  await drainUntilQuiet(backbone, consumer);
  const published = await backbone.sql<{ tenant: string | null }>(
    "SELECT tenant_id AS tenant FROM events WHERE type = 'lab.notice.given' ORDER BY tenant_id NULLS LAST",
  );
  const letters = await backbone.sql<{ tenant_id: string; error_class: string }>(
    "SELECT tenant_id, error_class FROM dead_letters ORDER BY id",
  );
  return {
    published: published.map(({ tenant }) => tenant),
    letters: letters.map((letter) => [letter.tenant_id, letter.error_class]),
  };
}

describe.each(Object.entries(kinds))("%s: what an event of a tenant causes", (_kind, handlerOf) => {
  test("is its tenant's, also when the handler names it, and nobody's cause may be anybody's", async () => {
    expect(await handled(["acme", null], handlerOf({}))).toEqual({ published: ["acme", null], letters: [] });
    expect(await handled(["acme", null], handlerOf({ tenant_id: "acme" }))).toEqual({
      published: ["acme", "acme"],
      letters: [],
    });
  });

  test.each([
    ["another tenant's", "zenith"],
    ["nobody's, which all take for theirs", null],
  ])("is never %s: a dead letter, while other events of the batch go on", async (_whose, tenant_id) => {
    const handler = handlerOf({ tenant_id });
    const own = tenant_id ?? null;
    expect(await handled(["acme", own], handler)).toEqual({
      published: [own],
      letters: [["acme", "UnexpectedTenantError"]],
    });
  });

  test("control: a consumer that says so publishes for anybody", async () => {
    const options = { publishesFor: "any_tenant" } as const;
    expect(await handled(["acme"], handlerOf({ tenant_id: "zenith" }), options)).toEqual({
      published: ["zenith"],
      letters: [],
    });
  });
});

test("a consumer with another word for it does not start", () => {
  const options = { publishesFor: "all" as "any_tenant", handlers: [kinds.on?.({}) as Subscription] };
  expect(() => defineConsumer({ subscriber: "speaker", ...options })).toThrow(
    'publishesFor is "all", expected "own_tenant" or "any_tenant"',
  );
});
