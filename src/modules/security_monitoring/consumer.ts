import { type Consumer, type Delivered, defineConsumer, isImpossible, onSqlSet } from "@brain/engine";
import type { Envelope } from "@brain/schemas";
import { signsOf, watchedEvents } from "./rules.ts";
import { keepSigns, raiseAlerts, type SignRow } from "./store.ts";

/**
 * The subscriber `security_monitoring`: looks for attacks and for what may become one. A sign is kept once for each event,
 * so neither a redelivery nor a forced replay adds anything.
 */
export const securityConsumer: Consumer = defineConsumer({
  subscriber: "security_monitoring",
  handlers: [
    onSqlSet([...watchedEvents], ({ deliveries, now }) => {
      const signs = deliveries.flatMap((delivered) => rowsOf(delivered as Delivered, now()));
      if (signs.length === 0) return [];
      const batch = crypto.randomUUID();
      return [keepSigns(batch, signs), raiseAlerts(batch)];
    }),
  ],
});

function rowsOf({ event }: Delivered, now: Date): SignRow[] {
  const envelope = event as Envelope;
  return signsOf(envelope).map(({ rule, subject, isOverTenants }) => ({
    rule,
    subject,
    event_id: envelope.id.slice(0, 100),
    tenant_id: isOverTenants === true ? null : (envelope.tenant_id?.slice(0, 100) ?? null),
    at: timeOf(envelope, now),
  }));
}

/** When it happened; of a clock that is far ahead, now: no window would ever reach it. */
function timeOf({ timestamp }: Envelope, now: Date): string {
  const at = new Date(timestamp);
  return (Number.isNaN(at.getTime()) || isImpossible(at, now) ? now : at).toISOString();
}
