import { describe, expect, test } from "vitest";
import { reconcileShard } from "../../../src/engine/retention/reconcile.ts";
import { trimShard } from "../../../src/engine/retention/trim.ts";
import type { Backbone } from "../../backbone.ts";
import { sends } from "../../faults.ts";
import {
  effects,
  openBackbone,
  openFaultyBackbone,
  publishReports,
  recorder,
  sendReports,
} from "../fixture.ts";
import { always, handle, streamIds, times } from "./janitor-fixture.ts";

const consumer = recorder();

function reconcile(backbone: Backbone, mayGoOn = always) {
  const invocation = backbone.open();
  return reconcileShard(invocation, 0, mayGoOn);
}

/** Ids of the events that the consumer applied, sorted; an event applied twice is there twice. */
async function applied(backbone: Backbone): Promise<string[]> {
  return (await effects(backbone)).map((row) => row.event_id).sort();
}

describe("the comparison of record and stream", () => {
  test("finds nothing where nothing is missing, and says so", async () => {
    const backbone = await openBackbone();
    expect(await reconcile(backbone)).toMatchObject({ checked: 0, missing: 0, restored: 0, more: false });
    await sendReports(backbone, 20);
    expect(await reconcile(backbone)).toMatchObject({ checked: 20, missing: 0, restored: 0, more: false });
    expect(backbone.logs.filter((line) => line.includes("20 events, 0 missing"))).toHaveLength(1);
  });

  test("restores entries that vanished from the middle, which nothing else would notice", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 20);
    const ids = await streamIds(backbone);
    await backbone.redis("XDEL", backbone.stream, ...ids.slice(5, 9));

    // The control: the last id is where it was, so the relay sees nothing, and four events reach nobody.
    expect(await backbone.relay({ verify: true })).toMatchObject({ restored: 0, sent: 0 });
    await backbone.drain(consumer);
    expect(await applied(backbone)).toHaveLength(16);

    expect(await reconcile(backbone)).toMatchObject({ checked: 20, missing: 4, restored: 4 });
    expect(await backbone.relay()).toMatchObject({ sent: 4 });
    await backbone.drain(consumer);
    expect(await applied(backbone)).toEqual([...events].sort());
    expect(await reconcile(backbone)).toMatchObject({ checked: 20, missing: 0, restored: 0 });
  });

  test("restores a stream that is gone with its groups, and effects are applied once", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 6);
    await backbone.drain(consumer);
    events.push(...(await sendReports(backbone, 6)));
    await backbone.redis("DEL", backbone.stream);
    expect(await reconcile(backbone)).toMatchObject({ checked: 12, missing: 12, restored: 12 });
    expect(await backbone.relay()).toMatchObject({ sent: 12 });
    await backbone.drain(consumer);
    expect(await applied(backbone)).toEqual([...events].sort());
  });

  test("restores what was lost in the middle, which the entries behind it hide", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 10);
    const ids = await streamIds(backbone);
    await backbone.redis("XDEL", backbone.stream, ...ids.slice(4, 9));
    await backbone.append(["id", "foreign", "type", "mission.created", "payload", "{}"]);

    // The control: the last entry that was sent is there, so the stream looks whole.
    expect(await backbone.relay({ verify: true })).toMatchObject({ restored: 0, sent: 0 });

    expect(await reconcile(backbone)).toMatchObject({ checked: 10, missing: 5, restored: 5 });
    await backbone.relay();
    await backbone.drain(consumer);
    expect(await applied(backbone)).toEqual([...events].sort());
  });

  test("is not deceived by another event that stands under the same id", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 1);
    const [id = ""] = await streamIds(backbone);
    await backbone.redis("DEL", backbone.stream);
    await backbone.redis(
      "XADD",
      backbone.stream,
      id,
      "id",
      "foreign",
      "type",
      "mission.created",
      "payload",
      "{}",
    );
    expect(await reconcile(backbone)).toMatchObject({ checked: 1, missing: 1, restored: 1 });
  });

  test("leaves alone what was trimmed on purpose", async () => {
    const backbone = await openBackbone({ env: { BRAIN_STREAM_KEEP: "3" } });
    await sendReports(backbone, 10);
    await backbone.redis("XGROUP", "CREATE", backbone.stream, "edge_recorder", "0");
    await handle(backbone, "edge_recorder", 10);
    const invocation = backbone.open();
    expect(await trimShard(invocation, 0, always)).toMatchObject({ trimmed: 7 });
    expect(await reconcile(backbone)).toMatchObject({ checked: 3, missing: 0, restored: 0 });
    await backbone.redis("DEL", backbone.stream);
    expect(await reconcile(backbone)).toMatchObject({ checked: 3, missing: 3, restored: 3 });
  });

  test("does not send again what is older than the claims, and tells", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 4);
    await backbone.sql("UPDATE events SET stored_at = now() - interval '91 days' WHERE position % 2 = 0");
    await backbone.redis("DEL", backbone.stream);
    expect(await reconcile(backbone)).toMatchObject({ checked: 4, missing: 4, restored: 2 });
    expect(backbone.logs.at(-1)).toContain("the others are older than the claims");
  });

  test("leaves a batch alone that is on its way", async () => {
    const { backbone, redis: proxy } = await openFaultyBackbone();
    await sendReports(backbone, 3);
    await publishReports(backbone, 5);
    const held = proxy.inject({ kind: "hold" }, { when: sends("XADD"), times: 1 });
    const sending = backbone.relay();
    await held.hit;
    expect(await reconcile(backbone)).toMatchObject({ checked: 3, missing: 0, restored: 0 });
    held.release();
    expect(await sending).toMatchObject({ sent: 5 });
    expect(await reconcile(backbone)).toMatchObject({ checked: 8, missing: 0 });
  });

  test("compares page by page, and goes on another time when time is used up", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 2_500);
    const ids = await streamIds(backbone);
    await backbone.redis("XDEL", backbone.stream, ids[10] ?? "", ids[1_500] ?? "", ids[2_499] ?? "");
    expect(await reconcile(backbone, times(1))).toMatchObject({ missing: 1, restored: 1, more: true });
    // Not from the beginning again: with little time the end would never have its turn.
    expect(await reconcile(backbone)).toMatchObject({ checked: 1_499, missing: 2, restored: 2, more: false });
    expect(await reconcile(backbone)).toMatchObject({ checked: 2_497, missing: 0, more: false });
  });

  test("names the groups that the stream does not have", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 1);
    const invocation = backbone.open();
    const registered = { ...invocation, consumers: new Map([[consumer.subscriber, consumer]]) };
    expect(await reconcileShard(registered, 0, always)).toMatchObject({
      missingGroups: [consumer.group],
    });
    await backbone.drain(consumer);
    expect(await reconcileShard(registered, 0, always)).toMatchObject({ missingGroups: [] });
  });
});
