import type { ApprovalItem, ApprovalList, PlanItem, PlanList, RefundList } from "../answers/approvals.ts";
import type { PageModule, Visit } from "../page.ts";
import { FilterForm, FilterSelect } from "../parts/form.tsx";
import { ApprovalBadge, RiskBadge } from "../parts/risk.tsx";
import { Pager, Table } from "../parts/table.tsx";
import { Empty, Time } from "../parts/text.tsx";
import { approvalWords } from "../words/approvals.ts";

const over = ["consumed", "expired", "withdrawn"] as const;

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(approvalWords);
    const asked = visit.query("show");
    const status = over.find((one) => one === asked);
    const main =
      status !== undefined ? (
        <Ended visit={visit} found={await approvals(visit, status)} />
      ) : asked === "refused" ? (
        <Plans visit={visit} found={await plans(visit, "refused")} />
      ) : asked === "declined" ? (
        <Declined visit={visit} found={await refunds(visit, "declined", visit.query("cursor"))} />
      ) : (
        await waiting(visit)
      );
    return {
      title: w.title,
      main: (
        <>
          <h1>{w.title}</h1>
          <FilterForm visit={visit} path="/approvals">
            <FilterSelect
              visit={visit}
              label={w.show}
              name="show"
              standard=""
              options={[
                ["", w.waiting],
                ...over.map((one) => [one, w[one]] as const),
                ["refused", w.refusedPlans],
                ["declined", w.declinedRefunds],
              ]}
            />
          </FilterForm>
          {main}
        </>
      ),
    };
  },
};

const plans = (visit: Visit, state: "waiting" | "refused") =>
  visit.api.get<PlanList>("/api/ir/validations", { state, cursor: visit.query("cursor"), limit: 50 });

const approvals = (visit: Visit, status: string) =>
  visit.api.get<ApprovalList>("/api/ir/approvals", { status, cursor: visit.query("cursor"), limit: 100 });

/** Null: the caller may not read payments. */
const refunds = async (visit: Visit, status: "unapproved" | "declined", cursor: string | null = null) =>
  visit.can("payment:read")
    ? visit.api.get<RefundList>("/api/paycore/refunds", { status, cursor, limit: 100 })
    : null;

async function waiting(visit: Visit) {
  const w = visit.words(approvalWords);
  const isFirst = visit.query("cursor") === null;
  const [waits, given, unapproved] = await Promise.all([
    plans(visit, "waiting"),
    isFirst ? visit.api.get<ApprovalList>("/api/ir/approvals", { status: "pending", limit: 100 }) : null,
    isFirst ? refunds(visit, "unapproved") : null,
  ]);
  return (
    <>
      <section>
        <h2>{w.plansWaiting}</h2>
        <Plans visit={visit} found={waits} />
      </section>
      {given === null ? null : (
        <section>
          <h2>{w.given}</h2>
          {given.approvals.length === 0 ? (
            <Empty>{w.givenNone}</Empty>
          ) : (
            <ApprovalTable visit={visit} label={w.given} approvals={given.approvals} />
          )}
        </section>
      )}
      {isFirst ? (
        <section>
          <h2>{w.refundsWaiting}</h2>
          <Refunds visit={visit} found={unapproved} label={w.refundsWaiting} none={w.refundsNone} />
        </section>
      ) : null}
    </>
  );
}

function Plans({ visit, found }: { readonly visit: Visit; readonly found: PlanList }) {
  const w = visit.words(approvalWords);
  return (
    <>
      {found.plans.length === 0 ? (
        <Empty>{visit.query("show") === "refused" ? w.noneFound : w.plansNone}</Empty>
      ) : (
        <Table
          label={w.plansWaiting}
          columns={[
            { name: w.risk },
            { name: w.plan, kind: "wide" },
            { name: w.steps, kind: "number" },
            { name: w.tenant },
            { name: w.validated },
          ]}
        >
          {found.plans.map((plan) => (
            <PlanRow visit={visit} plan={plan} />
          ))}
        </Table>
      )}
      <Pager visit={visit} next={found.next_cursor} />
    </>
  );
}

