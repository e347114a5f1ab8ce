import type { ApprovalStatus } from "../answers/approvals.ts";
import type { Visit } from "../page.ts";
import { approvalWords } from "../words/approvals.ts";
import { Badge, type Tone } from "./text.tsx";

const tierTones: readonly Tone[] = ["quiet", "info", "warn", "bad"];

/** How much harm a plan, or a step, can do: 0 to 3. */
export function RiskBadge({ visit, tier }: { readonly visit: Visit; readonly tier: number }) {
  return <Badge tone={tierTones[tier] ?? "bad"}>{visit.words(approvalWords).tier(String(tier))}</Badge>;
}

const statusTones: Readonly<Record<ApprovalStatus, Tone>> = {
  pending: "info",
  consumed: "good",
  expired: "quiet",
  withdrawn: "quiet",
};

export function ApprovalBadge({ visit, status }: { readonly visit: Visit; readonly status: ApprovalStatus }) {
  return <Badge tone={statusTones[status]}>{visit.words(approvalWords)[status]}</Badge>;
}
