import { describe, expect, test } from "vitest";
import type { Alerts } from "../../../http/kit/answers/alerts.ts";
import type { ConsumerState, Consumers } from "../../../http/kit/answers/consumers.ts";
import type { Stats } from "../../../http/kit/answers/operations.ts";
import { type Finding, findingsOf, type Observed } from "./findings.ts";

const nowMs = Date.parse("2026-05-01T12:00:00Z");
const ago = (ms: number) => new Date(nowMs - ms).toISOString();

const state: ConsumerState = {
  subscriber: "mailer",
  shard: 0,
  group: "edge_mailer",
  handles: ["course.generation.completed"],
  catches_all: false,
  lag: 0,
  oldest_unread_age_ms: null,
  pending: 0,
  oldest_pending_age_ms: null,
  queued: 0,
  oldest_queued_age_ms: null,
  dead_letters: 0,
  paused: [],
  brake: null,
  jobs: [],
  last_tick: { at: ago(1_000), stopped: null },
};

interface Changes {
  readonly consumer?: Partial<ConsumerState>;
  readonly consumers?: Partial<Consumers>;
  readonly health?: Observed["health"];
  readonly stats?: Partial<Stats>;
  readonly alerts?: Alerts["alerts"];
}

/** What is late on a system that was off for a day. */
const late: Changes = {
  consumer: { lag: 3, oldest_unread_age_ms: 8.64e7, last_tick: { at: ago(8.64e7), stopped: null } },
  consumers: { last_cron_tick_at: ago(8.64e7), last_janitor_at: ago(8.64e7) },
  stats: { outbox_backlog: 2, outbox_oldest_ms: 8.64e7 },
};

function seen(changes: Changes = {}): Finding[] {
  return findingsOf({
    health: changes.health ?? { status: "healthy", event_stream: true, database: true },
    consumers: {
      consumers: [{ ...state, ...changes.consumer }],
      shards: 1,
      last_cron_tick_at: ago(30_000),
      last_janitor_at: ago(600_000),
      retention: { stream_keep: 1_000 },
      ...changes.consumers,
    },
    stats: {
      stream_running: true,
      stream_length: 500,
      outbox_backlog: 0,
      outbox_oldest_ms: null,
      dead_letters: 0,
      ...changes.stats,
    },
    alerts: { alerts: changes.alerts ?? [] },
    unread: [],
    maxAgeMs: 120_000,
    nowMs,
  });
}

const levels = (findings: readonly Finding[], level: Finding["level"]) =>
  findings.filter((finding) => finding.level === level).map(({ about, message }) => `${about}: ${message}`);
const problems = (changes: Changes) => levels(seen(changes), "problem");
const notes = (changes: Changes) => levels(seen(changes), "note");

const alert = { kind: "brake_open", subject: "edge_mailer:0", first_seen_at: ago(0), message: "Down." };

