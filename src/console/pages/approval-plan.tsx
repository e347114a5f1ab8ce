import type { NewApproval, PlanDetails } from "../answers/approvals.ts";
import { invalidForm } from "../api.ts";
import type { Act, PageModule, PageView, Visit } from "../page.ts";
import { ActionForm, field, ReasonField, typed } from "../parts/form.tsx";
import { Json } from "../parts/json.tsx";
import { Changes, type PlanProps } from "../parts/plan-changes.tsx";
import { ApprovalBadge, RiskBadge } from "../parts/risk.tsx";
import { Table } from "../parts/table.tsx";
import { Badge, Copy, Empty, Facts, Time } from "../parts/text.tsx";
import { approvalWords } from "../words/approvals.ts";

const hashOf = (visit: Visit) => encodeURIComponent(visit.param("hash"));
const routeOf = (visit: Visit) => `/api/ir/validations/${hashOf(visit)}`;
const pathOf = (visit: Visit) => visit.href(`/approvals/plans/${hashOf(visit)}`);

const approve: Act = async (visit, form) => {
  const w = visit.words(approvalWords);
  const plan = await visit.api.get<PlanDetails>(routeOf(visit));
  // The route keeps no answer of a form, because it holds a secret; so a form that is sent twice is stopped here.
  if (plan.approvals.some(({ status }) => status === "pending")) throw invalidForm(w.alreadyGiven);
  const { body } = await visit.api.change<NewApproval>("/api/ir/approvals", {
    body: {
      tenant_id: plan.tenant_id,
      ir_hash: plan.ir_hash,
      ttl_seconds: Number(form.text("ttl_seconds")),
      reason: form.text("reason"),
    },
    idempotencyKey: null,
  });
  return { shown: tokenPage(visit, plan, body) };
};

const refuse: Act = async (visit, form) => {
  const w = visit.words(approvalWords);
  const { body, requestId } = await visit.api.change<{ readonly approvals_withdrawn: number }>(
    `${routeOf(visit)}/refuse`,
    { body: { reason: form.text("reason") }, idempotencyKey: form.idempotencyKey },
  );
  const { approvals_withdrawn: count } = body;
  return {
    goTo: pathOf(visit),
    told: count === 0 ? w.doneRefused : w.doneRefusedToo(visit.format.number(count)),
    requestId,
  };
};

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(approvalWords);
    const plan = await visit.api.get<PlanDetails>(routeOf(visit));
    const title = plan.intent_summary ?? w.noIntent;
    return {
      title,
      trail: [{ href: visit.href("/approvals"), text: w.title }],
      main: (
        <>
          <h1>{title}</h1>
          <PlanFacts visit={visit} plan={plan} />
          <Violations visit={visit} plan={plan} />
          <Changes visit={visit} plan={plan} />
          <Steps visit={visit} plan={plan} />
          <Given visit={visit} plan={plan} />
          {plan.status === "ESCALATE" && plan.refused_at === null && visit.can("approve") ? (
            <Decisions visit={visit} plan={plan} />
          ) : null}
        </>
      ),
    };
  },
  actions: { approve, refuse },
};

function stateOf(visit: Visit, plan: PlanDetails) {
  const w = visit.words(approvalWords);
  if (plan.refused_at !== null) return <Badge tone="bad">{w.refused}</Badge>;
  if (plan.status === "PASS") return <Badge tone="good">{w.passed}</Badge>;
  if (plan.status === "REJECT") return <Badge tone="bad">{w.rejected}</Badge>;
  const isGiven = plan.approvals.some(({ status }) => status === "pending" || status === "consumed");
  return isGiven ? <Badge tone="good">{w.approvedNow}</Badge> : <Badge tone="warn">{w.escalated}</Badge>;
}

function PlanFacts({ visit, plan }: PlanProps) {
  const w = visit.words(approvalWords);
  const labels = Object.entries(plan.labels);
  return (
    <Facts
      of={[
        [w.status, stateOf(visit, plan)],
        [w.risk, <RiskBadge visit={visit} tier={plan.risk_tier} />],
        [w.budget, visit.format.money(plan.budget_cents, "EUR")],
        [w.tenant, plan.tenant_id],
        [w.validated, <Time visit={visit} at={plan.validated_at} as="dateTime" />],
        [
          w.labels,
          labels.length === 0 ? null : labels.map(([name, value]) => `${name}: ${value}`).join(", "),
        ],
        [
          w.refused,
          plan.refused_at === null ? null : (
            <>
              <Time visit={visit} at={plan.refused_at} as="dateTime" /> {w.by(plan.refused_by ?? w.nobody)}:{" "}
              {plan.refused_reason}
            </>
          ),
        ],
        [
          w.story,
          <a href={visit.href(`/stories/${encodeURIComponent(plan.correlation_id)}`)}>
            <code>{plan.correlation_id}</code>
          </a>,
        ],
        [w.hash, <code>{plan.ir_hash}</code>],
      ]}
    />
  );
}

