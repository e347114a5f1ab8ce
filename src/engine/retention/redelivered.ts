import type { ReconcileReport } from "./reconcile.ts";

/** Events that the comparison of claims delivers again. */
export function redeliveredBy({ claims }: ReconcileReport): number {
  return claims.reduce((sum, { missing }) => sum + missing, 0);
}
