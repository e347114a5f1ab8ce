import { charter, type Envelope, encodeEntry, parseEnvelope, systemHealth } from "@brain/schemas";
import { sql } from "drizzle-orm";
import fc from "fast-check";
import { describe, expect, inject, onTestFinished, test } from "vitest";
import { arbitraryEvent } from "../../../schemas/fixtures/arbitrary.ts";
import legacy from "../../../schemas/fixtures/legacy.json" with { type: "json" };
import {
  type Consumer,
  type Delivered,
  on,
  onAny,
  onBatch,
  onEntries,
} from "../../../src/engine/consume/consumer.ts";
import { defineConsumer } from "../../../src/engine/consume/define/define-consumer.ts";
import { PermanentError } from "../../../src/engine/core/errors.ts";
import type { Tx } from "../../../src/engine/db/database.ts";
import { cronTick } from "../../../src/engine/dispatch/cron.ts";
import { reconcileShard } from "../../../src/engine/retention/reconcile.ts";
import { type Backbone, createBackbone } from "../../backbone.ts";
import { recorded } from "../../recorded.ts";
import { hangMs } from "../../wait-for.ts";
import { pendingOf, relayWith, streamEntries } from "../fixture.ts";
import { always } from "../retention/janitor-fixture.ts";
import { firstReaderTypes, parseAsPython, pythonHeartbeat, startPythonWriter } from "./python-programs.ts";

/*
 * Python programs write to the same stream with ids that Redis gives, and cut it to about 10,000 entries with each
 * append, read or not. The events are the charter's, because those programs know no others.
 */

/** Publishes reports of health in one transaction; their ids. */
function publishReports(backbone: Backbone, count: number): Promise<string[]> {
  return backbone.publish({ source: "engine_test" }, async (publish) => {
    const ids: string[] = [];
    for (let number = 0; number < count; number += 1) {
      ids.push((await publish(systemHealth, { component: "db", status: String(number) })).id);
    }
    return ids;
  });
}

/** Notes every delivery: an event that has two effects has two rows. */
async function note(tx: Tx, subscriber: string, deliveries: readonly Delivered[]): Promise<void> {
  const rows = JSON.stringify(
    deliveries.map(({ event }) => ({ e: event.id, t: event.type, p: event.payload })),
  );
  await tx.execute(sql`
    INSERT INTO effects (subscriber, event_id, type, payload)
    SELECT ${subscriber}, r.e, r.t, r.p FROM json_to_recordset(${rows}::json) AS r(e text, t text, p jsonb)`);
}

/** Reads one type, as most consumers do. */
const reports = defineConsumer({
  subscriber: "reports",
  handlers: [onBatch(systemHealth, (deliveries, { tx }) => note(tx, "reports", deliveries))],
});

/** Reads everything, as an audit log does. */
const audit = defineConsumer({
  subscriber: "audit",
  handlers: [onAny((deliveries, { tx }) => note(tx, "audit", deliveries))],
});

/** Sees everything and claims nothing, so nothing shows what it has seen. */
const watcher = defineConsumer({ subscriber: "watcher", handlers: [onEntries(async () => undefined)] });

interface Open {
  readonly backbone: Backbone;
  readonly python: ReturnType<typeof startPythonWriter>;
  /** Event ids that a subscriber noted. */
  effects(subscriber: string): Promise<string[]>;
  /** Both consumers, until each reads nothing more. */
  drain(): Promise<void>;
  cron(): Promise<void>;
}

async function open(consumers: readonly Consumer[] = [reports, audit]): Promise<Open> {
  const backbone = await createBackbone({ consumers, env: { BRAIN_LEASE_MS: "10000" } });
  onTestFinished(() => backbone.cleanup());
  await backbone.sql("CREATE TABLE effects (subscriber text, event_id text, type text, payload jsonb)");
  const python = startPythonWriter(inject("services").redisUrl, backbone.stream);
  onTestFinished(() => python.close());
  const drain = async () => {
    for (const consumer of consumers) {
      for (let more = true; more; ) {
        const result = await backbone.drain(consumer);
        more = result.more || result.busy !== null;
      }
    }
  };
  // The groups exist from now on.
  await drain();
  return {
    backbone,
    python,
    drain,
    effects: async (subscriber) =>
      (
        await backbone.sql<{ id: string }>("SELECT event_id AS id FROM effects WHERE subscriber = $1", [
          subscriber,
        ])
      ).map(({ id }) => id),
    cron: () => cronTick(backbone.open(), Date.now() + 20_000),
  };
}

