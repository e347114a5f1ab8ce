import { describe, expect, onTestFinished, test } from "vitest";
import { listAlerts } from "../../../src/engine/alerts/alert-views.ts";
import type { Consumer } from "../../../src/engine/consume/consumer.ts";
import { forgetShardState } from "../../../src/engine/consume/lease/deferred-signal.ts";
import { trimIfLong, trimShard } from "../../../src/engine/retention/trim.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";
import { sends } from "../../faults.ts";
import { labCatalog } from "../events.ts";
import { effects, openFaultyBackbone, publishReports, recorder, streamEntries } from "../fixture.ts";
import { always, createGroup, handle, readInto, streamIds, streamLength, times } from "./janitor-fixture.ts";

const one = recorder({ subscriber: "one" });
const two = recorder({ subscriber: "two" });

async function openSystem(consumers: readonly Consumer[], keep: number, env = {}): Promise<Backbone> {
  const backbone = await createBackbone({
    catalog: labCatalog,
    consumers,
    env: { BRAIN_STREAM_KEEP: String(keep), ...env },
  });
  onTestFinished(() => backbone.cleanup());
  return backbone;
}

async function send(backbone: Backbone, count: number): Promise<string[]> {
  await publishReports(backbone, count);
  await backbone.relay();
  return streamIds(backbone);
}

function trim(backbone: Backbone, mayGoOn = always) {
  const invocation = backbone.open();
  return trimShard(invocation, 0, mayGoOn);
}

async function trimmedNote(backbone: Backbone): Promise<string | undefined> {
  const [row] = await backbone.sql<{ id: string }>(
    "SELECT trimmed_ms || '-' || trimmed_seq AS id FROM relay_shards WHERE shard = 0",
  );
  return row?.id;
}

