import type { ApprovalDetails } from "../answers/approvals.ts";
import type { PageModule, Visit } from "../page.ts";
import { ActionForm, ReasonField } from "../parts/form.tsx";
import { ApprovalBadge, RiskBadge } from "../parts/risk.tsx";
import { Facts, Time } from "../parts/text.tsx";
import { approvalWords } from "../words/approvals.ts";

const routeOf = (visit: Visit) => `/api/ir/approvals/${encodeURIComponent(visit.param("id"))}`;
const pathOf = (visit: Visit) => visit.href(`/approvals/${encodeURIComponent(visit.param("id"))}`);

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(approvalWords);
    const approval = await visit.api.get<ApprovalDetails>(routeOf(visit));
    const { plan } = approval;
    const title = plan === null ? w.unknownPlan : (plan.intent_summary ?? w.noIntent);
    return {
      title: `${w.approval}: ${title}`,
      trail: [{ href: visit.href("/approvals"), text: w.title }],
      main: (
        <>
          <h1>
            {w.approval}: {title}
          </h1>
          <ApprovalFactList visit={visit} approval={approval} />
          {visit.can("approve") ? <Changes visit={visit} approval={approval} /> : null}
        </>
      ),
    };
  },
  actions: {
    async acknowledge(visit, form) {
      const { requestId } = await visit.api.change(`${routeOf(visit)}/acknowledge`, {
        body: { reason: form.text("reason") },
        idempotencyKey: form.idempotencyKey,
      });
      return { goTo: pathOf(visit), told: visit.words(approvalWords).doneAcknowledged, requestId };
    },
    async withdraw(visit, form) {
      const { requestId } = await visit.api.change(`${routeOf(visit)}/withdraw`, {
        body: { reason: form.text("reason") },
        idempotencyKey: form.idempotencyKey,
      });
      return { goTo: pathOf(visit), told: visit.words(approvalWords).doneWithdrawn, requestId };
    },
  },
};

interface Props {
  readonly visit: Visit;
  readonly approval: ApprovalDetails;
}

function ApprovalFactList({ visit, approval }: Props) {
  const w = visit.words(approvalWords);
  const { plan } = approval;
  const done = (at: string | null, who: string | null) =>
    at === null ? null : (
      <>
        {who ?? w.nobody}, <Time visit={visit} at={at} as="dateTime" />
      </>
    );
  return (
    <Facts
      of={[
        [w.status, <ApprovalBadge visit={visit} status={approval.status} />],
        [w.risk, plan === null ? null : <RiskBadge visit={visit} tier={plan.risk_tier} />],
        [
          w.plan,
          plan === null ? (
            <code>{approval.ir_hash}</code>
          ) : (
            <a href={visit.href(`/approvals/plans/${plan.ir_hash}`)}>{plan.intent_summary ?? w.noIntent}</a>
          ),
        ],
        [w.tenant, approval.tenant_id],
        [w.approvedBy, done(approval.created_at, approval.created_by)],
        [w.expires, <Time visit={visit} at={approval.expires_at} as="dateTime" />],
        [w.seenBy, done(approval.acknowledged_at, approval.acknowledged_by)],
        [w.usedBy, done(approval.consumed_at, approval.consumed_by)],
        [w.withdrawn, done(approval.withdrawn_at, approval.withdrawn_by)],
        [w.reason, approval.withdrawn_reason],
        [
          w.story,
          <a href={visit.href(`/stories/${encodeURIComponent(approval.correlation_id)}`)}>
            <code>{approval.correlation_id}</code>
          </a>,
        ],
      ]}
    />
  );
}

function Changes({ visit, approval }: Props) {
  const w = visit.words(approvalWords);
  const canNote = approval.acknowledged_at === null;
  const canEnd = approval.status === "pending";
  if (!canNote && !canEnd) return null;
  return (
    <section class="actions">
      {canNote ? (
        <ActionForm visit={visit} action="acknowledge" button={w.acknowledge}>
          <p class="quiet">{w.acknowledgeWhy}</p>
          <ReasonField visit={visit} action="acknowledge" />
        </ActionForm>
      ) : null}
      {canEnd ? (
        <ActionForm visit={visit} action="withdraw" button={w.withdraw} tone="danger">
          <p class="quiet">{w.withdrawWhy}</p>
          <ReasonField visit={visit} action="withdraw" />
        </ActionForm>
      ) : null}
    </section>
  );
}
