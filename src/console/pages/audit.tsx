import type { Action, Actions } from "../../http/kit/answers/operations.ts";
import type { PageModule, Visit } from "../page.ts";
import { ConsumerLink } from "../parts/consumer-link.tsx";
import { FilterForm } from "../parts/form.tsx";
import { Json } from "../parts/json.tsx";
import { Pager, Table } from "../parts/table.tsx";
import { Empty, Facts, Time } from "../parts/text.tsx";
import { auditWords } from "../words/audit.ts";

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(auditWords);
    const { action, subscriber, request_id, cursor } = visit.queries;
    const query = { action, subscriber, request_id, cursor, limit: 100 };
    const found = await visit.api.get<Actions>("/api/operator-actions", query);
    const isOne = request_id !== undefined;
    return {
      title: isOne ? w.entryOf(request_id) : w.title,
      ...(isOne ? { trail: [{ href: visit.href("/audit"), text: w.title }] } : {}),
      main: (
        <>
          <h1>{isOne ? w.entryOf(request_id) : w.title}</h1>
          {isOne ? null : <p class="lead">{w.lead}</p>}
          {isOne ? null : <Filters visit={visit} />}
          {found.operator_actions.length === 0 ? (
            <Empty>{Object.keys(visit.queries).length === 0 ? w.none : w.noneFound}</Empty>
          ) : isOne ? (
            found.operator_actions.map((entry) => <Entry visit={visit} entry={entry} />)
          ) : (
            <Entries visit={visit} entries={found.operator_actions} />
          )}
          <Pager visit={visit} next={found.next_cursor} />
        </>
      ),
    };
  },
};

function Filters({ visit }: { readonly visit: Visit }) {
  const w = visit.words(auditWords);
  return (
    <FilterForm visit={visit} path="/audit">
      <label>
        {w.action}
        <input
          type="text"
          name="action"
          maxlength={50}
          placeholder="consumer.paused"
          value={visit.query("action") ?? ""}
        />
      </label>
      <label>
        {w.subject}
        <input type="text" name="subscriber" maxlength={255} value={visit.query("subscriber") ?? ""} />
      </label>
    </FilterForm>
  );
}

function Entries({ visit, entries }: { readonly visit: Visit; readonly entries: readonly Action[] }) {
  const w = visit.words(auditWords);
  return (
    <Table
      label={w.title}
      columns={[
        { name: w.when },
        { name: w.what },
        { name: w.who },
        { name: w.reason, kind: "wide" },
        { name: w.subject },
        { name: w.affected, kind: "number" },
      ]}
    >
      {entries.map((entry) => (
        <tr>
          <td>
            <Time visit={visit} at={entry.at} />
          </td>
          <td>
            {entry.request_id === null ? (
              entry.action
            ) : (
              <a href={visit.href("/audit", { request_id: entry.request_id })}>{entry.action}</a>
            )}
          </td>
          <td>{entry.actor_id ?? <span class="quiet">{w.nobody}</span>}</td>
          <td class="wide">{entry.reason ?? <span class="quiet">–</span>}</td>
          <td>{entry.subscriber ?? <span class="quiet">–</span>}</td>
          <td class="number">{entry.affected === null ? "–" : visit.format.number(entry.affected)}</td>
        </tr>
      ))}
    </Table>
  );
}

function Entry({ visit, entry }: { readonly visit: Visit; readonly entry: Action }) {
  const w = visit.words(auditWords);
  return (
    <section>
      <h2>{entry.action}</h2>
      <Facts
        of={[
          [w.when, <Time visit={visit} at={entry.at} as="dateTime" />],
          [w.who, entry.actor_id ?? w.nobody],
          [w.reason, entry.reason],
          [
            w.subject,
            entry.subscriber === null ? null : <ConsumerLink visit={visit} subscriber={entry.subscriber} />,
          ],
          [w.affected, entry.affected === null ? null : visit.format.number(entry.affected)],
          [
            w.job,
            entry.job_id === null ? null : <a href={visit.href(`/jobs/${entry.job_id}`)}>{entry.job_id}</a>,
          ],
          [
            w.story,
            entry.request_id === null ? null : (
              <a href={visit.href(`/stories/${entry.request_id}`)}>{entry.request_id}</a>
            ),
          ],
        ]}
      />
      {entry.filter === null ? null : (
        <>
          <h3>{w.filter}</h3>
          <Json visit={visit} value={entry.filter} />
        </>
      )}
    </section>
  );
}
