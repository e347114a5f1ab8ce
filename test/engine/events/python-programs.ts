import { createRedisConnection } from "../../../workers/local/redis/connection.ts";
import { plainReply } from "../../../workers/local/redis/resp.ts";

/*
 * The first Python programs on the same stream, as they are documented: how they write an entry, how they cut the
 * stream, and how their reader parses an entry.
 */

/** The types that their reader knows. */
export const firstReaderTypes: ReadonlySet<string> = new Set(
  [
    "course.generation.requested course.outline.created course.lesson.generated course.quiz.created",
    "course.landing_page.created course.generation.completed course.generation.failed",
    "course.workflow.transitioned course.deployed.staging",
    "distribution.created distribution.updated distribution.deleted distribution.published",
    "distribution.unpublished distribution.viewed distribution.enrollment_clicked",
    "distribution.micro_niche_created distribution.version_bumped",
    "ir.approval_created ir.approval_consumed ir.approval_expired ir.approval_invalid ir.validated_pass",
    "ir.validated_escalate ir.validated_reject ir.dag_diff_ok ir.dag_diff_failed",
    "task.created task.assigned task.started task.completed task.failed task.cancelled task.retrying",
    "mission.created mission.started mission.completed mission.failed mission.cancelled",
    "agent.online agent.offline agent.heartbeat agent.error agent.task_request agent.message",
    "broadcast system.health system.alert system.maintenance ethics.review ethics.violation ethics.approval",
  ].flatMap((line) => line.split(" ")),
);

const severities = new Set(["INFO", "WARNING", "ERROR", "CRITICAL"]);

/** An event as their reader has it: payload and meta are still text. */
export interface PythonEvent {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly target: string;
  readonly payload: string;
  readonly timestamp: Date;
  readonly severity: string | null;
}

/**
 * `datetime.fromisoformat` of Python 3.10: a date, hours to seconds, three or six digits of a fraction, an offset like
 * `+00:00`, and nothing else.
 *
 * @see https://docs.python.org/3.10/library/datetime.html#datetime.datetime.fromisoformat
 */
function fromIsoformat(text: string): Date {
  const shape = /^(\d{4}-\d\d-\d\d)(?:.(\d\d:\d\d:\d\d(?:\.\d{3}(?:\d{3})?)?)([+-]\d\d:\d\d)?)?$/;
  const [, date, time = "00:00:00", offset = "Z"] = shape.exec(text) ?? [];
  if (date === undefined) throw new Error(`ValueError: Invalid isoformat string: '${text}'`);
  return new Date(`${date}T${time.slice(0, 12)}${offset}`);
}

/** Their reader; it fails on a field that is absent, on a type that it does not know and on other forms of a time. */
export function parseAsPython(fields: Readonly<Record<string, string>>): PythonEvent {
  const required = (name: string): string => {
    const value = fields[name];
    if (value === undefined) throw new Error(`TypeError: missing 1 required argument: '${name}'`);
    return value;
  };
  const type = required("type");
  if (!firstReaderTypes.has(type)) throw new Error(`ValueError: '${type}' is not a valid EventType`);
  const severity = fields.severity ?? null;
  if (severity !== null && !severities.has(severity)) throw new Error(`ValueError: severity '${severity}'`);
  return {
    id: required("id"),
    type,
    source: required("source"),
    target: required("target"),
    payload: required("payload"),
    timestamp: fromIsoformat(required("timestamp")),
    severity,
  };
}

/** Python's `json.dumps`: a space behind separators, and no character above ASCII. */
function dumps(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(dumps).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    return `{${Object.entries(value)
      .map(([name, item]) => `${dumps(name)}: ${dumps(item)}`)
      .join(", ")}}`;
  }
  return JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** The fields of a heartbeat as their agent manager writes them: no target, naive time, nested data. */
export function pythonHeartbeat(id: string, agentId: string, number: number): string[] {
  const payload = {
    type: "agent.heartbeat",
    agent_id: agentId,
    timestamp: "2025-12-28T10:00:00.123456",
    data: { tasks_completed: number, tasks_failed: 0, note: "läuft" },
  };
  const meta = { schema_version: 1, producer: "event_stream", source_module: "core" };
  return [
    ...["id", id, "type", "agent.heartbeat", "source", "system", "payload", dumps(payload)],
    ...["timestamp", "2025-12-28T10:00:00.123456", "meta", dumps(meta)],
  ];
}

/** A program that appends with server-given ids and cuts the stream to about 10,000 entries each time. */
export function startPythonWriter(redisUrl: string, stream: string) {
  const redis = createRedisConnection({ url: redisUrl });
  return {
    /** Appends entries as fast as Redis takes them, a few on their way at a time. */
    async write(entries: readonly (readonly string[])[]): Promise<void> {
      for (let at = 0; at < entries.length; at += 20) {
        const commands = entries
          .slice(at, at + 20)
          .map((fields) => ["XADD", stream, "MAXLEN", "~", "10000", "*", ...fields]);
        for (const reply of await redis.send(commands, plainReply)) {
          if (reply instanceof Error) throw reply;
        }
      }
    },
    close: () => redis.close(),
  };
}
