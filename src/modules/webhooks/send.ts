import {
  type EnvelopeRow,
  errorClass,
  type JobContext,
  retryAfterMs,
  toEnvelope,
  type Vault,
  withTimeLimit,
} from "@brain/engine";
import {
  binaryHeaders,
  type Catalog,
  type CloudEvent,
  type Envelope,
  parseEventPayload,
  toCloudEvent,
} from "@brain/schemas";
import { callOutside } from "../call-outside.ts";
import { requirePublic } from "../outgoing.ts";
import { signedHeaders } from "../signed-webhook.ts";
import type { Claimed } from "./job-store.ts";
import { addressOf } from "./secrets.ts";
import type { WebhookSettings } from "./settings.ts";
import type { AttemptNote } from "./tables.ts";

/** One call of a receiver. */

/** A call ends within this time, ms, with all that belongs to it: a receiver should take the event and work later. */
export const callMs = 15_000;

/** What became of a try. */
export interface Sent {
  readonly note: AttemptNote;
  /** The receiver wants to be left alone for so long, s; null: it does not say. */
  readonly waitSeconds: number | null;
  /** Trying again cannot help. */
  readonly isFinal: boolean;
  /** 410: it will never take anything again. */
  readonly isGone: boolean;
}

export interface SendDeps extends Pick<WebhookSettings, "httpAllow" | "resolve" | "schemas"> {
  readonly vault: Vault;
  readonly now: () => Date;
  readonly catalog: Catalog;
  readonly reveal?: JobContext["reveal"];
}

/** Never throws: what went wrong is the note. */
export async function sendDelivery(deps: SendDeps, claimed: Claimed): Promise<Sent> {
  const startedMs = deps.now().getTime();
  const noteOf = (status: number | null, error: string | null): AttemptNote => ({
    at: new Date(startedMs).toISOString(),
    status,
    error,
    duration_ms: Math.max(0, deps.now().getTime() - startedMs),
  });
  const ended = { waitSeconds: null, isFinal: false, isGone: false };
  try {
    const event = await eventOf(deps, claimed);
    if (typeof event === "string") return { ...ended, isFinal: true, note: noteOf(null, event) };
    const response = await post(deps, claimed, event);
    const { status } = response;
    if (status >= 200 && status < 300) return { ...ended, note: noteOf(status, null) };
    const redirects = status === 0 || (status >= 300 && status < 400);
    const error = redirects
      ? "Redirects are not followed."
      : `The receiver answered ${status}, expected 2xx.`;
    const waitMs = retryAfterMs(response.headers.get("retry-after"), deps.now());
    const waitSeconds = waitMs === null ? null : Math.ceil(waitMs / 1_000);
    return { ...ended, waitSeconds, isGone: status === 410, note: noteOf(status, error) };
  } catch (error) {
    return { ...ended, note: noteOf(null, describe(error)) };
  }
}

/** A short word of what we know; a message of a runtime may name the address. */
function describe(error: unknown): string {
  switch (errorClass(error)) {
    case "HandlerTimeoutError":
      return `No answer within ${callMs / 1_000} s.`;
    case "PermanentError":
      return "The address leads to a private network.";
    case "VaultKeyError":
    case "VaultError":
      return "The secrets of the endpoint cannot be read here. The log says why.";
    default:
      return "The receiver could not be reached.";
  }
}

function post(deps: SendDeps, claimed: Claimed, event: CloudEvent): Promise<Response> {
  // The lookup of the name, too, which has no limit of its own: a claim holds for one call.
  return withTimeLimit(callMs, "A call of a webhook", (signal) => call(deps, claimed, event, signal));
}

async function call(
  { vault, now, httpAllow, resolve }: SendDeps,
  claimed: Claimed,
  event: CloudEvent,
  signal: AbortSignal,
): Promise<Response> {
  const { endpoint_id: id, previous_secret: previous, form } = claimed;
  const [url, ...secrets] = await Promise.all([
    vault.open(claimed.url, addressOf(id, "url")),
    vault.open(claimed.secret, addressOf(id, "secret")),
    ...(previous === null ? [] : [vault.open(previous, addressOf(id, "previous_secret"))]),
  ]);
  await requirePublic(new URL(url), httpAllow, resolve);
  const body = JSON.stringify(form === "binary" ? event.data : event);
  const response = await callOutside(url, {
    method: "POST",
    headers: {
      ...(form === "binary" ? binaryHeaders(event) : { "content-type": "application/cloudevents+json" }),
      "user-agent": "BRAiN-EventStream-Webhooks/1",
      ...signedHeaders(secrets, event.id, now(), body),
    },
    body,
    signal,
  });
  // Only the status counts; an answer without end is not read.
  await response.body?.cancel();
  return response;
}

/** The message, or why there is none. */
async function eventOf(
  { reveal, catalog, schemas }: Pick<SendDeps, "reveal" | "catalog" | "schemas">,
  { message, event, entry }: Claimed,
): Promise<CloudEvent | string> {
  if (message !== null) return message as unknown as CloudEvent;
  const row = event ?? entry;
  if (row === null) return "The record no longer has the event.";
  const recorded = envelopeOf(row);
  // The release before a renaming recorded the older name, which receivers of today do not know.
  const stored = { ...recorded, type: catalog.canonicalType(recorded.type) };
  const { position, ...meta } = stored.meta;
  const travelling = { position: typeof position === "number" ? position : null };
  if (event === null) {
    const read = asPublished(catalog, { ...stored, meta });
    return read === null
      ? "Another program wrote it, and it is not as events of its type are."
      : toCloudEvent({ ...read, ...travelling }, schemas);
  }
  const [clear = stored] = (await reveal?.([stored])) ?? [];
  // What is in no catalogue any more has no schema.
  const isKnown = catalog.find(clear.type) !== undefined;
  return toCloudEvent({ ...clear, meta, ...travelling }, isKnown ? schemas : null);
}

function envelopeOf({ payload, meta, ...columns }: EnvelopeRow): Envelope {
  // As JSON in JSON, both are values already.
  return toEnvelope({ ...columns, payload: textOf(payload), meta: textOf(meta) });
}

/**
 * An event of another program as this one would have published it: what its definition does not name is left out, also in
 * `meta`, for nobody has looked at what is in it. Null: its payload is none of its type.
 */
function asPublished(catalog: Catalog, event: Envelope): Envelope | null {
  const definition = catalog.find(event.type);
  const read = definition === undefined ? null : parseEventPayload(event, definition);
  if (definition === undefined || read?.ok !== true) return null;
  const { producer, source_module, causation_id } = event.meta;
  const causation = typeof causation_id === "string" ? { causation_id } : {};
  return {
    ...event,
    payload: read.payload,
    meta: { schema_version: definition.version, producer, source_module, ...causation },
  };
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
