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
              [
                w.status,
                <Badge tone={waits ? "warn" : "info"}>{waits ? w.unapproved : refund.status}</Badge>,
              ],
              [w.reason, refund.reason],
              [w.askedBy, refund.requested_by],
              [w.askedAt, <Time visit={visit} at={refund.created_at} as="dateTime" />],
              [w.approvedBy, refund.approved_by],
              [w.failure, refund.failure_reason],
              [w.course, payment.course_id],
              [w.tenant, refund.tenant_id],
              [w.payment, <code>{refund.intent_id}</code>],
            ]}
          />
          {waits && visit.can("approve") ? <Approve visit={visit} refund={refund} /> : null}
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
  },
};

function Approve({ visit, refund }: { readonly visit: Visit; readonly refund: RefundDetails }) {
  const w = visit.words(approvalWords);
  if (refund.requested_by === visit.caller.id) return <p class="message warn">{w.ownRefund}</p>;
  return (
    <section class="actions">
      <ActionForm visit={visit} action="approve" button={w.approveRefund}>
        <p class="quiet">{w.approveRefundWhy}</p>
        <ReasonField visit={visit} action="approve" />
      </ActionForm>
    </section>
  );
}
