import type { RefundDetails } from "../answers/approvals.ts";
import type { PageModule, Visit } from "../page.ts";
import { ActionForm, ReasonField } from "../parts/form.tsx";
import { Badge, Facts, Time } from "../parts/text.tsx";
import { approvalWords } from "../words/approvals.ts";

const idOf = (visit: Visit) => encodeURIComponent(visit.param("id"));
const routeOf = (visit: Visit) => `/api/paycore/refunds/${idOf(visit)}`;

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(approvalWords);
    const refund = await visit.api.get<RefundDetails>(routeOf(visit));
    const payment = await visit.api.get<{ readonly currency: string; readonly course_id: string | null }>(
      `/api/paycore/intents/${refund.intent_id}`,
    );
    const waits = refund.status === "unapproved";
    const title = `${w.refund}: ${visit.format.money(refund.amount_cents, payment.currency)}`;
    return {
      title,
      trail: [{ href: visit.href("/approvals"), text: w.title }],
      main: (
        <>
          <h1>{title}</h1>
          <Facts
            of={[
              [w.status, <Badge tone={waits ? "warn" : "info"}>{stateOf(visit, refund)}</Badge>],
              [w.reason, refund.reason],
              [w.askedBy, refund.requested_by],
              [w.askedAt, <Time visit={visit} at={refund.created_at} as="dateTime" />],
              [w.approvedBy, refund.approved_by],
              [w.declinedBy, refund.declined_by],
              [w.declinedWhy, refund.declined_reason],
              [w.failure, refund.failure_reason],
              [w.course, payment.course_id],
              [w.tenant, refund.tenant_id],
              [w.payment, <code>{refund.intent_id}</code>],
            ]}
          />
          {waits && visit.can("approve") ? <Decide visit={visit} refund={refund} /> : null}
        </>
      ),
    };
  },
  actions: {
    async approve(visit, form) {
      const { body, requestId } = await visit.api.change<RefundDetails>(`${routeOf(visit)}/approve`, {
        body: { reason: form.text("reason") },
        idempotencyKey: form.idempotencyKey,
      });
      return {
        goTo: visit.href(`/approvals/refunds/${idOf(visit)}`),
        told: visit.words(approvalWords).doneRefund(body.status),
        requestId,
      };
    },
    async decline(visit, form) {
      const { requestId } = await visit.api.change<RefundDetails>(`${routeOf(visit)}/decline`, {
        body: { reason: form.text("reason") },
        idempotencyKey: form.idempotencyKey,
      });
      return {
        goTo: visit.href(`/approvals/refunds/${idOf(visit)}`),
        told: visit.words(approvalWords).doneDeclined,
        requestId,
      };
    },
  },
};

function stateOf(visit: Visit, { status }: RefundDetails): string {
  const w = visit.words(approvalWords);
  if (status === "unapproved") return w.unapproved;
  return status === "declined" ? w.declined : status;
}

function Decide({ visit, refund }: { readonly visit: Visit; readonly refund: RefundDetails }) {
  const w = visit.words(approvalWords);
  const isOwn = refund.requested_by === visit.caller.id;
  return (
    <>
      {isOwn ? <p class="message warn">{w.ownRefund}</p> : null}
      <section class="actions">
        {isOwn ? null : (
          <ActionForm visit={visit} action="approve" button={w.approveRefund}>
            <p class="quiet">{w.approveRefundWhy}</p>
            <ReasonField visit={visit} action="approve" />
          </ActionForm>
        )}
        <ActionForm visit={visit} action="decline" button={w.declineRefund} tone="danger">
          <p class="quiet">{w.declineRefundWhy}</p>
          <ReasonField visit={visit} action="decline" />
        </ActionForm>
      </section>
    </>
  );
}