function Violations({ visit, plan }: PlanProps) {
  const w = visit.words(approvalWords);
  if (plan.violations.length === 0) return null;
  return (
    <section>
      <h2>{w.violations}</h2>
      <ul>
        {plan.violations.map(({ step_index, code, message }) => (
          <li>
            <code>{code}</code> {step_index === null ? "" : `(${w.step} ${step_index}) `}
            {message}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Steps({ visit, plan }: PlanProps) {
  const w = visit.words(approvalWords);
  if (plan.steps.length === 0) return null;
  return (
    <section>
      <h2>{w.steps}</h2>
      <Table
        label={w.steps}
        columns={[
          { name: w.step },
          { name: w.risk },
          { name: w.doing },
          { name: w.on, kind: "wide" },
          { name: w.budget, kind: "number" },
        ]}
      >
        {plan.steps.map((step) => (
          <tr>
            <td>{step.step_id}</td>
            <td>
              <RiskBadge visit={visit} tier={step.risk_tier} />
              <p class="quiet">{step.reason}</p>
            </td>
            <td>
              <code>{step.action}</code>
              <p class="quiet">{step.provider}</p>
            </td>
            <td class="wide">
              {step.resource}
              {step.description === null ? null : <p class="quiet">{step.description}</p>}
              <details>
                <summary>{w.details}</summary>
                <Json visit={visit} value={{ params: step.params, constraints: step.constraints }} />
              </details>
            </td>
            <td class="number">
              {step.budget_cents === null ? "–" : visit.format.money(step.budget_cents, "EUR")}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function Given({ visit, plan }: PlanProps) {
  const w = visit.words(approvalWords);
  if (plan.status !== "ESCALATE" && plan.approvals.length === 0) return null;
  return (
    <section>
      <h2>{w.approvals}</h2>
      {plan.approvals.length === 0 ? (
        <Empty>{w.approvalsNone}</Empty>
      ) : (
        <Table
          label={w.approvals}
          columns={[{ name: w.status }, { name: w.approvedBy }, { name: w.usedBy }, { name: w.expires }]}
        >
          {plan.approvals.map((approval) => (
            <tr>
              <td>
                <ApprovalBadge visit={visit} status={approval.status} />
              </td>
              <td>
                <a href={visit.href(`/approvals/${approval.approval_id}`)}>
                  {approval.created_by ?? w.nobody}
                </a>
              </td>
              <td>{approval.consumed_at === null ? "–" : (approval.consumed_by ?? w.nobody)}</td>
              <td>
                <Time visit={visit} at={approval.expires_at} />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

function Decisions({ visit, plan }: PlanProps) {
  const w = visit.words(approvalWords);
  const times = [
    ["3600", w.oneHour],
    ["28800", w.eightHours],
    ["86400", w.oneDay],
  ] as const;
  const isGiven = plan.approvals.some(({ status }) => status === "pending");
  const chosen = typed(visit, "approve", "ttl_seconds", "3600");
  return (
    <section class="actions">
      {isGiven ? null : (
        <ActionForm visit={visit} action="approve" button={w.approve}>
          <p class="quiet">{w.approveWhy}</p>
          <label>
            {w.validFor}
            <select {...field(visit, "approve", "ttl_seconds")}>
              {times.map(([value, text]) => (
                <option value={value} selected={value === chosen}>
                  {text}
                </option>
              ))}
            </select>
          </label>
          <ReasonField visit={visit} action="approve" />
        </ActionForm>
      )}
      <ActionForm visit={visit} action="refuse" button={w.refuse} tone="danger">
        <p class="quiet">{w.refuseWhy}</p>
        <ReasonField visit={visit} action="refuse" />
      </ActionForm>
    </section>
  );
}

/** Answered to the form alone: the answer is not stored by anybody, and looking again does not show it. */
function tokenPage(visit: Visit, plan: PlanDetails, approval: NewApproval): PageView {
  const w = visit.words(approvalWords);
  const use = JSON.stringify({ tenant_id: plan.tenant_id, ir_hash: plan.ir_hash, token: approval.token });
  return {
    title: w.tokenTitle,
    trail: [
      { href: visit.href("/approvals"), text: w.title },
      { href: pathOf(visit), text: plan.intent_summary ?? w.noIntent },
    ],
    main: (
      <>
        <h1>{w.tokenTitle}</h1>
        <p class="message warn">{w.tokenOnce}</p>
        <Copy visit={visit} text={approval.token} />
        <Facts of={[[w.expires, <Time visit={visit} at={approval.expires_at} as="dateTime" />]]} />
        <p>{w.tokenUse}</p>
        <Copy visit={visit} text={`x-approval-token: ${approval.token}`} />
        <p>{w.tokenOr}</p>
        <Copy visit={visit} text={`POST /api/ir/approvals/consume\n\n${use}`} />
        <p>
          <a href={visit.href(`/approvals/${approval.approval_id}`)}>{w.toApproval}</a>
        </p>
      </>
    ),
  };
}
