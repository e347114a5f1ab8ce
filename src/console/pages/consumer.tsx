import type { ConsumerDetails } from "../../http/kit/answers/consumers.ts";
import type { Form, PageModule, PageView, Visit } from "../page.ts";
import { ConsumerChanges } from "../parts/consumer-changes.tsx";
import { ConsumerState } from "../parts/consumer-table.tsx";
import { type Figure, Figures } from "../parts/figures.tsx";
import { Buckets, percentile, WindowSwitch, windowOf } from "../parts/over-time.tsx";
import { Table } from "../parts/table.tsx";
import { Facts, Time } from "../parts/text.tsx";
import { consumerWords } from "../words/consumers.ts";
import { overviewWords } from "../words/overview.ts";

const nameOf = (visit: Visit) => encodeURIComponent(visit.param("subscriber"));
const routeOf = (visit: Visit) => `/api/consumers/${nameOf(visit)}`;
const pathOf = (visit: Visit) => visit.href(`/consumers/${nameOf(visit)}`);

export const page: PageModule = {
  async show(visit): Promise<PageView> {
    const w = visit.words(consumerWords);
    const consumer = await visit.api.get<ConsumerDetails>(routeOf(visit), { window: windowOf(visit) });
    return {
      title: consumer.subscriber,
      trail: [{ href: visit.href("/consumers"), text: w.title }],
      main: (
        <>
          <div class="head">
            <h1>{consumer.subscriber}</h1>
            <WindowSwitch visit={visit} />
          </div>
          <div id="consumer" data-refresh="20">
            <p>
              <ConsumerState visit={visit} of={stateOf(consumer)} />
            </p>
            <Brakes visit={visit} consumer={consumer} />
            <Figures of={figuresOf(visit, consumer)} />
            <OverTime visit={visit} consumer={consumer} />
            <Shards visit={visit} consumer={consumer} />
            <Pauses visit={visit} consumer={consumer} />
            <Jobs visit={visit} consumer={consumer} />
          </div>
          <Handled visit={visit} consumer={consumer} />
          <Settings visit={visit} consumer={consumer} />
          {visit.can("operate") ? <ConsumerChanges visit={visit} consumer={consumer} /> : null}
        </>
      ),
    };
  },
  actions: {
    async pause(visit, form) {
      const w = visit.words(consumerWords);
      const type = form.optional("event_type");
      const seconds = form.optional("for_seconds");
      const { requestId } = await visit.api.change(`${routeOf(visit)}/pause`, {
        body: {
          reason: form.text("reason"),
          ...(type === null ? {} : { event_type: type }),
          ...(seconds === null ? {} : { for_seconds: Number(seconds) }),
        },
        idempotencyKey: form.idempotencyKey,
      });
      return { goTo: pathOf(visit), told: type === null ? w.donePaused : w.donePausedType(type), requestId };
    },
    async resume(visit, form) {
      const w = visit.words(consumerWords);
      const type = form.optional("event_type");
      const { body, requestId } = await visit.api.change<{ readonly resumed: boolean }>(
        `${routeOf(visit)}/resume`,
        {
          body: { reason: form.text("reason"), ...(type === null ? {} : { event_type: type }) },
          idempotencyKey: form.idempotencyKey,
        },
      );
      return { goTo: pathOf(visit), told: body.resumed ? w.doneResumed : w.notPaused, requestId };
    },
    drain,
  },
};

type DrainedShard = Readonly<Record<"read" | "applied" | "retried" | "dead_lettered", number>>;

async function drain(visit: Visit, form: Form) {
  const { body, requestId } = await visit.api.change<{ readonly shards: readonly DrainedShard[] }>(
    `${routeOf(visit)}/drain`,
    { idempotencyKey: form.idempotencyKey },
  );
  const sum = (name: keyof DrainedShard) =>
    visit.format.number(body.shards.reduce((total, shard) => total + shard[name], 0));
  const told = visit
    .words(consumerWords)
    .doneDrained(sum("read"), sum("applied"), sum("retried"), sum("dead_lettered"));
  return { goTo: pathOf(visit), told, requestId };
}

