/** What differs between a plan and the one approved before. */

import type { PlanChange, PlanDetails } from "../answers/approvals.ts";
import type { Visit } from "../page.ts";
import { approvalWords } from "../words/approvals.ts";
import { Table } from "./table.tsx";
import { Empty, Time } from "./text.tsx";

export interface PlanProps {
  readonly visit: Visit;
  readonly plan: PlanDetails;
}

export function Changes({ visit, plan }: PlanProps) {
  const w = visit.words(approvalWords);
  const { previous, changes, change_count: count } = plan;
  if (plan.status === "REJECT") return null;
  return (
    <section>
      <h2>{w.compared}</h2>
      {previous === null || changes === null ? (
        <p class="quiet">{w.comparedNone}</p>
      ) : (
        <>
          <p class="quiet">
            {w.comparedWith}{" "}
            <a href={visit.href(`/approvals/plans/${previous.ir_hash}`)}>
              <Time visit={visit} at={previous.approved_at} as="dateTime" />{" "}
              {w.by(previous.approved_by ?? w.nobody)}
            </a>
          </p>
          {changes.length === 0 ? (
            <Empty>{w.comparedSame}</Empty>
          ) : (
            <Table
              label={w.compared}
              columns={[{ name: w.step }, { name: w.field }, { name: w.before }, { name: w.now }]}
            >
              {changes.map((change) => (
                <ChangeRow visit={visit} change={change} />
              ))}
            </Table>
          )}
          {(count ?? 0) > changes.length ? (
            <p class="quiet">{w.moreChanges(visit.format.number(count ?? 0))}</p>
          ) : null}
        </>
      )}
    </section>
  );
}

function ChangeRow({ visit, change }: { readonly visit: Visit; readonly change: PlanChange }) {
  const w = visit.words(approvalWords);
  const field = change.field !== "" ? change.field : change.before === null ? w.newStep : w.goneStep;
  return (
    <tr>
      <td>{change.step ?? w.whole}</td>
      <td>{change.field === "" ? field : <code>{field}</code>}</td>
      <td class="wide">
        <Side visit={visit} value={change.before} />
      </td>
      <td class="wide">
        <Side visit={visit} value={change.now} />
      </td>
    </tr>
  );
}

/** More of one value stands in the plan itself. */
const maxShown = 2_000;

function Side({ visit, value }: { readonly visit: Visit; readonly value: unknown }) {
  if (value === null) return <span class="quiet">{visit.words(approvalWords).notThere}</span>;
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return <code>{text.length > maxShown ? `${text.slice(0, maxShown)} …` : text}</code>;
}
