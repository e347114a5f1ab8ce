import type { LetterGroup } from "../../http/kit/answers/dead-letters.ts";
import type { PageModule, Visit } from "../page.ts";
import { Sparkline } from "../parts/chart.tsx";
import { FilterForm, FilterSelect } from "../parts/form.tsx";
import { Table } from "../parts/table.tsx";
import { Empty, Time } from "../parts/text.tsx";
import { deadLetterWords } from "../words/dead-letters.ts";
import { shellWords } from "../words/shell.ts";

/** Dead letters by kind of failure. */
export const page: PageModule = {
  async show(visit) {
    const w = visit.words(deadLetterWords);
    const { subscriber, status } = visit.queries;
    const { groups } = await visit.api.get<{ readonly groups: readonly LetterGroup[] }>(
      "/api/dead-letters/groups",
      { subscriber, status },
    );
    return {
      title: w.title,
      main: (
        <>
          <h1>{w.title}</h1>
          <p class="lead">
            {w.groupsLead} <a href={visit.href("/dead-letters/list")}>{w.showList}</a>
          </p>
          <FilterForm visit={visit} path="/dead-letters">
            <FilterSelect
              visit={visit}
              label={w.status}
              name="status"
              standard=""
              options={[
                ["", w.statusOpen],
                ["resolved", w.statusResolved],
                ["discarded", w.statusDiscarded],
                ["all", visit.words(shellWords).all],
              ]}
            />
            <label>
              {w.consumer}
              <input type="text" name="subscriber" value={subscriber ?? ""} />
            </label>
          </FilterForm>
          {groups.length === 0 ? (
            <Empty>{Object.keys(visit.queries).length === 0 ? w.none : w.noneFound}</Empty>
          ) : (
            <GroupTable visit={visit} groups={groups} />
          )}
        </>
      ),
    };
  },
};

function GroupTable({ visit, groups }: { readonly visit: Visit; readonly groups: readonly LetterGroup[] }) {
  const w = visit.words(deadLetterWords);
  return (
    <Table
      label={w.title}
      columns={[
        { name: w.error, kind: "wide" },
        { name: w.consumer },
        { name: w.open, kind: "number" },
        { name: w.count, kind: "number" },
        { name: w.trend },
        { name: w.first },
        { name: w.last },
      ]}
    >
      {groups.map((group) => (
        <tr>
          <td>
            <a href={visit.href(`/dead-letters/groups/${group.fingerprint}`)}>
              {group.error_class}
              {group.event_type === null ? "" : ` · ${group.event_type}`}
            </a>
            <p class="quiet">{group.error_message}</p>
          </td>
          <td>
            <code>{group.subscriber}</code>
          </td>
          <td>{visit.format.number(group.open)}</td>
          <td>{visit.format.number(group.count)}</td>
          <td>
            <Trend visit={visit} values={group.trend} />
          </td>
          <td>
            <Time visit={visit} at={group.first_failed_at} as="ago" />
          </td>
          <td>
            <Time visit={visit} at={group.last_failed_at} as="ago" />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** How a failure comes and goes, with the sum beside it. */
function Trend({ visit, values }: { readonly visit: Visit; readonly values: readonly number[] }) {
  const sum = visit.format.number(values.reduce((all, one) => all + one, 0));
  return (
    <span class="trend">
      <Sparkline values={values} summary={visit.words(deadLetterWords).trendOf(sum)} /> {sum}
    </span>
  );
}
