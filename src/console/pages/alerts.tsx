import type { Alert, AlertList } from "../../http/kit/answers/alerts.ts";
import type { PageModule, Visit } from "../page.ts";
import { FilterForm, FilterSelect } from "../parts/form.tsx";
import { AlertStateBadge, SeverityBadge } from "../parts/severity.tsx";
import { Pager, Table } from "../parts/table.tsx";
import { Empty, Time } from "../parts/text.tsx";
import { alertWords } from "../words/alerts.ts";

const states = ["open", "acknowledged", "reopened", "closed"] as const;
const severities = ["critical", "high", "warning"] as const;

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(alertWords);
    const { state, severity, kind, cursor } = visit.queries;
    const asked =
      state === undefined
        ? { status: "open" }
        : state === "all"
          ? { status: "all" }
          : { status: "all", state };
    const found = await visit.api.get<AlertList>("/api/alerts", {
      ...asked,
      severity,
      kind,
      cursor,
      limit: 100,
    });
    return {
      title: w.title,
      main: (
        <>
          <h1>{w.title}</h1>
          <FilterForm visit={visit} path="/alerts">
            <FilterSelect
              visit={visit}
              label={w.state}
              name="state"
              standard=""
              options={[
                ["", w.open],
                ...states.slice(1).map((one) => [one, w[one]] as const),
                ["all", w.all],
              ]}
            />
            <FilterSelect
              visit={visit}
              label={w.severity}
              name="severity"
              standard=""
              options={[["", w.all], ...severities.map((one) => [one, one] as const)]}
            />
            <label>
              {w.kind}
              <input type="text" name="kind" value={kind ?? ""} maxlength={50} />
            </label>
          </FilterForm>
          {found.alerts.length === 0 ? (
            <Empty>{Object.keys(visit.queries).length === 0 ? w.none : w.noneFound}</Empty>
          ) : (
            <AlertTable visit={visit} alerts={found.alerts} />
          )}
          <Pager visit={visit} next={found.next_cursor} />
        </>
      ),
    };
  },
};

function AlertTable({ visit, alerts }: { readonly visit: Visit; readonly alerts: readonly Alert[] }) {
  const w = visit.words(alertWords);
  return (
    <Table
      label={w.title}
      columns={[
        { name: w.severity },
        { name: w.state },
        { name: w.message, kind: "wide" },
        { name: w.seen, kind: "number" },
        { name: w.last },
      ]}
    >
      {alerts.map((alert) => (
        <tr>
          <td>
            <SeverityBadge severity={alert.severity} />
          </td>
          <td>
            <AlertStateBadge visit={visit} state={alert.state} />
          </td>
          <td>
            <a href={visit.href(`/alerts/${alert.id}`)}>{w.one(alert.kind, alert.subject)}</a>
            <p class="quiet">{alert.message}</p>
          </td>
          <td>{visit.format.number(alert.count)}</td>
          <td>
            <Time visit={visit} at={alert.last_seen_at} as="ago" />
          </td>
        </tr>
      ))}
    </Table>
  );
}