function PlanRow({ visit, plan }: { readonly visit: Visit; readonly plan: PlanItem }) {
  const w = visit.words(approvalWords);
  return (
    <tr>
      <td>
        <RiskBadge visit={visit} tier={plan.risk_tier} />
      </td>
      <td>
        <a href={visit.href(`/approvals/plans/${plan.ir_hash}`)}>{plan.intent_summary ?? w.noIntent}</a>
        {plan.violations.slice(0, 1).map(({ message }) => (
          <p class="quiet">{message}</p>
        ))}
        {plan.refused_at === null ? null : (
          <p class="quiet">
            {w.refused} {w.by(plan.refused_by ?? w.nobody)}: {plan.refused_reason}
          </p>
        )}
      </td>
      <td class="number">{visit.format.number(plan.step_count)}</td>
      <td>{plan.tenant_id}</td>
      <td>
        <Time visit={visit} at={plan.validated_at} as="ago" />
      </td>
    </tr>
  );
}

function Ended({ visit, found }: { readonly visit: Visit; readonly found: ApprovalList }) {
  const w = visit.words(approvalWords);
  return (
    <>
      {found.approvals.length === 0 ? (
        <Empty>{w.noneFound}</Empty>
      ) : (
        <ApprovalTable visit={visit} label={w.approvals} approvals={found.approvals} />
      )}
      <Pager visit={visit} next={found.next_cursor} />
    </>
  );
}

interface ApprovalTableProps {
  readonly visit: Visit;
  readonly label: string;
  readonly approvals: readonly ApprovalItem[];
}

function ApprovalTable({ visit, label, approvals: rows }: ApprovalTableProps) {
  const w = visit.words(approvalWords);
  return (
    <Table
      label={label}
      columns={[
        { name: w.risk },
        { name: w.plan, kind: "wide" },
        { name: w.status },
        { name: w.tenant },
        { name: w.givenAt },
        { name: w.expires },
      ]}
    >
      {rows.map((approval) => (
        <tr>
          <td>{approval.plan === null ? "–" : <RiskBadge visit={visit} tier={approval.plan.risk_tier} />}</td>
          <td>
            <a href={visit.href(`/approvals/${approval.approval_id}`)}>
              {approval.plan === null ? w.unknownPlan : (approval.plan.intent_summary ?? w.noIntent)}
            </a>
            <p class="quiet">
              {w.approvedBy} {approval.created_by ?? w.nobody}
            </p>
          </td>
          <td>
            <ApprovalBadge visit={visit} status={approval.status} />
          </td>
          <td>{approval.tenant_id}</td>
          <td>
            <Time visit={visit} at={approval.created_at} as="ago" />
          </td>
          <td>
            <Time visit={visit} at={approval.expires_at} />
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Declined({ visit, found }: { readonly visit: Visit; readonly found: RefundList | null }) {
  const w = visit.words(approvalWords);
  return (
    <>
      <Refunds visit={visit} found={found} label={w.declinedRefunds} none={w.noneFound} />
      <Pager visit={visit} next={found?.next_cursor ?? null} />
    </>
  );
}

interface RefundsProps {
  readonly visit: Visit;
  /** Null: the caller may not read payments. */
  readonly found: RefundList | null;
  readonly label: string;
  /** Said when there is none. */
  readonly none: string;
}

function Refunds({ visit, found, label, none }: RefundsProps) {
  const w = visit.words(approvalWords);
  if (found === null) return <p class="quiet">{w.noPayments}</p>;
  if (found.refunds.length === 0) return <Empty>{none}</Empty>;
  return (
    <Table
      label={label}
      columns={[
        { name: w.amount },
        { name: w.reason, kind: "wide" },
        { name: w.askedBy },
        { name: w.tenant },
        { name: w.askedAt },
      ]}
    >
      {found.refunds.map((refund) => (
        <tr>
          <td>
            <a href={visit.href(`/approvals/refunds/${refund.refund_id}`)}>
              {visit.format.money(refund.amount_cents, refund.currency)}
            </a>
            <p class="quiet">{w.ofPaid(visit.format.money(refund.paid_cents, refund.currency))}</p>
          </td>
          <td class="wide">
            {refund.reason ?? "–"}
            {refund.declined_by === null ? null : (
              <p class="quiet">
                {w.declined} {w.by(refund.declined_by)}: {refund.declined_reason}
              </p>
            )}
          </td>
          <td>{refund.requested_by}</td>
          <td>{refund.tenant_id}</td>
          <td>
            <Time visit={visit} at={refund.created_at} as="ago" />
          </td>
        </tr>
      ))}
    </Table>
  );
}