describe("trimming", () => {
  test("removes what every group has handled, keeps the newest, and notes how far it went", async () => {
    const backbone = await openSystem([one, two], 5);
    const ids = await send(backbone, 20);
    for (const { group } of [one, two]) {
      await createGroup(backbone, group);
      await handle(backbone, group, 20);
    }
    expect(await trim(backbone)).toEqual({
      shard: 0,
      before: 20,
      trimmed: 15,
      kept: 5,
      archived: 0,
      restored: 0,
      heldBackBy: null,
      more: false,
    });
    expect(await streamIds(backbone)).toEqual(ids.slice(15));
    expect(await trimmedNote(backbone)).toBe(ids[14]);
    expect(await trim(backbone)).toMatchObject({ before: 5, trimmed: 0, kept: 5, heldBackBy: null });
  });

  test("stops at the slowest group, where trimming by length loses what it has not read", async () => {
    const backbone = await openSystem([one, two], 0);
    const ids = await send(backbone, 20);
    await createGroup(backbone, one.group);
    await createGroup(backbone, two.group);
    await handle(backbone, one.group, 20);
    await handle(backbone, two.group, 7);
    expect(await trim(backbone)).toMatchObject({ trimmed: 7, kept: 13, heldBackBy: two.group });
    expect(await handle(backbone, two.group, 100)).toEqual(ids.slice(7));

    // The control: the same situation, trimmed by length.
    const byLength = await openSystem([one, two], 0);
    await send(byLength, 20);
    await createGroup(byLength, two.group);
    await handle(byLength, two.group, 7);
    await byLength.redis("XTRIM", byLength.stream, "MAXLEN", "=", "5");
    expect(await handle(byLength, two.group, 100)).toHaveLength(5);
  });

  test("keeps what is pending, wherever the group reads by now", async () => {
    const backbone = await openSystem([one], 0);
    const ids = await send(backbone, 10);
    await createGroup(backbone, one.group);
    await handle(backbone, one.group, 3);
    const [stuck = ""] = await readInto(backbone, one.group, 1);
    await handle(backbone, one.group, 6);
    expect(await trim(backbone)).toMatchObject({ trimmed: 3, kept: 7, heldBackBy: one.group });
    expect(await streamIds(backbone)).toEqual(ids.slice(3));
    await backbone.redis("XACK", backbone.stream, one.group, stuck);
    expect(await trim(backbone)).toMatchObject({ trimmed: 7, kept: 0, heldBackBy: null });
  });

  test("removes nothing while a registered group does not exist", async () => {
    const backbone = await openSystem([one, two], 0);
    await send(backbone, 10);
    await createGroup(backbone, one.group);
    await handle(backbone, one.group, 10);
    expect(await trim(backbone)).toMatchObject({ trimmed: 0, kept: 10, heldBackBy: two.group });
    await createGroup(backbone, two.group);
    expect(await handle(backbone, two.group, 100)).toHaveLength(10);
    expect(await trim(backbone)).toMatchObject({ trimmed: 10, heldBackBy: null });
  });

  test("waits for the group of another program as for its own", async () => {
    const backbone = await openSystem([one], 0);
    await send(backbone, 10);
    await createGroup(backbone, one.group);
    await handle(backbone, one.group, 10);
    await createGroup(backbone, "python_reader");
    await handle(backbone, "python_reader", 4);
    expect(await trim(backbone)).toMatchObject({ trimmed: 4, kept: 6, heldBackBy: "python_reader" });
    await backbone.redis("XGROUP", "DESTROY", backbone.stream, "python_reader");
    expect(await trim(backbone)).toMatchObject({ trimmed: 6, kept: 0, heldBackBy: null });
  });

  test("removes nothing that a group needs again because it was moved back", async () => {
    const backbone = await openSystem([one], 0);
    const ids = await send(backbone, 6);
    await createGroup(backbone, one.group);
    await handle(backbone, one.group, 6);
    await backbone.redis("XGROUP", "SETID", backbone.stream, one.group, ids[1] ?? "");
    expect(await trim(backbone)).toMatchObject({ trimmed: 2, kept: 4, heldBackBy: one.group });
  });

  test("compares ids by number: a sequence of 10 comes after 9", async () => {
    const backbone = await openSystem([one], 0);
    for (let seq = 1; seq <= 12; seq += 1) {
      await backbone.redis("XADD", backbone.stream, `5-${seq}`, "id", `foreign-${seq}`, "type", "x");
    }
    await createGroup(backbone, one.group);
    await handle(backbone, one.group, 9);
    expect(await trim(backbone)).toMatchObject({ trimmed: 9, kept: 3 });
    expect(await streamIds(backbone)).toEqual(["5-10", "5-11", "5-12"]);
  });

  test("keeps what the record does not hold in Postgres, with all its fields", async () => {
    const backbone = await openSystem([one], 0);
    await send(backbone, 2);
    const foreign = await backbone.append([
      "id",
      "evt-1",
      "type",
      "mission.created",
      "payload",
      '{"a":"\u0000ä"}',
    ]);
    await backbone.append(["no", "event", "at", "all"]);
    await createGroup(backbone, one.group);
    await handle(backbone, one.group, 10);
    expect(await trim(backbone)).toMatchObject({ trimmed: 4, archived: 2 });
    expect(
      await backbone.sql(
        "SELECT stream_name, stream_message_id, event_id, event_type, raw_fields FROM archived_entries ORDER BY id",
      ),
    ).toMatchObject([
      {
        stream_name: backbone.stream,
        stream_message_id: foreign,
        event_id: "evt-1",
        event_type: "mission.created",
        raw_fields: { id: "evt-1", type: "mission.created", payload: '{"a":"\uFFFDä"}' },
      },
      { event_id: null, event_type: null, raw_fields: { no: "event", at: "all" } },
    ]);
  });

  test("goes page by page, and the next run does what time did not allow", async () => {
    const backbone = await openSystem([one], 100);
    await send(backbone, 2_600);
    await backbone.relay();
    await createGroup(backbone, one.group);
    while ((await handle(backbone, one.group, 1_000)).length > 0);
    expect(await trim(backbone, times(1))).toMatchObject({ trimmed: 1_000, kept: 1_600, more: true });
    expect(await trim(backbone)).toMatchObject({ trimmed: 1_500, kept: 100, more: false });
  });

  test("does nothing where there is no stream, and where nobody reads", async () => {
    const backbone = await openSystem([], 0);
    expect(await trim(backbone)).toMatchObject({ before: 0, trimmed: 0, heldBackBy: null });
    await send(backbone, 3);
    expect(await trim(backbone)).toMatchObject({ trimmed: 0, kept: 3, heldBackBy: "(no group)" });
  });
});

describe("a group that comes while the janitor is at work", () => {
  test("stops the trim, and what was noted is taken back", async () => {
    const { backbone, redis: proxy } = await openFaultyBackbone({ env: { BRAIN_STREAM_KEEP: "0" } });
    await send(backbone, 5);
    await createGroup(backbone, "first");
    await handle(backbone, "first", 5);
    const isTrim = sends("XTRIM");
    const held = proxy.inject({ kind: "hold" }, { when: isTrim, times: 1 });
    const running = trim(backbone);
    await held.hit;
    await createGroup(backbone, "latecomer");
    held.release();
    expect(await running).toMatchObject({ trimmed: 0, kept: 5, heldBackBy: "latecomer" });
    expect(await trimmedNote(backbone)).toBe("0-0");
    expect(await handle(backbone, "latecomer", 10)).toHaveLength(5);
  });

  test("a trim whose answer was lost is done, noted, and harmless to repeat", async () => {
    const { backbone, redis: proxy } = await openFaultyBackbone({ env: { BRAIN_STREAM_KEEP: "0" } });
    const ids = await send(backbone, 5);
    await createGroup(backbone, "first");
    await handle(backbone, "first", 5);
    proxy.inject({ kind: "drop-reply" }, { when: sends("XTRIM"), times: 1 });
    await expect(trim(backbone)).rejects.toThrow(/Redis/);
    expect(await streamLength(backbone)).toBe(0);
    expect(await trimmedNote(backbone)).toBe(ids[4]);
    expect(await trim(backbone)).toMatchObject({ trimmed: 0, heldBackBy: null });
  });
});

