import { type Envelope, isUuidV4, type JsonValue } from "@brain/schemas";
import { sql } from "drizzle-orm";
import { BrainError, ConflictError, ValidationError } from "../core/errors.ts";
import { type TraceContext, traceMeta } from "../core/telemetry/trace-context.ts";
import { isoText } from "../db/iso-text.ts";
import { entryId, withEntry } from "../db/stream-ids.ts";
import { isOfTenant } from "../db/tenant-rows.ts";
import type { Invocation } from "../invocation.ts";
import { newEventId } from "../publish/event-id.ts";
import { admitEnvelope, sealed } from "../publish/publish.ts";
import { metaReceived } from "../publish/received-at.ts";
import type { RecordedEvent } from "../publish/record.ts";
import { recordEvents, recordTogether } from "./record-events.ts";

/** What became of one event that another program sent. */
export type IngestResult =
  | { readonly status: "accepted"; readonly id: string; readonly type: string }
  /** It is in the record already, with the same tenant, type and payload: nothing was stored again. */
  | {
      readonly status: "deduplicated";
      /** Under which it is recorded. */
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
  /**
   * Keeps the request alive until the work is done. With it, an event that comes alone is recorded by one statement with
   * those of other requests at the same time; left out: by its own.
   */
  readonly waitUntil?: (work: Promise<unknown>) => void;
  /** Of events whose id was made for them: the id that an earlier release made of the same. Left out: none. */
  readonly formerIds?: ReadonlyMap<string, string>;
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
  const request = { invocation, context, arrival: arrivalAt(invocation.now()) };
  const given = inputs.map((input, index) => admit(request, input, index));
  const stored = await sealed(
    invocation.publish,
    given.filter((item) => "event" in item),
  );
  const places = stored.values();
  const admitted = given.map((item) => ("event" in item ? (places.next().value ?? item) : item));
  const valid = admitted.filter((item) => "event" in item);
  const { accepted, lostSinceMs } = await record(invocation, valid, context);
  const known = await lookUp(
    invocation,
    valid.filter((item) => !accepted.has(item)),
    context.tenantId ?? null,
    lostSinceMs,
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
          issues: [{ path: "id", message: "is taken by another event" }],
        },
      );
      return { status: "rejected", id, error };
    }
    if (before.is_of_lost) return { status: "accepted", id, type };
    return {
      status: "deduplicated",
      id: before.id,
      type,
      firstSeenAt: before.stored_at,
      streamMessageId: before.stream_message_id,
    };
  });
}

interface Recorded {
  /** Those whose id was new. */
  readonly accepted: ReadonlySet<Admitted>;
  /** See `Gathered`. */
  readonly lostSinceMs: number | null;
}

async function record(
  invocation: Invocation,
  valid: readonly RecordedEvent[],
  { waitUntil }: IngestContext,
): Promise<Recorded> {
  const [first] = valid;
  if (first === undefined) return { accepted: new Set(), lostSinceMs: null };
  if (valid.length === 1 && waitUntil !== undefined) {
    const { answer: isNew, lostSinceMs } = await recordTogether(invocation, first, waitUntil);
    return { accepted: new Set(isNew ? [first] : []), lostSinceMs };
  }
  const fresh = await recordEvents(invocation, valid);
  // The first of several with one id in a batch is the new one; the others find it in the record.
  return { accepted: new Set(valid.filter(({ event }) => fresh.delete(event.id))), lostSinceMs: null };
}

type Admitted = RecordedEvent | Extract<IngestResult, { status: "rejected" }>;

/** When a request came, for all of its events. */
interface Arrival {
  readonly ms: number;
  readonly iso: string;
  /** The last timestamp that is no future. */
  readonly latest: string;
}

function arrivalAt(ms: number): Arrival {
  return { ms, iso: new Date(ms).toISOString(), latest: new Date(ms + maxClockAheadMs).toISOString() };
}

/** What all events of a request are admitted by. */
interface Request {
  readonly invocation: Invocation;
  readonly context: IngestContext;
  readonly arrival: Arrival;
}

