import type { History } from "../../http/kit/answers/events.ts";
import type { Overview } from "../../http/kit/answers/overview.ts";
import type { PageModule, Visit } from "../page.ts";
import { ConsumerTable } from "../parts/consumer-table.tsx";
import { DemoWorld, readDemo } from "../parts/demo-world.tsx";
import { type Figure, Figures } from "../parts/figures.tsx";
import { Buckets, percentile, WindowSwitch, windowOf } from "../parts/over-time.tsx";
import { Copy, Time } from "../parts/text.tsx";
import { consumerWords } from "../words/consumers.ts";
import { overviewWords } from "../words/overview.ts";

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(overviewWords);
    const seen = await visit.api.get<Overview>("/api/overview", { window: windowOf(visit) });
    const isEmpty = mayBeEmpty(seen) && (await holdsNothing(visit));
    const demo = isEmpty ? await readDemo(visit) : null;
    return {
      title: w.title,
      main: (
        <>
          <div class="head">
            <h1>{w.title}</h1>
            <WindowSwitch visit={visit} />
          </div>
          <div id="overview" data-refresh="20">
            <Health visit={visit} seen={seen} />
            {isEmpty ? (
              <>
                <FirstRequests visit={visit} />
                {demo === null ? null : <DemoWorld visit={visit} demo={demo} />}
              </>
            ) : (
              <>
                <Figures of={figuresOf(visit, seen)} />
                <Traffic visit={visit} seen={seen} />
              </>
            )}
            {seen.consumers === null ? null : (
              <section>
                <h2>{w.consumers}</h2>
                <ConsumerTable visit={visit} consumers={seen.consumers} />
                <p class="quiet">{visit.words(consumerWords).lagWhy}</p>
              </section>
            )}
          </div>
        </>
      ),
    };
  },
};

/** Nothing moved lately; only then the record is asked whether it holds anything. */
function mayBeEmpty({ traffic, relay, dead_letters: letters }: Overview): boolean {
  return (
    traffic?.totals.published === 0 &&
    traffic.totals.applied === 0 &&
    relay?.backlog === 0 &&
    letters?.open === 0
  );
}

async function holdsNothing(visit: Visit): Promise<boolean> {
  const found = await visit.api.find<History>("/api/events/history", { limit: 1 });
  return found !== null && found.events.length === 0;
}

interface Props {
  readonly visit: Visit;
  readonly seen: Overview;
}

/** What waits for somebody although all parts answer: bad alerts, dead letters, a consumer that tries one event at a time. */
function needsSomebody({ alerts, dead_letters: letters, consumers }: Overview): boolean {
  if (alerts !== null && alerts.critical + alerts.high > 0) return true;
  if (letters !== null && letters.open > 0) return true;
  return consumers?.some(({ open_brakes: brakes }) => brakes > 0) ?? false;
}

function Health({ visit, seen }: Props) {
  const w = visit.words(overviewWords);
  const { health, cron } = seen;
  // Degraded with a stream: a consumer stands still.
  const isUp = health.status === "healthy" || (health.status === "degraded" && health.event_stream);
  const needs = health.status !== "healthy" || needsSomebody(seen);
  const status = isUp && needs ? "attention" : health.status;
  const tone = { healthy: "good", attention: "warn", degraded: "warn", unhealthy: "bad" }[status];
  const service = (isThere: boolean) => (isThere ? w.answers : w.silent);
  return (
    <section class={`message ${tone} health`}>
      <p>
        <strong>{w[status]}</strong>
      </p>
      {health.reasons.map((reason) => (
        <p>{reason}</p>
      ))}
      <ul class="parts">
        <li>
          {w.redis}: {service(health.event_stream)}
        </li>
        <li>
          {w.postgres}: {service(health.database)}
        </li>
        {cron === null ? null : (
          <>
            <li>
              {w.cron}:{" "}
              {cron.last_tick_at === null ? w.never : <Time visit={visit} at={cron.last_tick_at} as="ago" />}
            </li>
            <li>
              {w.janitor}:{" "}
              {cron.last_janitor_at === null ? (
                w.never
              ) : (
                <Time visit={visit} at={cron.last_janitor_at} as="ago" />
              )}
            </li>
          </>
        )}
      </ul>
    </section>
  );
}

function figuresOf(visit: Visit, seen: Overview): Figure[] {
  return [...movingFigures(visit, seen), ...waitingFigures(visit, seen)];
}

