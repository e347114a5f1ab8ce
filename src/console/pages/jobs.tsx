import type { Job } from "../../http/kit/answers/operations.ts";
import type { PageModule } from "../page.ts";
import { FilterForm, FilterSelect } from "../parts/form.tsx";
import { JobTable } from "../parts/jobs.tsx";
import { Empty } from "../parts/text.tsx";
import { jobWords } from "../words/jobs.ts";
import { shellWords } from "../words/shell.ts";

const statuses = ["running", "paused", "stopped", "completed", "cancelled"] as const;
/** Of each kind; older ones are found by the filters. */
const shown = 50;

/** Redrives and replays, the newest first. */
export const page: PageModule = {
  async show(visit) {
    const w = visit.words(jobWords);
    const { status, subscriber } = visit.queries;
    const query = { status, subscriber, limit: shown };
    const [{ redrives }, { replays }] = await Promise.all([
      visit.api.get<{ readonly redrives: readonly Job[] }>("/api/dead-letters/redrives", query),
      visit.api.get<{ readonly replays: readonly Job[] }>("/api/replays", query),
    ]);
    return {
      title: w.title,
      main: (
        <>
          <h1>{w.title}</h1>
          <p class="lead">{w.lead}</p>
          <FilterForm visit={visit} path="/jobs">
            <FilterSelect
              visit={visit}
              label={w.status}
              name="status"
              standard=""
              options={[["", visit.words(shellWords).all], ...statuses.map((one) => [one, w[one]] as const)]}
            />
            <label>
              {w.consumer}
              <input type="text" name="subscriber" value={subscriber ?? ""} />
            </label>
          </FilterForm>
          <section>
            <h2>{w.redrives}</h2>
            {redrives.length === 0 ? (
              <Empty>{w.noRedrives}</Empty>
            ) : (
              <JobTable visit={visit} kind="redrives" jobs={redrives} />
            )}
          </section>
          <section>
            <h2>{w.replays}</h2>
            {replays.length === 0 ? (
              <Empty>{w.noReplays}</Empty>
            ) : (
              <JobTable visit={visit} kind="replays" jobs={replays} />
            )}
            {visit.can("operate") ? (
              <p>
                <a class="button" href={visit.href("/jobs/replay", { subscriber })}>
                  {w.startReplay}
                </a>
              </p>
            ) : null}
          </section>
        </>
      ),
    };
  },
};
