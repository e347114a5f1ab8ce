import { describe, expect, test } from "vitest";
import { raiseAlert } from "../../../src/engine/alerts/alerts.ts";
import { type Consumer, type ConsumerOptions, on } from "../../../src/engine/consume/consumer.ts";
import { defineConsumer, registerConsumers } from "../../../src/engine/consume/define/define-consumer.ts";
import { PermanentError, TransientError } from "../../../src/engine/core/errors.ts";
import { consumerStates } from "../../../src/engine/operations/consumers/consumer-states.ts";
import { pauseConsumer, resumeConsumer } from "../../../src/engine/operations/consumers/pauses.ts";
import { type ReconcileReport, reconcileShard } from "../../../src/engine/retention/reconcile.ts";
import { removeLeftGroups } from "../../../src/engine/stream/move-group.ts";
import type { Backbone } from "../../backbone.ts";
import { partChecked } from "../events.ts";
import {
  createClock,
  deadLetters,
  effects,
  openBackbone,
  pendingOf,
  recorder,
  sendReports,
} from "../fixture.ts";
import { always } from "../retention/janitor-fixture.ts";

/*
 * A consumer gets another name: `formerly` in its definition, `rename_subscriber` in a migration of the same release. What
 * was handled under either name is counted together.
 */

type Options = Partial<ConsumerOptions> & Pick<Parameters<typeof recorder>[0] & object, "beforeReport">;
const mailer = (options: Options = {}) => recorder({ subscriber: "mailer", ...options });
const postOffice = (options: Options = {}) =>
  recorder({ subscriber: "post_office", formerly: "mailer", ...options });

/** Notes the key of each try. */
function noting(
  keys: string[],
  options: Omit<ConsumerOptions, "handlers">,
  after: () => void = () => undefined,
): Consumer {
  const handle = on(partChecked, async (_event, { idempotencyKey }) => {
    keys.push(await idempotencyKey("notice"));
    after();
  });
  return defineConsumer({ ...options, handlers: [handle] });
}

const rename = (backbone: Backbone, from = "mailer", to = "post_office") =>
  backbone.sql(`SELECT rename_subscriber('${from}', '${to}')`);
const handled = async (backbone: Backbone) => (await effects(backbone)).map(({ event_id }) => event_id);

function reconcile(backbone: Backbone, consumer: Consumer): Promise<ReconcileReport> {
  const invocation = backbone.open();
  const consumers = registerConsumers(invocation.catalog, [consumer]);
  return reconcileShard({ ...invocation, consumers }, 0, always);
}

