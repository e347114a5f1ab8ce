import { type Catalog, type Envelope, isUuidV4, type JsonValue } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { BrainError, ConflictError, ValidationError } from "../core/errors.ts";
import { type TraceContext, traceMeta } from "../core/trace-context.ts";
import { sqlState } from "../db/errors.ts";
import { isOfTenant } from "../db/tenant-rows.ts";
import type { Invocation } from "../invocation.ts";
import { newEventId } from "../publish/event-id.ts";
import { admitEnvelope, sealed } from "../publish/publish.ts";
import { insertEventsTellingSql, type RecordedEvent } from "../publish/record.ts";

/** What became of one event that another program sent. */
export type IngestResult =
  | { readonly status: "accepted"; readonly id: string; readonly type: string }
  /** This id is in the record already, with the same type and payload: nothing was stored again. */
  | {
      readonly status: "deduplicated";
      readonly id: string;
      readonly type: string;
      readonly firstSeenAt: string;
      readonly streamMessageId: string | null;
    }
  | { readonly status: "rejected"; readonly id: string | null; readonly error: BrainError };

/** Producer of events that name none. */
const anonymousSource = "http_ingest";

/** A clock may run ahead of ours by this much, ms; state that follows times must not be led into the future. */
const maxClockAheadMs = 300_000;

/** What the request says of all its events; an event that says otherwise itself is believed. */
export interface IngestContext {
  readonly correlationId: string | null;
  readonly actorId: string | null;
  /** Whose events alone may be stored, and whose those are that name nobody; left out or null: anybody's. */
  readonly tenantId?: string | null;
  /** Whether the caller may publish this event; it throws a `BrainError` when not. Left out: it may. */
  readonly requireAllowed?: (event: Envelope) => void;
  /** The trace that the request belongs to; left out or null: none. */
  readonly trace?: TraceContext | null;
  /** Id of an event of the short form that has none, by its place; default: a new one. */
  readonly newId?: (index: number) => string;
}

/**
 * Records events from other programs: envelopes, or `{ type, payload, … }`. Valid ones are stored in one statement, in
 * their order; each invalid one is refused with its own error. An input that is a `BrainError` could not be read, and is
 * refused with it.
 *
 * @throws {TransientError} Postgres is not reachable; nothing is stored
 */
export async function ingest(
  invocation: Invocation,
  inputs: readonly unknown[],
  context: IngestContext,
): Promise<IngestResult[]> {
  const given = inputs.map((input, index) => admit(invocation, input, index, context));
  const stored = await sealed(
    invocation.publish,
    given.filter((item) => "event" in item),
  );
  const places = stored.values();
  const admitted = given.map((item) => ("event" in item ? (places.next().value ?? item) : item));
  const valid = admitted.filter((item) => "event" in item);
  const fresh = valid.length === 0 ? new Set<string>() : await insert(invocation, valid);
  // The first of several with one id in a batch is the new one; the others find it in the record.
  const accepted = new Set<Admitted>(valid.filter((item) => fresh.delete(item.event.id)));
  const known = await lookUp(
    invocation,
    valid.filter((item) => !accepted.has(item)),
    context.tenantId ?? null,
  );
  return admitted.map((item): IngestResult => {
    if (!("event" in item)) return item;
    const { id, type } = item.event;
    if (accepted.has(item)) return { status: "accepted", id, type };
    const before = known.get(item);
    // One that is in the record and may not be seen is somebody else's.
    if (before?.same !== true) {
      const error = new ConflictError(
        `The id ${id} belongs to another event. Give each event an id of its own.`,
        {
          issues: [{ path: "id", message: "is taken by an event with another type or payload" }],
        },
      );
      return { status: "rejected", id, error };
    }
    return {
      status: "deduplicated",
      id,
      type,
      firstSeenAt: before.stored_at,
      streamMessageId: before.stream_message_id,
    };
  });
}

const deadlockDetected = "40P01";
const maxInsertTries = 3;

/**
 * Two requests that hold the same new ids in another order wait for each other, and Postgres ends one of them; the
 * order of a batch is the order of its events, so it cannot be sorted away. Nothing of the ended one is stored, and
 * when it is run again it finds the ids of the other.
 */
async function insert({ db, log }: Invocation, events: readonly RecordedEvent[]): Promise<Set<string>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const [row] = await db.rows<{ fresh: string[] | null }>(insertEventsTellingSql(events));
      return new Set(row?.fresh ?? events.map(({ event }) => event.id));
    } catch (error) {
      if (sqlState(error) !== deadlockDetected || attempt >= maxInsertTries) throw error;
      log.info(
        { attempt, events: events.length },
        "Another request was storing the same events; trying again.",
      );
    }
  }
}

type Admitted = RecordedEvent | Extract<IngestResult, { status: "rejected" }>;

