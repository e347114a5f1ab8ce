import { createEngine } from "@brain/engine";
import { createCatalog, defineEvent, pii } from "@brain/schemas";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { TransientError } from "../../../src/engine/core/errors.ts";
import { eraseSubject } from "../../../src/engine/events/subjects.ts";
import type { Backbone } from "../../backbone.ts";
import { labCatalog, partChecked } from "../events.ts";
import { openBackbone, publishReports } from "../fixture.ts";

/*
 * An isolate remembers the key of a person, and another one erases the person. What the first accepts behind that is not
 * what was to be erased, and must not be destroyed as it is stored.
 */

const readerLeft = defineEvent("lab.reader.left", {
  version: 1,
  module: "lab",
  criticality: "INFO",
  when: "A reader left",
  payload: z.strictObject({
    user_id: z.string().max(100),
    reason: pii(z.string().max(500).describe("Why."), { subject: "user_id" }),
  }),
});
const catalog = createCatalog([...labCatalog.all, readerLeft]);
const left = (reason: string) => ({ user_id: "u-1", reason });

async function erase(backbone: Backbone): Promise<void> {
  const by = { actorId: "operator", requestId: "request" } as never;
  await eraseSubject(backbone.system.open(), { subject: "u-1", tenantId: "acme" }, "asked", by);
}

/** In clear, as readers get them. */
async function reasons(backbone: Backbone): Promise<unknown[]> {
  const rows = await backbone.sql<{ id: string; type: string; payload: { reason: string } }>(
    "SELECT id::text, type, payload FROM events WHERE type = 'lab.reader.left' ORDER BY position",
  );
  const shown = await backbone.open().publish.personal?.reveal(rows);
  return shown?.map(({ payload }) => payload.reason) ?? [];
}

describe("what is accepted behind an erasure elsewhere can be read", () => {
  test("in a transaction: it fails once, as something that passes, and its next try is sealed anew", async () => {
    const backbone = await openBackbone({ catalog });
    const other = createEngine({ catalog, settings: backbone.config, sink: () => undefined });
    const say = (reason: string) =>
      other.transact({ source: "lab", tenant_id: "acme" }, (_tx, publish) =>
        publish(readerLeft, left(reason)),
      );
    await say("before");
    await erase(backbone);
    await expect(say("behind")).rejects.toThrow(TransientError);
    await say("behind");
    await say("remembered again");
    expect(await reasons(backbone)).toEqual(["[erased]", "behind", "remembered again"]);
  });

  test("in a handler, which is tried again", async () => {
    const backbone = await openBackbone({ catalog });
    const consumer = defineConsumer({
      subscriber: "leaver",
      retry: { baseMs: 1, capMs: 1 },
      handlers: [
        on(partChecked, async (event, { publish }) => {
          await publish(readerLeft, left(event.payload.status), { tenant_id: "acme" });
        }),
      ],
    });
    await publishReports(backbone, 1);
    await backbone.relay();
    await backbone.drain(consumer);
    const other = createEngine({ catalog, settings: backbone.config, sink: () => undefined });
    await eraseSubject(other.open(), { subject: "u-1", tenantId: "acme" }, "asked", {
      actorId: "operator",
      requestId: "request",
    } as never);
    await publishReports(backbone, 1);
    await backbone.relay();
    for (let round = 0; round < 3; round += 1) await backbone.drain(consumer);
    const [before, behind] = await reasons(backbone);
    expect(before).toBe("[erased]");
    expect(behind).not.toBe("[erased]");
    expect(await backbone.sql("SELECT FROM dead_letters")).toEqual([]);
  });
});
