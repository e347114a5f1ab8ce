import type { DeadLetter } from "../../http/kit/answers/dead-letters.ts";
import type { PageModule } from "../page.ts";
import { FilterForm, FilterSelect } from "../parts/form.tsx";
import { LetterTable } from "../parts/letters.tsx";
import { Pager } from "../parts/table.tsx";
import { Empty } from "../parts/text.tsx";
import { deadLetterWords } from "../words/dead-letters.ts";
import { shellWords } from "../words/shell.ts";

/** Dead letters one by one, the newest first. */
export const page: PageModule = {
  async show(visit) {
    const w = visit.words(deadLetterWords);
    const { status, subscriber, type, key, fingerprint, job_id, tenant_id, cursor } = visit.queries;
    const found = await visit.api.get<{
      readonly dead_letters: readonly DeadLetter[];
      readonly next_cursor: string | null;
    }>("/api/dead-letters", {
      status,
      subscriber,
      type,
      key,
      fingerprint,
      job_id,
      tenant_id,
      cursor,
      limit: 100,
    });
    const fields = [
      ["subscriber", w.consumer, subscriber],
      ["type", w.type, type],
      ["key", w.key, key],
      ...(visit.isForAllTenants ? [["tenant_id", w.tenant, tenant_id] as const] : []),
    ] as const;
    return {
      title: w.listTitle,
      trail: [{ href: visit.href("/dead-letters"), text: w.title }],
      main: (
        <>
          <h1>{w.listTitle}</h1>
          <FilterForm visit={visit} path="/dead-letters/list">
            <FilterSelect
              visit={visit}
              label={w.status}
              name="status"
              standard=""
              options={[
                ["", w.statusOpen],
                ["requeued", w.statusRequeued],
                ["resolved", w.statusResolved],
                ["discarded", w.statusDiscarded],
                ["all", visit.words(shellWords).all],
              ]}
            />
            {fields.map(([name, label, value]) => (
              <label>
                {label}
                <input type="text" name={name} value={value ?? ""} />
              </label>
            ))}
            {fingerprint === undefined ? null : (
              <input type="hidden" name="fingerprint" value={fingerprint} />
            )}
            {job_id === undefined ? null : <input type="hidden" name="job_id" value={job_id} />}
          </FilterForm>
          {found.dead_letters.length === 0 ? (
            <Empty>{Object.keys(visit.queries).length === 0 ? w.none : w.noneFound}</Empty>
          ) : (
            <LetterTable visit={visit} letters={found.dead_letters} />
          )}
          <Pager visit={visit} next={found.next_cursor} />
        </>
      ),
    };
  },
};