describe("a consumer that is renamed", () => {
  test("goes on where it was: nothing twice, nothing missed", async () => {
    const backbone = await openBackbone();
    const first = await sendReports(backbone, 4);
    await backbone.drain(mailer());
    const second = await sendReports(backbone, 4);
    await backbone.drain(mailer(), { maxEvents: 2 });
    await rename(backbone);
    await backbone.drain(postOffice());
    expect(await handled(backbone)).toEqual([...first, ...second]);
    expect(await pendingOf(backbone, postOffice())).toEqual([]);
    expect((await reconcile(backbone, postOffice())).claims).toMatchObject([{ missing: 0 }]);
  });

  test("waits for the migration, and says so", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 4);
    await backbone.drain(mailer());
    await expect(backbone.drain(postOffice())).rejects.toThrow(
      /Call SELECT rename_subscriber\('mailer', 'post_office'\) in a migration/,
    );
    expect(await handled(backbone)).toEqual(events);
    const told = async () => (await consumerStates(backbone.open(), [postOffice()]))[0]?.missing_rename;
    expect(await told()).toMatch(/Call SELECT rename_subscriber\('mailer', 'post_office'\) in a migration/);
    await rename(backbone);
    expect(await told()).toBeNull();
    events.push(...(await sendReports(backbone, 1)));
    await backbone.drain(postOffice());
    expect(await handled(backbone)).toEqual(events);
  });

  test("control: without either begins anew, and all of it has its effects twice", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 4);
    await backbone.drain(mailer());
    await backbone.drain(recorder({ subscriber: "post_office" }));
    expect(await handled(backbone)).toEqual([...events, ...events]);
  });

  test("brings along what waits for another try, and its dead letters", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const fails = () => {
      throw new Error("Not today.");
    };
    const [letter] = await sendReports(backbone, 1);
    await backbone.drain(mailer({ beforeReport: fails, retry: { maxAttempts: 1 } }));
    const [waiting] = await sendReports(backbone, 1);
    await backbone.drain(mailer({ beforeReport: fails, retry: { baseMs: 60_000, capMs: 60_000 } }));
    expect(await handled(backbone)).toEqual([]);
    await rename(backbone);
    expect(await deadLetters(backbone)).toMatchObject([{ subscriber_name: "post_office", event_id: letter }]);
    expect(await backbone.drain(postOffice())).toMatchObject({ applied: 0 });
    clock.advance(60_000);
    await backbone.drain(postOffice());
    expect(await handled(backbone)).toEqual([waiting]);
  });

  test("stands still under its old name from the migration on, in the middle of a transaction too", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 3);
    let isRenamed = false;
    const old = mailer({
      async beforeReport() {
        if (isRenamed) return;
        isRenamed = true;
        await rename(backbone);
      },
    });
    expect(await backbone.drain(old)).toMatchObject({ applied: 0 });
    expect(await backbone.drain(old)).toMatchObject({ applied: 0, paused: true });
    const later = await sendReports(backbone, 2);
    expect(await backbone.drain(old)).toMatchObject({ applied: 0, paused: true });
    await backbone.drain(postOffice());
    expect(await handled(backbone)).toEqual([...events, ...later]);
  });

  test("can have its old name back, and the new one again", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 2);
    await backbone.drain(mailer());
    await rename(backbone);
    events.push(...(await sendReports(backbone, 2)));
    await backbone.drain(postOffice());
    await rename(backbone, "post_office", "mailer");
    events.push(...(await sendReports(backbone, 2)));
    expect(await backbone.drain(postOffice())).toMatchObject({ applied: 0 });
    await backbone.drain(mailer());
    await rename(backbone);
    events.push(...(await sendReports(backbone, 2)));
    await backbone.drain(postOffice());
    expect(await handled(backbone)).toEqual(events);
  });

  test("keeps its idempotency keys, over two renames", async () => {
    const clock = createClock();
    const backbone = await openBackbone({ now: clock.now });
    const keys: string[] = [];
    /** The outside does its part, and then the try fails. */
    const fails = (names: Pick<ConsumerOptions, "subscriber" | "formerly">) =>
      noting(keys, { ...names, retry: { maxAttempts: 10, baseMs: 1_000, capMs: 1_000 } }, () => {
        throw new TransientError("The answer was lost.");
      });
    await sendReports(backbone, 1);
    await backbone.drain(fails({ subscriber: "mailer" }));
    await rename(backbone);
    clock.advance(1_000);
    await backbone.drain(fails({ subscriber: "post_office", formerly: "mailer" }));
    await rename(backbone, "post_office", "courier");
    clock.advance(1_000);
    await backbone.drain(fails({ subscriber: "courier", formerly: ["post_office", "mailer"] }));
    expect(keys).toHaveLength(3);
    expect(new Set(keys).size).toBe(1);
  });

  test("keeps them with its first name again, too", () => {
    expect(mailer({ formerly: ["post_office", "mailer"] })).toMatchObject({
      formerly: ["post_office"],
      firstName: "mailer",
    });
  });

  test("control: another consumer has other keys for the same event", async () => {
    const backbone = await openBackbone();
    const keys: string[] = [];
    await sendReports(backbone, 1);
    await backbone.drain(noting(keys, { subscriber: "mailer" }));
    await backbone.drain(noting(keys, { subscriber: "post_office" }));
    expect(new Set(keys).size).toBe(2);
  });

  test("goes on where it was when a release between two renames never ran", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 4);
    await backbone.drain(mailer(), { maxEvents: 2 });
    await rename(backbone);
    await rename(backbone, "post_office", "courier");
    await backbone.drain(recorder({ subscriber: "courier", formerly: ["post_office", "mailer"] }));
    expect(await handled(backbone)).toEqual(events);
  });

  /** One open dead letter, and three that wait behind a try; deferred, as when many wait. */
  async function leaveSome(backbone: Backbone): Promise<string[]> {
    const [letter] = await sendReports(backbone, 1);
    const old = (fails: () => never) =>
      mailer({ beforeReport: fails, retry: { maxAttempts: 2, baseMs: 60_000, capMs: 60_000 } });
    await backbone.drain(mailer());
    const [given] = await sendReports(backbone, 1);
    await backbone.drain(
      old(() => {
        throw new PermanentError("never");
      }),
    );
    await sendReports(backbone, 3);
    await backbone.drain(
      old(() => {
        throw new TransientError("not yet");
      }),
    );
    // As the drain does with more than 200.
    await deferPending(backbone);
    return [letter ?? "", given ?? ""];
  }

  async function deferPending(backbone: Backbone): Promise<void> {
    const ids = (await pendingOf(backbone, mailer())).map(({ id }) => id);
    await backbone.sql(
      `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, event_id, event_type, cause, attempts)
       SELECT 'mailer', 0, $1, s.ms || '-' || s.seq, e.id::text, e.type, 'waiting', 1
       FROM stream_entries s JOIN events e ON e.position = s.position WHERE s.ms || '-' || s.seq = ANY($2)`,
      [backbone.stream, ids],
    );
    await backbone.redis("XACK", backbone.stream, mailer().group, ...ids);
  }

  const waitingOf = (backbone: Backbone) =>
    backbone.sql<{ name: string; cause: string; count: number }>(
      "SELECT subscriber_name AS name, cause, count(*)::int FROM deliveries GROUP BY 1, 2 ORDER BY 1, 2",
    );

  test("is not compared under its old name, also by a release that does not know of it", async () => {
    const backbone = await openBackbone();
    await leaveSome(backbone);
    await rename(backbone);
    expect((await reconcile(backbone, mailer())).claims).toEqual([]);
    // To that release it is a pause like any other.
    await backbone.sql("UPDATE consumer_pauses SET actor_id = 'somebody'");
    expect((await reconcile(backbone, mailer())).claims).toEqual([]);
    expect(await waitingOf(backbone)).toEqual([{ name: "post_office", cause: "waiting", count: 3 }]);
  });

  test("control: compared under its old name it misses all that has moved, and can go back all the same", async () => {
    const backbone = await openBackbone();
    const [applied, letter] = await leaveSome(backbone);
    await rename(backbone);
    // As the release before left it.
    await backbone.sql("UPDATE consumer_pauses SET actor_id = 'somebody'");
    await backbone.sql("UPDATE consumer_shards SET start_id = '0-0' WHERE subscriber_name = 'mailer'");
    expect((await reconcile(backbone, mailer())).claims).toMatchObject([{ missing: 4 }]);
    await backbone.sql("UPDATE consumer_pauses SET actor_id = 'rename_subscriber'");

    await rename(backbone, "post_office", "mailer");
    expect(await waitingOf(backbone)).toEqual([{ name: "mailer", cause: "waiting", count: 3 }]);
    await backbone.sql("UPDATE deliveries SET due_at = now()");
    // The copy of what a drain must know is believed for a minute.
    await backbone.redis("DEL", backbone.open().keys.state(mailer().group, 0));
    await backbone.drain(mailer());
    const effected = await handled(backbone);
    expect(effected).toHaveLength(4);
    expect(effected).toContain(applied);
    expect(effected).not.toContain(letter);
    expect(await deadLetters(backbone)).toMatchObject([{ subscriber_name: "mailer", status: "open" }]);
  });

  test("goes back also when a type was paused under both names meanwhile", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 1);
    await backbone.drain(mailer());
    await rename(backbone);
    await backbone.sql(
      "INSERT INTO consumer_pauses (subscriber_name, event_type, reason, actor_id) SELECT name, 'lab.meter.read', 'test', 'user:7' FROM unnest(ARRAY['mailer', 'post_office']) AS name",
    );
    await rename(backbone, "post_office", "mailer");
    expect(await backbone.sql("SELECT subscriber_name, event_type FROM consumer_pauses ORDER BY 1")).toEqual([
      { subscriber_name: "mailer", event_type: "lab.meter.read" },
      { subscriber_name: "post_office", event_type: "" },
    ]);
  });

  test("goes back also when somebody paused its old name meanwhile, which stays paused", async () => {
    const backbone = await openBackbone();
    const events = await sendReports(backbone, 1);
    await backbone.drain(mailer());
    await rename(backbone);
    const by = { actorId: "user:7", requestId: null };
    const pause = { eventType: null, reason: "test", expiresAt: null };
    await pauseConsumer(backbone.open(), mailer(), pause, by);
    events.push(...(await sendReports(backbone, 1)));
    await backbone.drain(postOffice());
    await rename(backbone, "post_office", "mailer");
    events.push(...(await sendReports(backbone, 1)));
    expect(await backbone.drain(mailer())).toMatchObject({ applied: 0, paused: true });
    await resumeConsumer(backbone.open(), mailer(), { eventType: null, reason: null }, by);
    await backbone.drain(mailer());
    expect(await handled(backbone)).toEqual(events);
  });

  test("ends what people are told of under its old name: what holds on is told under the new one", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 1);
    await backbone.drain(mailer());
    const invocation = backbone.open();
    const alerts = [
      ["brake_open", "edge_mailer:0"],
      ["dead_letters", "mailer"],
      ["dead_letters", "mailers"],
      ["claims_missing", "mailer:0"],
      ["missing_tick", "mailer"],
    ] as const;
    for (const [kind, subject] of alerts)
      await raiseAlert(invocation, { kind, subject, severity: "warning", message: "look" });
    await rename(backbone);
    expect(
      await backbone.sql("SELECT kind, subject FROM alerts WHERE resolved_at IS NULL ORDER BY kind"),
    ).toEqual([
      { kind: "dead_letters", subject: "mailers" },
      { kind: "missing_tick", subject: "mailer" },
    ]);
  });

  test("leaves its old group to the janitor, which would keep the stream long", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 2);
    await backbone.drain(mailer());
    await rename(backbone);
    await backbone.drain(postOffice());
    const { redis, keys } = backbone.open();
    expect(await removeLeftGroups(redis, keys)).toEqual([]);
    expect(await removeLeftGroups(redis, keys, 0)).toEqual(["edge_mailer"]);
  });

  test("is refused when it has begun already under the new name, and nothing of it is done", async () => {
    const backbone = await openBackbone();
    await sendReports(backbone, 1);
    await backbone.drain(mailer());
    await backbone.drain(recorder({ subscriber: "post_office" }));
    await expect(rename(backbone)).rejects.toThrow(/Subscriber "post_office" has begun already/);
    expect(await backbone.drain(mailer())).toMatchObject({ paused: false });
  });

  test("means nothing to a database in which nobody had that name", async () => {
    const backbone = await openBackbone();
    await rename(backbone);
    const events = await sendReports(backbone, 1);
    await backbone.drain(mailer());
    expect(await handled(backbone)).toEqual(events);
  });
});

test("a former name that another consumer has is refused at the start", async () => {
  const backbone = await openBackbone();
  expect(() => registerConsumers(backbone.open().catalog, [mailer(), postOffice()])).toThrow(
    /"post_office" was formerly "mailer", and there is a consumer of that name/,
  );
});
