import { type EnvelopeRow, errorClass, type JobContext, toEnvelope, type Vault } from "@brain/engine";
import { binaryHeaders, type CloudEvent, type Envelope, toCloudEvent } from "@brain/schemas";
import { callOutside, requirePublic, retryAfterSeconds } from "../outgoing.ts";
import { signedHeaders } from "../signed-webhook.ts";
import { addressOf } from "./secrets.ts";
import type { WebhookSettings } from "./settings.ts";
import type { Claimed } from "./store.ts";
import type { AttemptNote } from "./tables.ts";

/** One call of a receiver. */

/** A receiver answers within this time, ms: it should take the event and work later. */
const timeoutMs = 15_000;

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

export interface SendDeps extends Pick<WebhookSettings, "httpAllow" | "resolve"> {
  readonly vault: Vault;
  readonly now: () => Date;
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
    if (event === null)
      return { ...ended, isFinal: true, note: noteOf(null, "The record no longer has the event.") };
    const response = await post(deps, claimed, event);
    const { status } = response;
    if (status >= 200 && status < 300) return { ...ended, note: noteOf(status, null) };
    const redirects = status === 0 || (status >= 300 && status < 400);
    const error = redirects
      ? "Redirects are not followed."
      : `The receiver answered ${status}, expected 2xx.`;
    const waitSeconds = retryAfterSeconds(response.headers.get("retry-after"));
    return { ...ended, waitSeconds, isGone: status === 410, note: noteOf(status, error) };
  } catch (error) {
    return { ...ended, note: noteOf(null, describe(error)) };
  }
}

/** A short word of what we know; a message of a runtime may name the address. */
function describe(error: unknown): string {
  if (error instanceof DOMException && error.name === "TimeoutError")
    return `No answer within ${timeoutMs / 1_000} s.`;
  switch (errorClass(error)) {
    case "PermanentError":
      return "The address leads to a private network.";
    case "VaultKeyError":
    case "VaultError":
      return "The secrets of the endpoint cannot be read here. The log says why.";
    default:
      return "The receiver could not be reached.";
  }
}

async function post(
  { vault, now, httpAllow, resolve }: SendDeps,
  claimed: Claimed,
  event: CloudEvent,
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
    signal: AbortSignal.timeout(timeoutMs),
  });
  // Only the status counts; an answer without end is not read.
  await response.body?.cancel();
  return response;
}

async function eventOf(
  { reveal }: Pick<SendDeps, "reveal">,
  { message, event }: Claimed,
): Promise<CloudEvent | null> {
  if (message !== null) return message as unknown as CloudEvent;
  if (event === null) return null;
  const { payload, meta, ...columns } = event;
  // As JSON in JSON, both are values already.
  const row: EnvelopeRow = { ...columns, payload: textOf(payload), meta: textOf(meta) };
  const stored = toEnvelope(row);
  const [clear = stored] = (await reveal?.([stored])) ?? [];
  const { position, ...rest } = clear.meta;
  const envelope = { ...clear, meta: rest } as Envelope;
  return toCloudEvent({ ...envelope, position: typeof position === "number" ? position : null });
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