function movingFigures(visit: Visit, { traffic, critical_time: times }: Overview): Figure[] {
  const w = visit.words(overviewWords);
  const { number } = visit.format;
  if (traffic === null) return [];
  const { totals, per_second: rate, from } = traffic;
  return [
    {
      name: w.incoming,
      value: number(totals.published),
      note: w.perSecond(number(rate.published)),
      href: visit.href("/events", { from }),
    },
    {
      name: w.effects,
      value: number(totals.applied),
      note: w.perSecond(number(rate.applied)),
      href: visit.href("/consumers"),
    },
    {
      name: w.retried,
      value: number(totals.retried),
      href: visit.href("/consumers"),
      ...(totals.retried > 0 ? { tone: "warn" as const } : {}),
    },
    {
      name: w.deadLettered,
      value: number(totals.dead_lettered),
      href: visit.href("/dead-letters"),
      ...(totals.dead_lettered > 0 ? { tone: "bad" as const } : {}),
    },
    {
      name: w.median,
      value: percentile(visit, times, "p50_ms"),
      note: `${w.p95} ${percentile(visit, times, "p95_ms")}, ${w.p99} ${percentile(visit, times, "p99_ms")}`,
      href: visit.href("/consumers"),
    },
  ];
}

function waitingFigures(visit: Visit, { alerts, dead_letters: letters, relay, cron }: Overview): Figure[] {
  const w = visit.words(overviewWords);
  const { number, duration } = visit.format;
  const figures: Figure[] = [];
  if (alerts !== null) {
    const { critical, high, warning } = alerts;
    const open = critical + high + warning;
    figures.push({
      name: w.alerts,
      value: number(open),
      href: visit.href("/alerts"),
      ...(open === 0 ? {} : { note: w.alertNote(number(critical), number(high), number(warning)) }),
      ...(critical + high > 0 ? { tone: "bad" } : warning > 0 ? { tone: "warn" } : {}),
    });
  }
  if (letters !== null) {
    figures.push({
      name: w.deadLetters,
      value: number(letters.open),
      note: w.deadNote(number(letters.new_in_window)),
      href: visit.href("/dead-letters"),
      ...(letters.open > 0 ? { tone: "bad" } : {}),
    });
  }
  if (relay !== null) {
    figures.push({
      name: w.backlog,
      value: number(relay.backlog),
      ...(relay.oldest_age_ms === null ? {} : { note: w.oldest(duration(relay.oldest_age_ms)) }),
      href: visit.href("/events"),
    });
  }
  if (cron !== null && cron.missed_ticks > 0) {
    figures.push({
      name: w.missedTicks,
      value: number(cron.missed_ticks),
      note: w.missedNote,
      href: visit.href("/alerts", { kind: "missing_tick", state: "all" }),
    });
  }
  return figures;
}

function Traffic({ visit, seen: { traffic, health } }: Props) {
  const w = visit.words(overviewWords);
  const { number } = visit.format;
  if (traffic === null) return <p class="quiet">{health.event_stream ? w.noTraffic : w.away}</p>;
  const { totals } = traffic;
  return (
    <div class="pair">
      <section>
        <h2>{w.traffic}</h2>
        <Buckets
          visit={visit}
          over={traffic}
          kind="lines"
          series={[
            { name: w.incoming, values: traffic.published, color: 1 },
            { name: w.effects, values: traffic.applied, color: 2 },
          ]}
          summary={w.trafficSummary(number(totals.published), number(totals.applied))}
        />
      </section>
      <section>
        <h2>{w.failures}</h2>
        <Buckets
          visit={visit}
          over={traffic}
          kind="lines"
          series={[
            { name: w.retried, values: traffic.retried, color: 3 },
            { name: w.deadLettered, values: traffic.dead_lettered, color: 4 },
          ]}
          summary={w.failuresSummary(number(totals.retried), number(totals.dead_lettered))}
        />
      </section>
    </div>
  );
}

/** What an empty system is brought to life with. */
function FirstRequests({ visit }: { readonly visit: Visit }) {
  const w = visit.words(overviewWords);
  const { origin } = visit;
  const send = (body: object) =>
    `curl -s ${origin}/api/events -H "authorization: Bearer $KEY" -H 'content-type: application/json' \\\n  -d '${JSON.stringify(body)}'`;
  const id = crypto.randomUUID();
  return (
    <section>
      <h2>{w.emptyTitle}</h2>
      <p>{w.emptyLead}</p>
      <h3>{w.emptyPublish}</h3>
      <Copy
        visit={visit}
        text={send({
          type: "system.health",
          source: "me",
          payload: { component: "my-laptop", status: "ok" },
        })}
      />
      <h3>{w.emptyFollow}</h3>
      <Copy visit={visit} text={`curl -sN ${origin}/api/events/stream -H "authorization: Bearer $KEY"`} />
      <h3>{w.emptyEffects}</h3>
      <Copy
        visit={visit}
        text={`${send({ id, type: "agent.online", source: "me", payload: { agent_id: "agent-1" } })}\ncurl -s ${origin}/api/events/${id}/effects -H "authorization: Bearer $KEY"`}
      />
      <h3>{w.emptyDemo}</h3>
      <Copy visit={visit} text="npm run charter -- demo" />
    </section>
  );
}