function admit(invocation: Invocation, input: unknown, index: number, context: IngestContext): Admitted {
  if (input instanceof BrainError) return { status: "rejected", id: null, error: input };
  const now = new Date(invocation.now());
  const newId = () => context.newId?.(index) ?? newEventId(now.getTime());
  try {
    const admitted = admitEnvelope(
      invocation.publish,
      completeEnvelope(invocation.catalog, input, context, now, newId),
    );
    requirePresent(admitted.event.timestamp, now);
    const known = inContext(admitted, context);
    context.requireAllowed?.(known.event);
    return known;
  } catch (error) {
    if (!(error instanceof BrainError)) throw error;
    const id = (input as { id?: unknown } | null)?.id;
    return { status: "rejected", id: typeof id === "string" ? id.slice(0, 100) : null, error };
  }
}

function requirePresent(timestamp: string, now: Date): void {
  const latest = new Date(now.getTime() + maxClockAheadMs).toISOString();
  if (timestamp <= latest) return;
  const issue = { path: "timestamp", message: `expected at most ${latest}, received ${timestamp}` };
  throw new ValidationError(
    `The event is of the future: its timestamp is ${timestamp}, and our clock says ${now.toISOString()}. Mend the sender's clock, or leave meta and timestamp out.`,
    { issues: [issue] },
  );
}

function inContext({ event, key }: RecordedEvent, context: IngestContext): RecordedEvent {
  const correlation_id = event.correlation_id ?? context.correlationId;
  const tenant_id = event.tenant_id ?? context.tenantId ?? null;
  const meta =
    event.meta.traceparent === undefined ? { ...event.meta, ...traceMeta(context.trace) } : event.meta;
  return {
    event: { ...event, meta, correlation_id, tenant_id, actor_id: event.actor_id ?? context.actorId },
    key,
  };
}

/**
 * An input with `meta` or `timestamp` is an envelope and must be complete: nothing of it is filled in. Anything else is
 * the short form `{ type, payload, … }`, of which the server makes the envelope: module and version come from the
 * catalog, the producer is its `source`.
 */
function completeEnvelope(
  catalog: Catalog,
  input: unknown,
  context: IngestContext,
  now: Date,
  newId: () => string,
): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    throw new ValidationError(
      `An event is a JSON object with type and payload; received ${Array.isArray(input) ? "an array" : input === null ? "null" : `a ${typeof input}`}.`,
      { issues: [{ path: "", message: "expected an object with type and payload" }] },
    );
  }
  if ("meta" in input || "timestamp" in input) return input;
  const short = input as Readonly<Record<string, JsonValue>>;
  const definition = typeof short.type === "string" ? catalog.find(short.type) : undefined;
  const { causation_id, traceparent, tracestate, ...fields } = short;
  const id = short.id ?? newId();
  const source = short.source ?? anonymousSource;
  return {
    target: null,
    mission_id: null,
    task_id: null,
    // A bad id is refused for itself; here it would only be refused once more.
    correlation_id:
      context.correlationId ?? (typeof id === "string" && isUuidV4(id) ? id.toLowerCase() : null),
    tenant_id: null,
    actor_id: null,
    severity: definition?.severity ?? null,
    ...fields,
    id,
    source,
    timestamp: now.toISOString(),
    meta: {
      schema_version: definition?.version ?? 1,
      producer: source,
      source_module: definition?.module ?? "unknown",
      ...(causation_id === undefined ? {} : { causation_id }),
      ...(traceparent === undefined ? {} : { traceparent }),
      ...(tracestate === undefined ? {} : { tracestate }),
    },
  };
}

interface KnownRow {
  readonly n: number;
  readonly same: boolean;
  readonly stored_at: string;
  readonly stream_message_id: string | null;
}

async function lookUp(
  invocation: Invocation,
  repeated: readonly RecordedEvent[],
  tenantId: string | null,
): Promise<ReadonlyMap<RecordedEvent, KnownRow>> {
  if (repeated.length === 0) return new Map();
  const rows = JSON.stringify(
    repeated.map(({ event }, n) => ({ n, id: event.id, type: event.type, payload: event.payload })),
  );
  const found = await invocation.db.rows<KnownRow>(sql`
    SELECT r.n, e.type = r.type AND e.payload = r.payload AS same, e.stream_message_id,
      to_char(e.stored_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS stored_at
    FROM json_to_recordset(${rows}::json) AS r(n integer, id uuid, type text, payload jsonb)
    JOIN events e ON e.id = r.id AND ${isOfTenant(sql`e.tenant_id`, tenantId)}`);
  return new Map(
    found.flatMap((row): [RecordedEvent, KnownRow][] => {
      const item = repeated[row.n];
      return item === undefined ? [] : [[item, row]];
    }),
  );
}
