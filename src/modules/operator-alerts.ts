import type { Logger, Tx } from "@brain/engine";

/*
 * How modules ask for a person, as a port: what operates the product keeps the alerts, and the composition root hands
 * them in. An alert commits with the change that it is about.
 */

export interface OperatorAlert {
  /** `refund_due`: a payment was received for what cannot be delivered. Subject: the payment. */
  readonly kind: "refund_due";
  readonly subject: string;
  readonly severity: "warning" | "critical";
  /** What was seen, what was expected, what to do. */
  readonly message: string;
}

export interface OperatorAlerts {
  raise(tx: Tx, log: Logger, alert: OperatorAlert): Promise<void>;
  /** Nothing happens when none is open. */
  resolve(tx: Tx, log: Logger, kind: OperatorAlert["kind"], subject: string): Promise<void>;
}