describe("two trims at once", () => {
  test("leave the note where the stream begins, whoever comes last", async () => {
    const { backbone, redis: proxy } = await openFaultyBackbone({ env: { BRAIN_STREAM_KEEP: "0" } });
    const ids = await send(backbone, 10);
    await createGroup(backbone, "first");
    await handle(backbone, "first", 4);
    const held = proxy.inject({ kind: "hold" }, { when: sends("XTRIM"), times: 1 });
    const slow = trim(backbone);
    await held.hit;
    await handle(backbone, "first", 6);
    expect(await trim(backbone)).toMatchObject({ trimmed: 10, kept: 0 });
    held.release();
    await slow;
    expect(await trimmedNote(backbone)).toBe(ids[9]);
    expect(await backbone.relay({ verify: true })).toMatchObject({ restored: 0, sent: 0 });
  });
});

describe("a consumer that an operator paused", () => {
  test("finds everything when it goes on, however often the janitor came", async () => {
    const backbone = await openSystem([one], 0);
    await backbone.sql(
      "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, subscriber text, event_id text, agent text, number int)",
    );
    await send(backbone, 3);
    await backbone.drain(one);
    await backbone.sql("INSERT INTO consumer_pauses (subscriber_name, reason) VALUES ('one', 'a test')");
    const invocation = backbone.open();
    await forgetShardState(invocation, [one.group], 1);
    await send(backbone, 5);
    await backbone.drain(one);
    expect(await trim(backbone)).toMatchObject({ trimmed: 3, kept: 5, heldBackBy: one.group });
    await backbone.sql("DELETE FROM consumer_pauses");
    await forgetShardState(invocation, [one.group], 1);
    await backbone.drain(one);
    expect(await effects(backbone)).toHaveLength(8);
    expect(await trim(backbone)).toMatchObject({ trimmed: 5, kept: 0, heldBackBy: null });
  });
});

describe("what was lost before it was trimmed", () => {
  test("is sent again, although nobody compared record and stream before", async () => {
    const backbone = await openSystem([one], 0);
    const ids = await send(backbone, 8);
    await backbone.redis("XDEL", backbone.stream, ids[0] ?? "", ids[3] ?? "");
    await createGroup(backbone, one.group);
    await handle(backbone, one.group, 8);
    expect(await trim(backbone)).toMatchObject({ trimmed: 6, kept: 0, restored: 2 });
    expect(await backbone.relay()).toMatchObject({ sent: 2 });
    expect(await trim(backbone)).toMatchObject({ trimmed: 0, restored: 0, heldBackBy: one.group });
    expect(await handle(backbone, one.group, 8)).toHaveLength(2);
  });
});

describe("what was trimmed", () => {
  test("is not sent again when Redis loses its data; what was not trimmed is", async () => {
    const backbone = await openSystem([one], 4);
    await send(backbone, 10);
    await createGroup(backbone, one.group);
    await handle(backbone, one.group, 10);
    expect(await trim(backbone)).toMatchObject({ trimmed: 6 });
    await backbone.redis("DEL", backbone.stream);
    expect(await backbone.relay({ verify: true })).toMatchObject({ restored: 4, sent: 4 });
    expect(await streamEntries(backbone)).toHaveLength(4);
  });
});

describe("a stream that one group keeps long", () => {
  test("is an alert with the group's name, until it is over", async () => {
    const backbone = await openSystem([one], 0);
    await send(backbone, 1);
    await createGroup(backbone, one.group);
    await backbone.redis(
      ...[
        "EVAL",
        "for i = 1, 10001 do redis.call('XADD', KEYS[1], '*', 'id', 'x') end",
        "1",
        backbone.stream,
      ],
    );
    const open = () => listAlerts(backbone.open().db, { status: "open", limit: 10 });
    expect(await trim(backbone)).toMatchObject({ trimmed: 0, kept: 10_002, heldBackBy: one.group });
    await trim(backbone);
    expect((await open()).alerts).toMatchObject([
      { kind: "trim_held_back", subject: `${one.group}:0`, severity: "warning", count: 2, resolved_at: null },
    ]);
    expect(backbone.logs.filter((line) => line.includes("trim_held_back"))).toHaveLength(1);

    await handle(backbone, one.group, 100);
    await trim(backbone);
    expect((await open()).alerts).toEqual([]);
    const { alerts } = await listAlerts(backbone.open().db, { status: "all", limit: 10 });
    expect(alerts[0]?.resolved_at).not.toBeNull();
  });
});

describe("trimming on the side", () => {
  test("happens when the stream is longer than twice what is kept, and at most once in a while", async () => {
    const backbone = await openSystem([one], 3);
    await send(backbone, 7);
    await createGroup(backbone, one.group);
    await handle(backbone, one.group, 7);
    const soon = () => Date.now() + 5_000;
    expect(await trimIfLong(backbone.open(), 0, 6, soon())).toBeNull();
    expect(await trimIfLong(backbone.open(), 0, 7, soon())).toMatchObject({ trimmed: 4, kept: 3 });
    expect(await trimIfLong(backbone.open(), 0, 7, soon())).toBeNull();
  });
});