const heartbeats = (count: number) =>
  Array.from({ length: count }, (_, at) => pythonHeartbeat(crypto.randomUUID(), `robot-${at % 50}`, at));

const distinct = (ids: readonly string[]) => [...new Set(ids)].sort();

describe("entries as the Python programs wrote them", () => {
  interface Entry {
    readonly quirk: string;
    readonly name: string;
    readonly fields?: Record<string, string>;
    readonly event?: Record<string, unknown>;
    readonly reason?: string;
  }
  const commonId = legacy.readable[0]?.fields?.id;
  /** An id of its own for each that has the id of all: one event is handled once. */
  const withId = (entry: Entry) =>
    entry.fields?.id === commonId && entry.fields !== undefined
      ? { ...entry, fields: { ...entry.fields, id: crypto.randomUUID() } }
      : entry;
  const onStream = (entries: readonly unknown[]) =>
    (entries as Entry[]).map(withId).filter((entry) => entry.fields !== undefined);

  test("are handled once each, or dead letters with their fields, while the relay sends ours between them", async () => {
    const { backbone, effects, drain } = await open();
    const readable = onStream(legacy.readable);
    const refused = onStream(legacy.refused);
    expect(readable.length).toBeGreaterThan(30);
    expect(refused.map(({ reason }) => reason)).toContain("non_finite_number");
    const ours: string[] = [];
    for (const { fields } of [...readable, ...refused]) {
      await backbone.append(Object.entries(fields ?? {}).flat());
      ours.push(...(await publishReports(backbone, 1)));
      await backbone.relay();
    }
    await drain();
    const rows = await backbone.sql<{ event_id: string; type: string; payload: unknown }>(
      "SELECT event_id, type, payload FROM effects WHERE subscriber = 'audit'",
    );
    expect(rows).toHaveLength(distinct(rows.map((row) => row.event_id)).length);
    expect(rows.map((row) => row.event_id)).toEqual(expect.arrayContaining(ours));
    expect(distinct(await effects("reports"))).toEqual(expect.arrayContaining(distinct(ours)));
    const letters = await backbone.sql<{
      event_id: string | null;
      reason: string;
      raw_fields: Record<string, string>;
    }>("SELECT event_id, reason, raw_fields FROM dead_letters WHERE subscriber_name IN ('audit', '*')");
    for (const { name, fields, event } of readable) {
      const id = fields?.id ?? "";
      const row = rows.find(({ event_id }) => event_id === id);
      expect(row, name).toBeDefined();
      if (event?.payload !== undefined) expect(row?.payload, name).toMatchObject(event.payload as object);
      if (event?.type !== undefined) expect(row?.type, name).toBe(event.type);
    }
    expect(letters).toHaveLength(refused.length);
    for (const { name, fields } of refused) {
      const kept = letters.filter(({ raw_fields: raw }) => raw.payload === fields?.payload);
      expect(kept.length, name).toBeGreaterThan(0);
    }
    expect(await pendingOf(backbone, audit)).toEqual([]);
  });
});