describe("the doctor", () => {
  test("finds nothing wrong with a healthy system", () => {
    const findings = seen();
    expect(findings.length).toBeGreaterThan(6);
    expect(findings.every(({ level }) => level === "ok")).toBe(true);
  });

  test.each<[string, Changes, RegExp]>([
    [
      "Redis away",
      {
        health: {
          status: "unhealthy",
          event_stream: false,
          database: true,
          reasons: ["Redis does not answer."],
        },
      },
      /Redis does not/,
    ],
    [
      "Postgres away",
      {
        health: {
          status: "unhealthy",
          event_stream: true,
          database: false,
          reasons: ["Postgres does not answer."],
        },
      },
      /Postgres does/,
    ],
    ["a server that is not healthy", { health: {} }, /not healthy/],
    [
      "a relay that does not run",
      { stats: { outbox_backlog: 7, outbox_oldest_ms: 130_000 } },
      /7 events wait/,
    ],
    [
      "somebody else in the group",
      { consumer: { foreign_readers: ["course_access_handler"] } },
      /"course_access_handler" read in the group edge_mailer/,
    ],
    ["old unread events", { consumer: { lag: 3, oldest_unread_age_ms: 121_000 } }, /3 events are unread/],
    ["a lag that is not known", { consumer: { lag: null, oldest_unread_age_ms: 121_000 } }, /some events/],
    ["old pending events", { consumer: { pending: 1, oldest_pending_age_ms: 1e7 } }, /pending, .* 3 h/],
    ["old queued events", { consumer: { queued: 9, oldest_queued_age_ms: 1e7 } }, /9 events are queued/],
    ["no drain", { consumer: { lag: 1, last_tick: { at: ago(200_000) } } }, /last drain was 3 min ago/],
    [
      "a drain that stopped",
      { consumer: { last_tick: { at: ago(0), stopped: "no Postgres" } } },
      /no Postgres/,
    ],
    [
      "an open circuit breaker",
      { consumer: { brake: { open_since: ago(9), error: "SMTP 421" } } },
      /circuit breaker.*SMTP 421/,
    ],
    [
      "a renamed consumer without its migration, and not that it is silent",
      {
        consumer: { lag: 3, oldest_unread_age_ms: 90_000, last_tick: null, missing_rename: "Call SELECT x" },
      },
      /^mailer, shard 0: Call SELECT x$/,
    ],
    [
      "what is queued and no handler takes",
      { consumer: { queued: 2, without_handler: [{ event_type: "lab.part.checked", count: 2 }] } },
      /^mailer, shard 0: 2 events of lab.part.checked wait in the queue, and no handler of this release takes them/,
    ],
    ["dead letters", { stats: { dead_letters: 2 } }, /2 are open; "charter dlq ls --groups"/],
    ["no cron", { consumers: { last_cron_tick_at: ago(200_000) } }, /^cron: last seen 3 min ago/],
    ["no janitor", { consumers: { last_janitor_at: ago(2e7) } }, /^janitor: last seen 6 h ago/],
    ["a long stream", { stats: { stream_length: 12_001 } }, /12001 entries, 1000 are kept/],
    ["a critical alert", { alerts: [{ ...alert, severity: "critical" }] }, /^alert brake_open: Down\./],
  ])("sees %s", (_what, changes, expected) => {
    const found = problems(changes);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(expected);
  });

  test.each<[string, Changes]>([
    ["degraded mode", { health: { status: "degraded" } }],
    ["events that were just published", { stats: { outbox_backlog: 7, outbox_oldest_ms: 300 } }],
    ["a redrive", { consumer: { jobs: [{ kind: "redrive", name: "x", status: "running" }] } }],
    ["work before the first drain", { consumer: { lag: 1, last_tick: null } }],
    ["a cron that was never seen", { consumers: { last_cron_tick_at: null } }],
    ["a warning", { alerts: [{ ...alert, severity: "warning" }] }],
  ])("only notes %s", (_what, changes) => {
    expect(problems(changes)).toEqual([]);
    expect(notes(changes)).toHaveLength(1);
  });

  test("does not call the work of a paused consumer a problem, and tells of the pause", () => {
    const pause = { event_type: null, reason: "moving house", actor_id: null, expires_at: null };
    const consumer = { lag: 5, oldest_unread_age_ms: 1e7, last_tick: { at: ago(1e7) }, paused: [pause] };
    expect(problems({ consumer })).toEqual([]);
    expect(notes({ consumer })).toEqual([
      "mailer, shard 0: everything is paused until somebody resumes it: moving house",
      "mailer, shard 0: 5 events are unread, the oldest for 3 h",
    ]);
    const oneType = { ...pause, event_type: "course.generation.completed" };
    expect(problems({ consumer: { ...consumer, paused: [oneType] } })).toHaveLength(2);
  });

  test("does not count the time in which the host was off: 3 s after a start nothing is late yet", () => {
    const started = (ms: number): Changes => ({
      ...late,
      consumers: { ...late.consumers, host_started_at: ago(ms) },
    });
    expect(problems(started(3_000))).toEqual([]);
    // Once it runs for long, what is late is late.
    expect(problems(started(12_000_000))).toEqual(problems(late));
    // Control: where no host has to run for it, or an older server does not tell, all of it is a problem at once.
    expect(problems({ ...late, consumers: { ...late.consumers, host_started_at: null } })).toHaveLength(5);
    expect(problems(late)).toHaveLength(5);
  });

  test("needs no drain for work that has just come: the last one may be as long ago as the quiet before it", () => {
    const idle = { last_tick: { at: ago(240_000), stopped: null } };
    const young = { lag: 552, oldest_unread_age_ms: 3_000, ...idle };
    expect(seen({ consumer: young }).every(({ level }) => level === "ok")).toBe(true);
    const pending = { pending: 1, oldest_pending_age_ms: 3_000, ...idle };
    expect(problems({ consumer: pending })).toEqual([]);
    expect(problems({ consumer: { queued: 1, oldest_queued_age_ms: 3_000, ...idle } })).toEqual([]);
    // Control: what came before the silence began to be too long, and what has no age.
    expect(problems({ consumer: { ...young, oldest_unread_age_ms: 200_000 } })).toContainEqual(
      "mailer, shard 0: there is work, and the last drain was 4 min ago",
    );
    expect(problems({ consumer: { ...pending, oldest_pending_age_ms: 200_000 } })).toHaveLength(2);
    expect(problems({ consumer: { ...young, oldest_unread_age_ms: null } })).toHaveLength(1);
  });

  test("needs no drain where there is nothing to do", () => {
    expect(problems({ consumer: { last_tick: { at: ago(1e9) } } })).toEqual([]);
  });
});