interface Props {
  readonly visit: Visit;
  readonly consumer: ConsumerDetails;
}

function stateOf({ paused, shards }: ConsumerDetails) {
  return {
    paused: paused.some(({ event_type: type }) => type === null),
    paused_types: paused.flatMap(({ event_type: type }) => type ?? []),
    open_brakes: shards.filter(({ brake }) => brake !== null).length,
  };
}

function figuresOf(visit: Visit, consumer: ConsumerDetails): Figure[] {
  const w = visit.words(consumerWords);
  const o = visit.words(overviewWords);
  const { number, duration } = visit.format;
  const { shards, traffic, critical_time: times } = consumer;
  const sum = (counts: readonly (number | null)[]) =>
    counts.includes(null) ? "–" : number(counts.reduce<number>((total, count) => total + (count ?? 0), 0));
  const ages = shards
    .flatMap((one) => [one.oldest_unread_age_ms, one.oldest_pending_age_ms, one.oldest_queued_age_ms])
    .filter((age) => age !== null);
  return [
    { name: w.lag, value: sum(shards.map(({ lag }) => lag)) },
    {
      name: w.pending,
      value: sum(shards.map(({ pending }) => pending)),
      href: `${pathOf(visit)}/blocked-keys`,
    },
    { name: w.queued, value: number(consumer.queued), href: `${pathOf(visit)}/blocked-keys` },
    { name: w.oldest, value: duration(ages.length === 0 ? null : Math.max(...ages)) },
    {
      name: w.dead,
      value: number(consumer.dead_letters),
      href: visit.href("/dead-letters", { subscriber: consumer.subscriber }),
      ...(consumer.dead_letters > 0 ? { tone: "bad" as const } : {}),
    },
    {
      name: o.median,
      value: percentile(visit, times, "p50_ms"),
      note: `${o.p95} ${percentile(visit, times, "p95_ms")}, ${o.p99} ${percentile(visit, times, "p99_ms")}`,
    },
    ...(traffic === null
      ? []
      : [
          { name: w.applied, value: number(traffic.totals.applied) },
          { name: w.retried, value: number(traffic.totals.retried) },
        ]),
  ];
}

function Brakes({ visit, consumer }: Props) {
  const w = visit.words(consumerWords);
  const open = consumer.shards.flatMap(({ shard, brake }) => (brake === null ? [] : [{ shard, brake }]));
  if (open.length === 0) return null;
  return (
    <section class="message bad">
      <p>
        <strong>{w.brakeTitle}</strong>
      </p>
      {open.map(({ shard, brake }) => (
        <>
          <p>
            {w.brakeOn(String(shard))}: {w.brakeWhy(visit.format.number(brake.failures))} {w.brakeNext}:{" "}
            <Time visit={visit} at={brake.probe_at} />
          </p>
          {brake.error === null ? null : (
            <p>
              <code>{brake.error}</code>
            </p>
          )}
        </>
      ))}
    </section>
  );
}

function OverTime({ visit, consumer: { traffic } }: Props) {
  const w = visit.words(consumerWords);
  const o = visit.words(overviewWords);
  if (traffic === null) return null;
  const { applied, retried, dead_lettered: dead } = traffic.totals;
  const { number } = visit.format;
  return (
    <section>
      <h2>{w.over}</h2>
      <Buckets
        visit={visit}
        over={traffic}
        kind="lines"
        series={[
          { name: w.applied, values: traffic.applied, color: 2 },
          { name: w.retried, values: traffic.retried, color: 3 },
          { name: o.deadLettered, values: traffic.dead_lettered, color: 4 },
        ]}
        summary={`${w.applied}: ${number(applied)}. ${o.failuresSummary(number(retried), number(dead))}`}
      />
    </section>
  );
}

