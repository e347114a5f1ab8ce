import { expect, test } from "vitest";
import { on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { exportEvents } from "../../../src/engine/events/export.ts";
import { blocksOf, readProject } from "../../../tools/checks/documents.ts";
import type { Backbone } from "../../backbone.ts";
import { partChecked } from "../events.ts";
import { openBackbone, publishReports, recordReport } from "../fixture.ts";

const { documents } = await readProject();
const page = documents.filter(({ path }) => path === "src/engine/operations/OUTGROWING.md");
const [claim] = blocksOf(page, "sql");

const recorder = defineConsumer({
  subscriber: "recorder",
  handlers: [on(partChecked, async (event, { tx }) => recordReport(tx, "recorder", event))],
});

/** A program that reads another log, as the document describes it: the claim, then the handler's body. @returns what it applied */
async function applyOutside(backbone: Backbone, withClaim = true): Promise<number> {
  const { events } = await exportEvents(backbone.system.open().db, { after: new Map(), limit: 100 });
  let applied = 0;
  for (const { id, type, tenant_id, stream_message_id } of events) {
    // The literals of the document, as parameters: consumer, topic, stream id, id, type, tenant.
    let count = 0;
    const text = (claim?.text ?? "").replaceAll(/'[^']*'/g, () => {
      count += 1;
      return `$${count}`;
    });
    const rows = await backbone.sql(text, [
      "recorder",
      "brain.events",
      stream_message_id,
      id,
      type,
      tenant_id,
    ]);
    if (withClaim && rows.length === 0) continue;
    await backbone.sql("INSERT INTO effects (subscriber, event_id) VALUES ('recorder', $1)", [id]);
    applied += 1;
  }
  return applied;
}

const effects = async (backbone: Backbone) =>
  (await backbone.sql<{ n: number }>("SELECT count(*)::int AS n FROM effects"))[0]?.n;

test("what the edge has handled, a program behind another log does not apply again", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 3);
  await backbone.relay();
  await backbone.drain(recorder);
  await publishReports(backbone, 2);
  await backbone.relay();
  expect(await applyOutside(backbone)).toBe(2);
  expect(await effects(backbone)).toBe(5);
});

test("what such a program has applied, the edge does not apply again when one goes back", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 4);
  await backbone.relay();
  expect(await applyOutside(backbone)).toBe(4);
  expect(await backbone.drain(recorder)).toMatchObject({ applied: 0 });
  expect(await effects(backbone)).toBe(4);
});

test("control: without looking at the claim each event takes effect twice", async () => {
  const backbone = await openBackbone();
  await publishReports(backbone, 3);
  await backbone.relay();
  await backbone.drain(recorder);
  expect(await applyOutside(backbone, false)).toBe(3);
  expect(await effects(backbone)).toBe(6);
});
