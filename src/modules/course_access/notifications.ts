import { type Consumer, defineConsumer, type HandlerContext, on, sha256Hex } from "@brain/engine";
import { courseAccessGranted, courseAccessRevoked, courseGenerationCompleted } from "@brain/schemas";
import { toldTenant } from "../told-tenant.ts";
import { source } from "./announce.ts";
import { createNotifier, type Notification, type Notifier, type WebhookSettings } from "./notifier.ts";
import { noteNotification } from "./store.ts";

/**
 * The subscriber `course_access_notifications`: tells the outside that a course is ready and that access was granted or
 * revoked. A consumer of its own, so that a slow or broken receiver holds up no access.
 *
 * The receiver is called inside the transaction that notes the call. A crash between call and commit, or another event of
 * the same transaction that fails, repeats the call with the same idempotency key. So the receiver gets each notification
 * at least once, and recognises repeats.
 *
 * @param webhook null: notifications go to the log
 */
export function courseAccessNotificationsConsumer(webhook: WebhookSettings | null): Consumer {
  const notifier = createNotifier(webhook);
  return defineConsumer({
    subscriber: "course_access_notifications",
    source,
    // Bounds the calls that one failure repeats. Not 1, because it also bounds how many events of other types are read
    // and passed over at once.
    batchSize: 25,
    // A receiver may be away for a while: twelve tries with these waits are about half an hour.
    retry: { maxAttempts: 12 },
    handlers: [
      on(courseGenerationCompleted, async (event, context) => {
        const { course_id, completed_at, dry_run } = event.payload;
        // Of a dry run there is no course.
        if (dry_run === true) return;
        const tenant_id = toldTenant(event);
        const earlierId = `course_ready:${course_id}`;
        // Whoever publishes events may name any course: so once for each tenant that does.
        const id = `course_ready:${await sha256Hex(JSON.stringify([course_id, tenant_id]))}`;
        const told = { course_id, user_id: null, tenant_id, occurred_at: completed_at };
        await notifyOnce(notifier, event.id, context, { id, kind: "course_ready", ...told }, earlierId);
      }),

      on(courseAccessGranted, async (event, context) => {
        const { granted_at, ...ids } = event.payload;
        await notifyOnce(notifier, event.id, context, await ofAccess("access_granted", ids, granted_at));
      }),

      on(courseAccessRevoked, async (event, context) => {
        const { revoked_at, ...ids } = event.payload;
        await notifyOnce(notifier, event.id, context, await ofAccess("access_revoked", ids, revoked_at));
      }),
    ],
  });
}

interface AccessIds {
  readonly course_id: string;
  readonly user_id: string;
  readonly tenant_id: string | null;
}

/** The id is a digest of what happened to whom and when, because the ids it is made of may hold any character. */
async function ofAccess(
  kind: Notification["kind"],
  { course_id, user_id, tenant_id }: AccessIds,
  occurred_at: string,
): Promise<Notification> {
  const digest = await sha256Hex(JSON.stringify([course_id, user_id, tenant_id, occurred_at]));
  return { id: `${kind}:${digest}`, kind, course_id, user_id, tenant_id, occurred_at };
}

async function notifyOnce(
  notifier: Notifier,
  eventId: string,
  context: HandlerContext,
  notification: Notification,
  earlierId: string | null = null,
): Promise<void> {
  const { tx, log, signal, fetch, now } = context;
  const { id: externalId, kind } = notification;
  const note = { externalId, kind, sourceEventId: eventId, sentAt: now() };
  if (!(await noteNotification(tx, note, earlierId))) {
    log.debug({ notification_id: externalId }, "the notification was sent already");
    return;
  }
  await notifier.send(notification, {
    idempotencyKey: await context.idempotencyKey(kind),
    signal,
    fetch,
    log,
    now,
  });
}
