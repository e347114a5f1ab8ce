import type { Mission, MissionLog } from "../answers/missions.ts";
import type { Act, PageModule, Visit } from "../page.ts";
import { ActionForm, ReasonField } from "../parts/form.tsx";
import { Json } from "../parts/json.tsx";
import { MissionBadge } from "../parts/mission-status.tsx";
import { Empty, Facts, Time } from "../parts/text.tsx";
import { missionWords } from "../words/missions.ts";

const routeOf = (visit: Visit) => `/api/missions/${encodeURIComponent(visit.param("id"))}`;

/** All by hand, by the route that keeps the reason in the mission's log. */
function become(status: "queued" | "paused" | "cancelled"): Act {
  return async (visit, form) => {
    const w = visit.words(missionWords);
    const { requestId } = await visit.api.change(`${routeOf(visit)}/status`, {
      body: { status, reason: form.text("reason") },
      idempotencyKey: form.idempotencyKey,
    });
    const told = { queued: w.doneQueued, paused: w.donePaused, cancelled: w.doneCancelled }[status];
    return { goTo: visit.href(`/missions/${encodeURIComponent(visit.param("id"))}`), told, requestId };
  };
}

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(missionWords);
    const [mission, { log }] = await Promise.all([
      visit.api.get<Mission>(routeOf(visit)),
      visit.api.get<MissionLog>(`${routeOf(visit)}/log`, { limit: 200 }),
    ]);
    return {
      title: mission.name,
      trail: [{ href: visit.href("/missions"), text: w.title }],
      main: (
        <>
          <h1>{mission.name}</h1>
          {mission.description === null ? null : <p class="lead">{mission.description}</p>}
          <MissionFacts visit={visit} mission={mission} />
          <section>
            <h2>{w.data}</h2>
            <Json visit={visit} value={mission.data} />
          </section>
          {mission.result === null ? null : (
            <section>
              <h2>{w.result}</h2>
              <Json visit={visit} value={mission.result} />
            </section>
          )}
          <Log visit={visit} log={log} />
          {visit.can("missions:write") ? <Changes visit={visit} mission={mission} /> : null}
        </>
      ),
    };
  },
  actions: { queue: become("queued"), pause: become("paused"), cancel: become("cancelled") },
};

interface MissionProps {
  readonly visit: Visit;
  readonly mission: Mission;
}

function MissionFacts({ visit, mission }: MissionProps) {
  const w = visit.words(missionWords);
  const time = (at: string | null) => (at === null ? null : <Time visit={visit} at={at} as="dateTime" />);
  const begun = visit.format.number(mission.attempt);
  return (
    <Facts
      of={[
        [w.status, <MissionBadge visit={visit} status={mission.status} />],
        [w.error, mission.error],
        [w.type, <code>{mission.type}</code>],
        [w.priority, mission.priority_name],
        [w.attempts, w.ofAttempts(begun, visit.format.number(mission.max_retries))],
        [w.due, time(mission.available_at)],
        [w.lease, time(mission.lease_until)],
        [w.tenant, mission.tenant_id],
        [w.createdBy, mission.created_by],
        [w.created, time(mission.created_at)],
        [w.started, time(mission.started_at)],
        [w.finished, time(mission.finished_at)],
        [
          w.template,
          mission.template_id === null ? null : (
            <a href={visit.href(`/missions/templates/${mission.template_id}`)}>
              {w.step} {mission.step}
            </a>
          ),
        ],
        [
          w.story,
          <a href={visit.href(`/stories/${encodeURIComponent(mission.correlation_id)}`)}>
            <code>{mission.correlation_id}</code>
          </a>,
        ],
      ]}
    />
  );
}

function Log({ visit, log }: { readonly visit: Visit; readonly log: MissionLog["log"] }) {
  const w = visit.words(missionWords);
  return (
    <section>
      <h2>{w.log}</h2>
      {log.length === 0 ? (
        <Empty>{w.logNone}</Empty>
      ) : (
        <ol class="history">
          {log.map(({ timestamp, level, message, data }) => (
            <li>
              <Time visit={visit} at={timestamp} as="dateTime" /> <b>{level}</b> {message}
              {Object.keys(data).length === 0 ? null : (
                <p class="quiet">
                  <code>{JSON.stringify(data).slice(0, 2_000)}</code>
                </p>
              )}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Changes({ visit, mission: { status } }: MissionProps) {
  const w = visit.words(missionWords);
  const canQueue = status === "pending" || status === "failed" || status === "paused";
  const canCancel = status !== "failed" && status !== "completed" && status !== "cancelled";
  if (!canQueue && !canCancel) return null;
  return (
    <section class="actions">
      {canQueue ? (
        <ActionForm visit={visit} action="queue" button={status === "failed" ? w.retry : w.execute}>
          <p class="quiet">{status === "failed" ? w.retryWhy : w.executeWhy}</p>
          <ReasonField visit={visit} action="queue" />
        </ActionForm>
      ) : null}
      {status === "queued" ? (
        <ActionForm visit={visit} action="pause" button={w.pause} tone="plain">
          <p class="quiet">{w.pauseWhy}</p>
          <ReasonField visit={visit} action="pause" />
        </ActionForm>
      ) : null}
      {canCancel ? (
        <ActionForm visit={visit} action="cancel" button={w.cancel} tone="danger">
          <p class="quiet">{w.cancelWhy}</p>
          <ReasonField visit={visit} action="cancel" />
        </ActionForm>
      ) : null}
    </section>
  );
}