describe("clocks", () => {
  const at = (timestamp: string) => ({ status: "healthy", event_stream: true, database: true, timestamp });
  const told = (changes: Changes) =>
    seen(changes)
      .filter(({ about }) => about === "clocks")
      .map(({ level, message }) => [level, message.split(/[;:]/)[0]]);

  test.each<[string, Changes, string[][]]>([
    ["that go alike are no finding", { health: at(ago(-2_000)) }, []],
    ["of a server that does not say its time are none", {}, []],
    [
      "of Redis and the server that are an hour apart are a problem",
      { health: at(ago(0)), consumers: { last_cron_tick_at: ago(-3_600_000) } },
      [["problem", "the last tick is 60 min ahead of the server's clock"]],
    ],
    [
      "of the server and this machine are a note",
      { health: at(ago(3_600_000)), consumers: { last_cron_tick_at: ago(3_610_000) } },
      [["note", "the server's clock is 60 min behind that of this machine"]],
    ],
    [
      "of a server that is ahead too",
      { health: at(ago(-3_600_000)), consumers: { last_cron_tick_at: ago(0) } },
      [["note", "the server's clock is 60 min ahead of that of this machine"]],
    ],
    [
      "of Postgres and the server that are an hour apart are a problem",
      { health: at(ago(0)), consumers: { database_ahead_ms: 3_600_000 } },
      [["problem", "the clock of Postgres is 60 min ahead of the server's"]],
    ],
    [
      "of Postgres that is a few seconds behind are a note, also of a server that does not say its time",
      { consumers: { database_ahead_ms: -5_000 } },
      [["note", "the clock of Postgres is 5 s behind the server's"]],
    ],
    [
      "of Postgres and the server that go alike are none",
      { health: at(ago(0)), consumers: { database_ahead_ms: 0 } },
      [],
    ],
  ])("%s", (_what, changes, expected) => expect(told(changes)).toEqual(expected));

  test("ahead of this machine make no visit one of the future", () => {
    const changes = { consumers: { last_cron_tick_at: ago(-3_600_000) } };
    expect(levels(seen(changes), "ok")).toContain("cron: last seen 0 ms ago");
  });
});