function admit(request: Request, input: unknown, index: number): Admitted {
  if (input instanceof BrainError) return { status: "rejected", id: null, error: input };
  const { invocation, context, arrival } = request;
  const newId = () => context.newId?.(index) ?? newEventId(arrival.ms);
  try {
    const admitted = admitEnvelope(invocation.publish, completeEnvelope(request, input, newId));
    requirePresent(admitted.event.timestamp, arrival);
    const known = inContext(admitted, request);
    context.requireAllowed?.(known.event);
    return known;
  } catch (error) {
    if (!(error instanceof BrainError)) throw error;
    const id = (input as { id?: unknown } | null)?.id;
    return { status: "rejected", id: typeof id === "string" ? id.slice(0, 100) : null, error };
  }
}

function requirePresent(timestamp: string, { iso, latest }: Arrival): void {
  if (timestamp <= latest) return;
  const issue = { path: "timestamp", message: `expected at most ${latest}, received ${timestamp}` };
  throw new ValidationError(
    `The event is of the future: its timestamp is ${timestamp}, and our clock says ${iso}. Mend the sender's clock, or leave meta and timestamp out.`,
    { issues: [issue] },
  );
}

function inContext({ event, key }: RecordedEvent, { context, arrival }: Request): RecordedEvent {
  const correlation_id = event.correlation_id ?? context.correlationId;
  const tenant_id = event.tenant_id ?? context.tenantId ?? null;
  const received = metaReceived(event, arrival);
  const meta = received.traceparent === undefined ? { ...received, ...traceMeta(context.trace) } : received;
  const formerId = context.formerIds?.get(event.id);
  return {
    event: { ...event, meta, correlation_id, tenant_id, actor_id: event.actor_id ?? context.actorId },
    key,
    ...(formerId === undefined ? {} : { formerId }),
  };
}

/**
 * An input with `meta` or `timestamp` is an envelope and must be complete: nothing of it is filled in. Anything else is
 * the short form `{ type, payload, … }`, of which the server makes the envelope: module and version come from the
 * catalog, the producer is its `source`.
 */
function completeEnvelope(
  { invocation: { catalog }, context, arrival }: Request,
  input: unknown,
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
    timestamp: arrival.iso,
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
  readonly id: string;
  readonly same: boolean;
  readonly stored_at: string;
  readonly stream_message_id: string | null;
  /** It was stored by the statement of this request that got lost. */
  readonly is_of_lost: boolean;
}

/** Two calls take different times to Postgres, ms; more than that is between a request and its repetition. */
const lostMarginMs = 1_000;

/**
 * @param lostSinceMs since then a statement with these events was under way whose end nobody saw. What was stored since
 *   then, with the same content, was stored by it, although the id is known now. Only the time that went by is used:
 *   clocks of workers and of Postgres may differ.
 */
async function lookUp(
  invocation: Invocation,
  repeated: readonly RecordedEvent[],
  tenantId: string | null,
  lostSinceMs: number | null,
): Promise<ReadonlyMap<RecordedEvent, KnownRow>> {
  if (repeated.length === 0) return new Map();
  const rows = JSON.stringify(
    repeated.map(({ event: { id, type, tenant_id, payload }, formerId }, n) => {
      return { n, id, former: formerId, type, tenant: tenant_id, payload };
    }),
  );
  const hasFormer = repeated.some(({ formerId }) => formerId !== undefined);
  const isTold = hasFormer ? sql`e.id IN (r.id, r.former)` : sql`e.id = r.id`;
  const lostMs = lostSinceMs === null ? null : invocation.now() - lostSinceMs + lostMarginMs;
  const found = await invocation.db.rows<KnownRow>(sql`
    SELECT r.n, e.id::text AS id,
      e.type = r.type AND e.tenant_id IS NOT DISTINCT FROM r.tenant AND e.payload = r.payload AS same,
      ${entryId} AS stream_message_id,
      coalesce(e.stored_at > now() - ${lostMs}::float8 * interval '1 millisecond', false) AS is_of_lost,
      ${isoText(sql`e.stored_at`)} AS stored_at
    FROM json_to_recordset(${rows}::json) AS r(n integer, id uuid, former uuid, type text, tenant text, payload jsonb)
    JOIN events e ON ${isTold} AND ${isOfTenant(sql`e.tenant_id`, tenantId)} ${withEntry}
    ORDER BY e.id = r.id`);
  // The last one of an event counts: that under its own id.
  return new Map(
    found.flatMap((row): [RecordedEvent, KnownRow][] => {
      const item = repeated[row.n];
      return item === undefined ? [] : [[item, row]];
    }),
  );
}
