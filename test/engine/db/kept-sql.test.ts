import { SQL } from "drizzle-orm";
import { afterEach, expect, test, vi } from "vitest";
import type { Consumer } from "../../../src/engine/consume/consumer.ts";
import { drainAll } from "../../../src/engine/dispatch/drain-shards.ts";
import { relayAll } from "../../../src/engine/dispatch/relay-shards.ts";
import { ingest } from "../../../src/engine/events/ingest.ts";
import type { Backbone } from "../../backbone.ts";
import { invoke, soon } from "../dispatch/fixture.ts";
import { effects, openBackbone, publishBeats, publishReports, recorder } from "../fixture.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

/** Publishes in every way, relays and applies what was published. */
async function round(backbone: Backbone, consumer: Consumer): Promise<void> {
  await publishBeats(backbone, [["a", 1]]);
  await publishReports(backbone, 1);
  const said = [{ type: "lab.part.checked", source: "lab", payload: { part: "db", status: "1" } }];
  await ingest(backbone.open(), said, { correlationId: null, actorId: null });
  const drained: Promise<void>[] = [];
  await relayAll(invoke(backbone, [consumer]), soon(), (types) =>
    drained.push(drainAll(invoke(backbone, [consumer]), soon(), types)),
  );
  await Promise.all(drained);
}

test("from publish to effect, the engine builds the text of each of its statements once, and handlers build theirs", async () => {
  const backbone = await openBackbone();
  const consumer = recorder();
  await round(backbone, consumer);
  const before = (await effects(backbone)).length;
  expect(before).toBeGreaterThan(0);

  const build = vi.spyOn(SQL.prototype, "toQuery");
  for (let time = 0; time < 3; time += 1) await round(backbone, consumer);
  const applied = (await effects(backbone)).length - before;
  expect(applied).toBe(9);
  // One insert of the recorder's for each: what is built anew is counted.
  expect(build).toHaveBeenCalledTimes(applied);
});
