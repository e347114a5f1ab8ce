import type { AlertDetails } from "../../http/kit/answers/alerts.ts";
import type { PageModule, Visit } from "../page.ts";
import { ActionForm, field, ReasonField, typed } from "../parts/form.tsx";
import { AlertStateBadge, SeverityBadge } from "../parts/severity.tsx";
import { Empty, Facts, Time } from "../parts/text.tsx";
import { alertWords } from "../words/alerts.ts";

const routeOf = (visit: Visit) => `/api/alerts/${encodeURIComponent(visit.param("id"))}`;
const pathOf = (visit: Visit) => visit.href(`/alerts/${encodeURIComponent(visit.param("id"))}`);

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(alertWords);
    const alert = await visit.api.get<AlertDetails>(routeOf(visit));
    const title = w.one(alert.kind, alert.subject);
    return {
      title,
      trail: [{ href: visit.href("/alerts"), text: w.title }],
      main: (
        <>
          <h1>{title}</h1>
          <p class="lead">{alert.message}</p>
          <Facts
            of={[
              [w.severity, <SeverityBadge severity={alert.severity} />],
              [w.state, <AlertStateBadge visit={visit} state={alert.state} />],
              [w.tenant, alert.tenant_id],
              [w.about, <About visit={visit} alert={alert} />],
              [w.seen, visit.format.number(alert.count)],
              [w.first, <Time visit={visit} at={alert.first_seen_at} as="dateTime" />],
              [w.last, <Time visit={visit} at={alert.last_seen_at} as="dateTime" />],
              [w.resolved, alert.resolved_at === null ? null : <Time visit={visit} at={alert.resolved_at} />],
              [
                w.before,
                alert.reopens === null ? null : (
                  <a href={visit.href(`/alerts/${alert.reopens}`)}>{alert.reopens}</a>
                ),
              ],
            ]}
          />
          <LedToIt visit={visit} alert={alert} />
          <History visit={visit} alert={alert} />
          {alert.resolved_at === null && visit.can("operate") ? (
            <Changes visit={visit} alert={alert} />
          ) : null}
        </>
      ),
    };
  },
  actions: {
    async acknowledge(visit, form) {
      const note = form.optional("note");
      const { requestId } = await visit.api.change(`${routeOf(visit)}/acknowledge`, {
        body: note === null ? {} : { note },
        idempotencyKey: form.idempotencyKey,
      });
      return { goTo: pathOf(visit), told: visit.words(alertWords).doneAcknowledged, requestId };
    },
    async close(visit, form) {
      const { requestId } = await visit.api.change(`${routeOf(visit)}/close`, {
        body: { reason: form.text("reason") },
        idempotencyKey: form.idempotencyKey,
      });
      return { goTo: pathOf(visit), told: visit.words(alertWords).doneClosed, requestId };
    },
  },
};

interface AlertProps {
  readonly visit: Visit;
  readonly alert: AlertDetails;
}

/** Kinds whose subject is a consumer, or its group and a shard. */
const ofConsumers = new Set([
  "brake_open",
  "dead_letters",
  "dead_letter_critical",
  "lag_age",
  "critical_time",
]);

function About({ visit, alert: { kind, subject } }: AlertProps) {
  if (!ofConsumers.has(kind)) return <>{subject}</>;
  const subscriber = subject.replace(/^edge_/, "").replace(/:\d+$/, "");
  return <a href={visit.href(`/consumers/${encodeURIComponent(subscriber)}`)}>{subject}</a>;
}

function LedToIt({ visit, alert }: AlertProps) {
  if (alert.event_ids.length === 0) return null;
  return (
    <section>
      <h2>{visit.words(alertWords).events}</h2>
      <ul>
        {alert.event_ids.map((id) => (
          <li>
            <a href={visit.href(`/events/${id}`)}>
              <code>{id}</code>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

function History({ visit, alert }: AlertProps) {
  const w = visit.words(alertWords);
  return (
    <section>
      <h2>{w.history}</h2>
      {alert.actions.length === 0 ? (
        <Empty>{w.historyNone}</Empty>
      ) : (
        <ol class="history">
          {alert.actions.map(({ at, action, actor_id, note }) => (
            <li>
              <Time visit={visit} at={at} as="dateTime" /> {action === "closed" ? w.closed : w.acknowledged}{" "}
              {w.by(actor_id ?? w.nobody)}
              {note === null ? null : <p class="quiet">{note}</p>}
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function Changes({ visit, alert }: AlertProps) {
  const w = visit.words(alertWords);
  return (
    <section class="actions">
      {alert.state === "acknowledged" ? null : (
        <ActionForm visit={visit} action="acknowledge" button={w.acknowledge}>
          <p class="quiet">{w.acknowledgeWhy}</p>
          <label>
            {w.acknowledgeNote}
            <input
              type="text"
              {...field(visit, "acknowledge", "note")}
              maxlength={500}
              value={typed(visit, "acknowledge", "note")}
            />
          </label>
        </ActionForm>
      )}
      <ActionForm visit={visit} action="close" button={w.close} tone="plain">
        <p class="quiet">{w.closeWhy}</p>
        <ReasonField visit={visit} action="close" />
      </ActionForm>
    </section>
  );
}
