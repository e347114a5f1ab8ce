/** Older names of catalogued facts. Read only: a publisher that uses one is refused and told the canonical name. */

/** Older wire name → catalogued name. */
export const readAliases: ReadonlyMap<string, string> = new Map([
  ["payment.completed", "payment.transaction.completed"],
  ["payment.failed", "payment.transaction.failed"],
  ["payment.initiated", "payment.intent.created"],
  ["paycore.intent_created", "payment.intent.created"],
  ["paycore.payment_succeeded", "payment.transaction.completed"],
  ["paycore.payment_failed", "payment.transaction.failed"],
  ["paycore.payment_cancelled", "payment.transaction.cancelled"],
  ["paycore.refund_requested", "payment.refund.requested"],
  ["paycore.refund_succeeded", "payment.refund.completed"],
  ["paycore.refund_failed", "payment.refund.failed"],
  ["TaskCreated", "task.item.created"],
  ["TaskCompleted", "task.item.completed"],
  ["TaskDeleted", "task.item.deleted"],
  ["TaskUpdated", "task.item.updated"],
]);

/**
 * One fact that a producer wrote twice, once under each name. Both are read under the plain name; the pair is told
 * apart from two facts by the id in the payload.
 */
export const dualNames: ReadonlyMap<string, string> = new Map([
  ["supervisor.domain_escalation.received.v1", "supervisor.domain_escalation.received"],
  ["supervisor.domain_escalation.decided.v1", "supervisor.domain_escalation.decided"],
]);