describe("a stream that another program cuts", () => {
  test("loses entries of ours that nobody has read, and they are sent again", async () => {
    const { backbone, python, effects, drain, cron } = await open();
    const ours = await publishReports(backbone, 300);
    await backbone.relay();
    await python.write(heartbeats(10_500));
    const present = new Set((await streamEntries(backbone)).map(({ fields }) => fields.id));
    expect(ours.filter((id) => present.has(id))).toEqual([]);
    // The control: what is gone from the stream reaches nobody by itself.
    await drain();
    expect(await effects("reports")).toEqual([]);

    await cron();
    await drain();
    expect((await effects("reports")).sort()).toEqual([...ours].sort());
    expect(distinct(await effects("audit"))).toEqual(expect.arrayContaining([...ours].sort()));
    expect(await backbone.sql(`SELECT FROM ${recorded} WHERE sent_at IS NULL`)).toEqual([]);
    expect(backbone.logs.filter((line) => line.includes("Another program trimmed the stream"))).toHaveLength(
      1,
    );
  });

  test("lost nothing that everybody has handled, so it is not sent again, however often it is cut", async () => {
    const { backbone, python, effects, drain, cron } = await open([reports, audit, watcher]);
    const ours = await publishReports(backbone, 1_500);
    await backbone.relay();
    await drain();
    for (let time = 0; time < 2; time += 1) {
      await python.write(heartbeats(10_300));
      await drain();
      ours.push(...(await publishReports(backbone, 2)));
      expect(await backbone.relay({ verify: true })).toMatchObject({ sent: 2, restored: 0, more: false });
      await cron();
    }
    await drain();
    expect((await effects("reports")).sort()).toEqual([...ours].sort());
    expect(backbone.logs.filter((line) => /Redis lost entries|trimmed the stream/.test(line))).toEqual([]);
  });

  test("control: a relay that knows no consumers takes the cut for a loss, and sends everything again", async () => {
    const { backbone, python, drain } = await open();
    await publishReports(backbone, 1_500);
    await backbone.relay();
    await drain();
    await python.write(heartbeats(10_300));
    const blind = await relayWith(backbone, ({ relay }) => ({ settings: { ...relay, readers: [] } }), {
      verify: true,
    });
    expect(blind).toMatchObject({ restored: 1_500, sent: 1_500 });
  });

  test("by a writer that is always faster does not hold the relay up", async () => {
    const { backbone } = await open();
    const ours = await publishReports(backbone, 3);
    let appends = 0;
    const result = await relayWith(backbone, (invocation) => {
      const { redis } = invocation;
      if (redis === null) throw new Error("the backbone runs without a stream");
      // Something of theirs comes between any look of ours and our append.
      const evaluate: typeof redis.eval = async (script, keys, args) => {
        appends += 1;
        await backbone.append(pythonHeartbeat(crypto.randomUUID(), "robot", 1));
        return redis.eval(script, keys, args);
      };
      return { redis: { ...redis, eval: evaluate } };
    });
    expect(result).toMatchObject({ sent: 3, batches: 1 });
    expect(appends).toBe(1);
    await backbone.append(pythonHeartbeat(crypto.randomUUID(), "robot", 2));
    const entries = await streamEntries(backbone);
    expect(entries.slice(-4, -1).map(({ fields }) => fields.id)).toEqual(ours);
  });

  test("is no loss for a consumer that begins later: it gets what was cut from the record", async () => {
    const { backbone, python, effects, cron } = await open([reports]);
    const ours = await publishReports(backbone, 40);
    await backbone.relay();
    await backbone.drain(reports);
    await python.write(heartbeats(10_300));
    await cron();
    // From here on the cut counts as let go, and this consumer is new.
    const late = { ...reports, subscriber: "late", formerly: [], group: "edge_late" };
    const invocation = { ...backbone.open(), consumers: new Map([["late", late]]) };
    const noted = () =>
      backbone.sql<{ id: string }>(
        "SELECT event_id AS id FROM processed_events WHERE subscriber_name = 'late'",
      );
    const deadline = Date.now() + hangMs;
    while ((await noted()).length < ours.length && Date.now() < deadline) {
      await cronTick(invocation, Date.now() + 5_000);
    }
    expect((await noted()).map(({ id }) => id).sort()).toEqual([...ours].sort());
    expect(await effects("reports")).toHaveLength(2 * ours.length);
  });

  test("does not bring back what became a dead letter", async () => {
    const failing = defineConsumer({
      subscriber: "reports",
      handlers: [
        onBatch(systemHealth, async () => {
          throw new PermanentError("never");
        }),
      ],
    });
    const { backbone, python, cron } = await open([failing]);
    await publishReports(backbone, 3);
    await backbone.relay();
    await backbone.drain(failing);
    await python.write(heartbeats(10_300));
    await cron();
    expect(await backbone.sql("SELECT FROM dead_letters")).toHaveLength(3);
    const present = (await streamEntries(backbone)).filter(({ fields }) => fields.type === "system.health");
    expect(present).toEqual([]);
  });

  test("leaves the comparison with the record to what came behind, also while a retry waits", async () => {
    const stuck = new Set<string>();
    const waiting = defineConsumer({
      subscriber: "reports",
      retry: { baseMs: 3_000, capMs: 3_000, maxAttempts: 50 },
      handlers: [
        on(systemHealth, async (event, { tx }) => {
          if (stuck.has(event.id)) throw new Error("away");
          await tx.execute(sql`INSERT INTO effects (subscriber, event_id) VALUES ('reports', ${event.id})`);
        }),
      ],
    });
    const { backbone, python, effects, cron } = await open([waiting]);
    const ours = await publishReports(backbone, 2);
    for (const id of ours) stuck.add(id);
    ours.push(...(await publishReports(backbone, 60)));
    await backbone.relay();
    await backbone.drain(waiting);
    expect(await effects("reports")).toHaveLength(60);
    await python.write(heartbeats(10_500));
    const invocation = backbone.open();
    expect(await reconcileShard(invocation, 0, always)).toMatchObject({ missing: 0, restored: 0 });
    stuck.clear();
    const deadline = Date.now() + hangMs;
    while ((await effects("reports")).length < ours.length && Date.now() < deadline) await cron();
    expect((await effects("reports")).sort()).toEqual([...ours].sort());
    expect(await backbone.sql("SELECT FROM dead_letters")).toEqual([]);
  });

  test("does not disturb what is pending: its body comes from the record, and its effect once", async () => {
    let isBroken = true;
    const failing = defineConsumer({
      subscriber: "reports",
      retry: { baseMs: 1, capMs: 1, maxAttempts: 50 },
      handlers: [
        onBatch(systemHealth, async (deliveries, { tx }) => {
          if (isBroken) throw new Error("away");
          await note(tx, "reports", deliveries);
        }),
      ],
    });
    const { backbone, python, effects, cron } = await open([failing]);
    const ours = await publishReports(backbone, 5);
    await backbone.relay();
    await backbone.drain(failing);
    await python.write(heartbeats(10_500));
    isBroken = false;
    const deadline = Date.now() + hangMs;
    while ((await effects("reports")).length < ours.length && Date.now() < deadline) await cron();
    await cron();
    expect((await effects("reports")).sort()).toEqual([...ours].sort());
    expect(await backbone.sql("SELECT FROM dead_letters")).toEqual([]);
  });

  test("at full speed: nothing of ours is lost or doubled, theirs never doubled, and the relay is not stuck", {
    timeout: 180_000,
  }, async () => {
    const { backbone, python, effects, drain, cron } = await open();
    const theirs: string[][] = [];
    const ours: string[] = [];
    let isPublishing = true;
    let isWriting = true;
    const counts = { batches: 0 };
    const publisher = (async () => {
      for (let at = 0; at < 100; at += 1) ours.push(...(await publishReports(backbone, 50)));
      isPublishing = false;
    })();
    const writer = (async () => {
      while (isPublishing || theirs.length < 20_000) {
        const some = heartbeats(1_000);
        theirs.push(...some);
        await python.write(some);
      }
      isWriting = false;
    })();
    const relaying = (async () => {
      while (isWriting) counts.batches += (await backbone.relay()).batches;
    })();
    const draining = (async () => {
      while (isWriting) await drain();
    })();
    const sweeping = (async () => {
      while (isWriting) await cron();
    })();
    await Promise.all([writer, publisher, relaying, draining, sweeping]);
    const deadline = Date.now() + 2 * hangMs;
    for (;;) {
      await cron();
      await drain();
      const handled = new Set(await effects("reports"));
      if (ours.every((id) => handled.has(id)) || Date.now() > deadline) break;
    }
    expect(ours).toHaveLength(5_000);
    // Ours: each once, for both consumers.
    expect((await effects("reports")).sort()).toEqual([...ours].sort());
    const audited = await effects("audit");
    expect(audited).toHaveLength(distinct(audited).length);
    const heard = new Set(audited);
    expect(ours.filter((id) => !heard.has(id))).toEqual([]);
    // Theirs: what was cut before anybody read it is gone, because nobody else has it. All that is still there was handled.
    const ids = theirs.map((fields) => fields[1] ?? "");
    const lost = ids.filter((id) => !heard.has(id));
    const present = new Set((await streamEntries(backbone)).map(({ fields }) => fields.id));
    expect(lost.filter((id) => present.has(id))).toEqual([]);
    // The relay has nothing left, and what comes next goes through at once.
    expect(await backbone.sql(`SELECT FROM ${recorded} WHERE sent_at IS NULL`)).toEqual([]);
    const [last = ""] = await publishReports(backbone, 1);
    expect(await backbone.relay()).toMatchObject({ sent: 1, more: false, busy: null });
    await drain();
    expect(await effects("reports")).toContain(last);
    // One of theirs that was cut between being read and being handled is told as lost; on a slow machine some are.
    const letters = await backbone.sql<{ reason: string; event_id: string }>(
      "SELECT reason, event_id FROM dead_letters",
    );
    const isOurs = new Set(ours);
    expect(letters.filter(({ reason, event_id }) => reason !== "body_lost" || isOurs.has(event_id))).toEqual(
      [],
    );
    const restored = backbone.logs
      .filter((line) => line.includes("Another program trimmed the stream"))
      .reduce((sum, line) => sum + Number((JSON.parse(line) as { restored: number }).restored), 0);
    const figures = {
      theirs: theirs.length,
      lost_of_theirs: lost.length,
      ...counts,
      restored_of_ours: restored,
    };
    console.info(`beside a writer at full speed: ${JSON.stringify(figures)}`);
  });
});

