import {
  type Mission,
  type MissionCounts,
  type MissionList,
  missionStatuses,
  type QueueState,
} from "../answers/missions.ts";
import type { Act, PageModule, Visit } from "../page.ts";
import { Figures } from "../parts/figures.tsx";
import { ActionForm, FilterForm, FilterSelect, ReasonField } from "../parts/form.tsx";
import { MissionBadge } from "../parts/mission-status.tsx";
import { Pager, Table } from "../parts/table.tsx";
import { Copy, curlOf, Empty, Time } from "../parts/text.tsx";
import { missionWords } from "../words/missions.ts";

function steer(what: "pause" | "resume"): Act {
  return async (visit, form) => {
    const w = visit.words(missionWords);
    const { requestId } = await visit.api.change(`/api/missions/queue/${what}`, {
      body: { reason: form.text("reason") },
      idempotencyKey: form.idempotencyKey,
    });
    const told = what === "pause" ? w.doneQueuePaused : w.doneQueueResumed;
    return { goTo: visit.href("/missions"), told, requestId };
  };
}

/** A mission to begin with: it gives back what it is given. */
const example = { type: "echo", name: "Say it back", payload: { word: "hello" } };

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(missionWords);
    const status = visit.query("status");
    const [found, counts, worker] = await Promise.all([
      visit.api.get<MissionList>("/api/missions", { status, cursor: visit.query("cursor"), limit: 100 }),
      visit.api.get<MissionCounts>("/api/missions/stats/overview"),
      visit.api.get<QueueState>("/api/missions/queue", { limit: 1 }),
    ]);
    return {
      title: w.title,
      main: (
        <>
          <h1>{w.title}</h1>
          <QueueMessage visit={visit} queue={worker} />
          <Figures
            of={(["queued", "running", "failed", "completed"] as const).map((one) => ({
              name: w[one],
              value: visit.format.number(counts[one] ?? 0),
              href: visit.href("/missions", { status: one }),
              ...(one === "failed" && (counts.failed ?? 0) > 0 ? { tone: "bad" as const } : {}),
            }))}
          />
          <p>
            <a href={visit.href("/missions/templates")}>{w.templates}</a>
          </p>
          <FilterForm visit={visit} path="/missions">
            <FilterSelect
              visit={visit}
              label={w.status}
              name="status"
              standard=""
              options={[["", w.all], ...missionStatuses.map((one) => [one, w[one]] as const)]}
            />
          </FilterForm>
          {found.missions.length === 0 ? (
            <>
              <Empty>{status === null ? w.none : w.noneFound}</Empty>
              {status === null && visit.can("missions:write") ? (
                <>
                  <p>{w.queueOne}</p>
                  <Copy visit={visit} text={curlOf(visit, "/api/missions/enqueue", example)} />
                </>
              ) : null}
            </>
          ) : (
            <MissionTable visit={visit} missions={found.missions} />
          )}
          <Pager visit={visit} next={found.next_cursor} />
          {visit.isForAllTenants && visit.can("operate") ? <Steer visit={visit} queue={worker} /> : null}
        </>
      ),
    };
  },
  actions: { pause: steer("pause"), resume: steer("resume") },
};

interface QueueProps {
  readonly visit: Visit;
  readonly queue: QueueState;
}

function QueueMessage({ visit, queue }: QueueProps) {
  const w = visit.words(missionWords);
  if (!queue.paused) return null;
  return (
    <p class="message warn">
      {w.queuePaused} {queue.reason === null ? null : w.pausedWhy(queue.reason)}{" "}
      <Time visit={visit} at={queue.paused_at} />
    </p>
  );
}

function Steer({ visit, queue }: QueueProps) {
  const w = visit.words(missionWords);
  return (
    <section class="actions">
      {queue.paused ? (
        <ActionForm visit={visit} action="resume" button={w.resumeQueue}>
          <ReasonField visit={visit} action="resume" />
        </ActionForm>
      ) : (
        <ActionForm visit={visit} action="pause" button={w.pauseQueue} tone="plain">
          <p class="quiet">{w.pauseQueueWhy}</p>
          <ReasonField visit={visit} action="pause" />
        </ActionForm>
      )}
    </section>
  );
}

function MissionTable({ visit, missions }: { readonly visit: Visit; readonly missions: readonly Mission[] }) {
  const w = visit.words(missionWords);
  return (
    <Table
      label={w.title}
      columns={[
        { name: w.status },
        { name: w.mission, kind: "wide" },
        { name: w.priority },
        { name: w.attempts, kind: "number" },
        { name: w.tenant },
        { name: w.created },
      ]}
    >
      {missions.map((mission) => (
        <tr>
          <td>
            <MissionBadge visit={visit} status={mission.status} />
          </td>
          <td>
            <a href={visit.href(`/missions/${mission.id}`)}>{mission.name}</a>
            <p class="quiet">{mission.status === "failed" ? mission.error : mission.type}</p>
          </td>
          <td>{mission.priority_name}</td>
          <td class="number">
            {w.ofAttempts(visit.format.number(mission.attempt), visit.format.number(mission.max_retries))}
          </td>
          <td class="name">{mission.tenant_id ?? "–"}</td>
          <td>
            <Time visit={visit} at={mission.created_at} as="ago" />
          </td>
        </tr>
      ))}
    </Table>
  );
}
