import {
  type CallOutside,
  hexOf,
  type Logger,
  PermanentError,
  RetryAfter,
  retryAfterMs,
  TransientError,
} from "@brain/engine";
import { signedHeaders } from "../signed-webhook.ts";

/** What is told to the outside, and how. */

export type NotificationKind = "course_ready" | "access_granted" | "access_revoked";

/** Holds ids only: whoever receives it looks up names and addresses where they are kept. */
export interface Notification {
  /** The same for the same fact, whatever event told of it. */
  readonly id: string;
  readonly kind: NotificationKind;
  readonly course_id: string;
  /** Null for what concerns no single user. */
  readonly user_id: string | null;
  readonly tenant_id: string | null;
  /** ISO 8601. */
  readonly occurred_at: string;
}

export interface Sending {
  /** Stable over all tries; the receiver may deduplicate by it. */
  readonly idempotencyKey: string;
  readonly signal: AbortSignal;
  readonly fetch: CallOutside;
  readonly log: Logger;
  readonly now: () => Date;
}

export interface Notifier {
  /**
   * Returns when the notification has arrived.
   *
   * @throws {TransientError} no answer, or one that may change
   * @throws {PermanentError} refused for good
   */
  send(notification: Notification, sending: Sending): Promise<void>;
}

/** Where notifications are posted; `secret` signs them. */
export interface WebhookSettings {
  readonly url: string;
  readonly secret: string;
  /** Time limit of one call, ms; default 5,000. */
  readonly timeoutMs?: number;
}

/** @param webhook null: notifications go to the log */
export function createNotifier(webhook: WebhookSettings | null): Notifier {
  return webhook === null ? logNotifier : { send: (note, sending) => post(webhook, note, sending) };
}

const logNotifier: Notifier = {
  async send(notification, { log }) {
    const { id, kind, course_id, user_id, tenant_id } = notification;
    log.debug({ notification_id: id, kind, course_id, user_id, tenant_id }, "notification");
  },
};

const defaultTimeoutMs = 5_000;

async function post(webhook: WebhookSettings, notification: Notification, sending: Sending): Promise<void> {
  const { signal, idempotencyKey, now } = sending;
  const body = JSON.stringify(notification);
  const timeout = AbortSignal.timeout(webhook.timeoutMs ?? defaultTimeoutMs);
  let response: Response;
  try {
    response = await sending.fetch(webhook.url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "idempotency-key": idempotencyKey,
        ...signedHeaders([webhook.secret], notification.id, now(), body),
        "x-brain-signature": await sign(webhook.secret, Math.floor(now().getTime() / 1000), body),
      },
      body,
      signal: AbortSignal.any([timeout, signal]),
    });
    // Only the status counts; an answer without end is not read.
    await response.body?.cancel();
  } catch (error) {
    throw timeout.aborted || signal.aborted
      ? new TransientError("The receiver of notifications did not answer in time.", { cause: error })
      : new TransientError("The receiver of notifications could not be reached.", { cause: error });
  }
  judge(response.status, response.headers.get("retry-after"), now());
}

/** Statuses after which the same call may succeed, beside 5xx. */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);

function judge(status: number, retryAfter: string | null, now: Date): void {
  if (status >= 200 && status < 300) return;
  const answered = `The receiver of notifications answered with status ${status}.`;
  if (!passing.has(status) && status < 500) {
    throw new PermanentError(
      `${answered} Expected 2xx. Mend the receiver or BRAIN_NOTIFY_URL, then redrive the dead letter.`,
    );
  }
  const waitMs = retryAfterMs(retryAfter, now);
  throw waitMs === null
    ? new TransientError(answered)
    : new RetryAfter(Math.min(waitMs, maxWaitMs), answered);
}

/** No receiver may put us off for longer, ms. */
const maxWaitMs = 3_600_000;

const encoder = new TextEncoder();

/**
 * `t={seconds},v1={hex}`: HMAC-SHA256 of `{seconds}.{body}`. The time is part of what is signed, so that a receiver can
 * refuse an old call that somebody kept.
 *
 * @param seconds Unix time
 */
export async function sign(secret: string, seconds: number, body: string): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const mac = await crypto.subtle.sign("HMAC", key, encoder.encode(`${seconds}.${body}`));
  return `t=${seconds},v1=${hexOf(mac)}`;
}