describe("what the first Python reader parses", () => {
  const parseAll = async (backbone: Backbone) =>
    (await streamEntries(backbone)).map(({ fields }) => {
      try {
        return parseAsPython(fields);
      } catch (error) {
        return String(error);
      }
    });

  async function publishSome(compat: string): Promise<Backbone> {
    const backbone = await createBackbone({ env: { BRAIN_WIRE_COMPAT: compat } });
    onTestFinished(() => backbone.cleanup());
    await publishReports(backbone, 20);
    await backbone.relay();
    return backbone;
  }

  test("is every entry that the relay writes with BRAIN_WIRE_COMPAT", async () => {
    const backbone = await publishSome("true");
    const rows = await backbone.sql<{ id: string; at: Date }>(
      "SELECT id, occurred_at AS at FROM events ORDER BY position",
    );
    expect(await parseAll(backbone)).toMatchObject(
      rows.map(({ id, at }) => ({ id, type: "system.health", target: "", timestamp: at })),
    );
  });

  test("control: without it there is none", async () => {
    const parsed = await parseAll(await publishSome("false"));
    expect(parsed).toHaveLength(20);
    for (const result of parsed) expect(result).toContain("missing 1 required argument: 'target'");
    // A target alone does not help: the time is next.
    const [entry] = await streamEntries(await publishSome("false"));
    expect(() => parseAsPython({ ...entry?.fields, target: "" })).toThrow("Invalid isoformat string");
  });

  test("is any event of the types it knows", () => {
    const known = charter.all.filter(({ type }) => firstReaderTypes.has(type));
    expect(known).toHaveLength(52);
    for (const definition of known) {
      fc.assert(
        fc.property(arbitraryEvent(definition), (event: Envelope) => {
          const flat = encodeEntry(parseEnvelope(charter, event), { compat: true });
          const fields = Object.fromEntries(
            Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? "", flat[2 * at + 1] ?? ""]),
          );
          const parsed = parseAsPython(fields);
          expect(parsed).toMatchObject({ id: event.id, type: event.type, target: event.target ?? "" });
          expect(parsed.timestamp.toISOString()).toBe(event.timestamp);
        }),
        { numRuns: 5 },
      );
    }
  });

  test("is no event of these types, whatever we do", () => {
    const unknown = charter.all.filter(({ type }) => !firstReaderTypes.has(type));
    expect(distinct(unknown.map(({ type }) => type.replace(/\.[^.]+$/, ".*")))).toEqual([
      "course.access.*",
      "course.access_rule.*",
      "course.certificate.*",
      "course.completion.*",
      "course.distribution.*",
      "course.enhancement.*",
      "course.enrollment.*",
      "course.generation.*",
      "course.pack.*",
      "course.payment.*",
      "course.preview.*",
      "course.progress.*",
      "course.section.*",
      "course.seo_pack.*",
      "course.theme.*",
      "ir.approval.*",
      "payment.intent.*",
      "payment.refund.*",
      "payment.transaction.*",
      "task.*",
      "task.item.*",
      "tasklease.created.*",
    ]);
    expect(unknown.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["course.generation.started", "task.scheduled", "task.claimed"]),
    );
  });
});