function Shards({ visit, consumer }: Props) {
  const w = visit.words(consumerWords);
  const { number, duration } = visit.format;
  const known = (count: number | null) => (count === null ? "–" : number(count));
  return (
    <section>
      <h2>{w.shards}</h2>
      <p class="quiet">{w.lagWhy}</p>
      <Table
        label={w.shards}
        columns={[
          { name: w.shard, kind: "number" },
          { name: w.lag, kind: "number" },
          { name: w.unreadAge, kind: "number" },
          { name: w.pending, kind: "number" },
          { name: w.pendingAge, kind: "number" },
          { name: w.queued, kind: "number" },
          { name: w.queuedAge, kind: "number" },
          { name: w.tick, kind: "wide" },
        ]}
      >
        {consumer.shards.map((shard) => (
          <tr>
            <td class="number">{shard.shard}</td>
            <td class="number">{known(shard.lag)}</td>
            <td class="number">{duration(shard.oldest_unread_age_ms)}</td>
            <td class="number">{known(shard.pending)}</td>
            <td class="number">{duration(shard.oldest_pending_age_ms)}</td>
            <td class="number">{number(shard.queued)}</td>
            <td class="number">{duration(shard.oldest_queued_age_ms)}</td>
            <td class="name">
              <Time visit={visit} at={shard.last_tick?.at ?? null} as="ago" />
              {shard.last_tick === null ? null : (
                <span class="quiet">
                  {" "}
                  {w.lastTick(number(shard.last_tick.read), number(shard.last_tick.applied))}
                </span>
              )}
              {(shard.without_handler ?? []).map((one) => (
                <p>{w.withoutHandler(number(one.count), one.event_type)}</p>
              ))}
              {shard.foreign_readers.length === 0 ? null : (
                <p>
                  {w.strangers}: {shard.foreign_readers.join(", ")}
                </p>
              )}
            </td>
          </tr>
        ))}
      </Table>
    </section>
  );
}

function Pauses({ visit, consumer: { paused } }: Props) {
  const w = visit.words(consumerWords);
  if (paused.length === 0) return null;
  return (
    <section>
      <h2>{w.pauses}</h2>
      <ul>
        {paused.map((pause) => (
          <li>
            <strong>{pause.event_type ?? w.wholeConsumer}</strong>: {pause.reason}{" "}
            <span class="quiet">
              ({w.until.toLowerCase()}{" "}
              {pause.expires_at === null ? (
                w.untilResumed
              ) : (
                <Time visit={visit} at={pause.expires_at} as="dateTime" />
              )}
              {pause.actor_id === null ? "" : `; ${w.by.toLowerCase()} ${pause.actor_id}`})
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Jobs({ visit, consumer: { jobs } }: Props) {
  const w = visit.words(consumerWords);
  if (jobs.length === 0) return null;
  return (
    <section>
      <h2>{w.jobs}</h2>
      <ul class="jobs">
        {jobs.map((job) => (
          <li>
            <a href={visit.href(`/jobs/${job.kind === "redrive" ? "redrives" : "replays"}/${job.id}`)}>
              {job.kind} “{job.name}”
            </a>{" "}
            <span class="quiet">
              {job.status},{" "}
              {w.jobDone(visit.format.number(job.succeeded + job.failed), visit.format.number(job.total))}
            </span>
            <progress max={Math.max(1, job.total)} value={job.succeeded + job.failed} aria-label={job.name} />
          </li>
        ))}
      </ul>
    </section>
  );
}

function Handled({ visit, consumer: { events, catches_all: takesAll } }: Props) {
  const w = visit.words(consumerWords);
  return (
    <section>
      <h2>{w.handles}</h2>
      {takesAll ? <p>{w.everything}</p> : null}
      {events.length === 0 ? null : (
        <Table
          label={w.handles}
          columns={[{ name: w.event }, { name: w.criticality }, { name: w.when, kind: "wide" }]}
        >
          {events.map((event) => (
            <tr>
              <th scope="row">
                <a href={visit.href(`/catalog/${event.type}`)}>{event.type}</a>
              </th>
              <td>{event.criticality ?? "–"}</td>
              <td class="wide">{event.when ?? "–"}</td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

function Settings({ visit, consumer: { settings } }: Props) {
  return (
    <details>
      <summary>{visit.words(consumerWords).settings}</summary>
      <Facts of={Object.entries(settings).map(([name, value]) => [name, String(value)] as const)} />
    </details>
  );
}
