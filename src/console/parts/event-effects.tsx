import type { EffectOfConsumer, EventEffects, RelatedEvent } from "../../http/kit/answers/events.ts";
import type { Visit } from "../page.ts";
import { oneEventWords } from "../words/event.ts";
import { ConsumerLink } from "./consumer-link.tsx";
import { Table } from "./table.tsx";
import { Badge, Empty, Time, type Tone } from "./text.tsx";

const tones: Readonly<Record<string, Tone>> = {
  not_sent: "warn",
  waiting: "info",
  in_work: "info",
  retrying: "warn",
  deferred: "warn",
  applied: "good",
  dead_letter: "bad",
  redriving: "warn",
  passed: "good",
};

/** What became of an event with one consumer, in a word. */
function EffectBadge({ visit, state }: { readonly visit: Visit; readonly state: string }) {
  const w = visit.words(oneEventWords) as Readonly<Record<string, unknown>>;
  const word = w[`state_${state}`];
  return <Badge tone={tones[state] ?? "quiet"}>{typeof word === "string" ? word : state}</Badge>;
}

interface EffectsProps {
  readonly visit: Visit;
  readonly effects: EventEffects;
  /** Null until the relay sent it. */
  readonly sentAt: string | null;
}

/** What each consumer did with an event. */
export function ConsumerEffects({ visit, effects, sentAt }: EffectsProps) {
  const w = visit.words(oneEventWords);
  const { consumers, not_handled_by: others } = effects;
  return (
    <section>
      <h2>{w.became}</h2>
      {consumers.length === 0 ? (
        <Empty>{w.nobody}</Empty>
      ) : (
        <Table
          label={w.became}
          columns={[
            { name: w.consumer },
            { name: w.state },
            { name: w.applied },
            { name: w.took, kind: "number" },
            { name: w.tries, kind: "number" },
            { name: w.more, kind: "wide" },
          ]}
        >
          {consumers.map((one) => (
            <ConsumerRow visit={visit} effect={one} sentAt={sentAt} />
          ))}
        </Table>
      )}
      {others.length === 0 ? null : <p class="quiet">{w.notHandledBy(others.join(", "))}</p>}
    </section>
  );
}

interface RowProps {
  readonly visit: Visit;
  readonly effect: EffectOfConsumer;
  readonly sentAt: string | null;
}

function ConsumerRow({ visit, effect, sentAt }: RowProps) {
  const { subscriber, state, applied_at, failed_attempts } = effect;
  const tookMs = applied_at === null || sentAt === null ? null : Date.parse(applied_at) - Date.parse(sentAt);
  return (
    <tr>
      <th scope="row">
        <ConsumerLink visit={visit} subscriber={subscriber} />
      </th>
      <td>
        <EffectBadge visit={visit} state={state} />
      </td>
      <td>
        <Time visit={visit} at={applied_at} />
      </td>
      <td>{visit.format.duration(tookMs)}</td>
      <td>{failed_attempts === null ? "–" : visit.format.number(failed_attempts)}</td>
      <td class="wide">
        <MoreOfEffect visit={visit} effect={effect} />
      </td>
    </tr>
  );
}

function MoreOfEffect({ visit, effect }: Omit<RowProps, "sentAt">) {
  const w = visit.words(oneEventWords);
  const { handles, paused, error, next_try_at, dead_letter: letter, deferred, replays } = effect;
  const job = (id: string, text: string) => <a href={visit.href(`/jobs/${id}`)}>{text}</a>;
  return (
    <ul class="plain">
      {handles ? null : <li>{w.noLonger}</li>}
      {paused === true ? <li>{w.pausedNow}</li> : null}
      {letter === null ? null : (
        <li>
          <a href={visit.href(`/dead-letters/${letter.id}`)}>{w.deadLetter(letter.id)}</a> {letter.reason},{" "}
          {letter.status}
        </li>
      )}
      {next_try_at === null ? null : (
        <li>
          {w.nextTry} <Time visit={visit} at={next_try_at} />
        </li>
      )}
      {deferred === null ? null : (
        <li>
          {deferred.cause} {deferred.job_id === null ? null : job(deferred.job_id, w.inJob(deferred.job_id))}
        </li>
      )}
      {replays.map(({ job_id, applied_at }) => (
        <li>
          {job(job_id, w.replayed(job_id))} <Time visit={visit} at={applied_at} />
        </li>
      ))}
      {error === null ? null : <li class="quiet">{error}</li>}
    </ul>
  );
}

interface CausesProps {
  readonly visit: Visit;
  readonly id: string;
  readonly effects: EventEffects;
}

/** What caused an event, and what it caused itself. */
export function CauseAndEffects({ visit, id, effects }: CausesProps) {
  const w = visit.words(oneEventWords);
  return (
    <section>
      <h2>{w.causes}</h2>
      <p>
        <CauseText visit={visit} effects={effects} />
      </p>
      <h3>{w.effects}</h3>
      {effects.effects.length === 0 ? (
        <p class="quiet">{w.effectsNone}</p>
      ) : (
        <ul>
          {effects.effects.map((one) => (
            <li>
              <EventLink visit={visit} event={one} />
            </li>
          ))}
        </ul>
      )}
      {effects.more_effects ? (
        <p>
          <a href={visit.href("/events", { causation_id: id })}>{w.effectsMore}</a>
        </p>
      ) : null}
    </section>
  );
}

function EventLink({ visit, event }: { readonly visit: Visit; readonly event: RelatedEvent }) {
  return (
    <>
      <a href={visit.href(`/events/${event.id}`)}>{event.type}</a>{" "}
      <span class="quiet">
        {event.source}, <Time visit={visit} at={event.timestamp} />
      </span>
    </>
  );
}

function CauseText({ visit, effects: { cause, causation_id, origin } }: Omit<CausesProps, "id">) {
  const w = visit.words(oneEventWords);
  if (cause !== null) {
    return (
      <>
        {w.causedBy} <EventLink visit={visit} event={cause} />
      </>
    );
  }
  if (causation_id !== null) return <>{w.causedByUnknown(causation_id)}</>;
  if (origin === null) return <>{w.causedByNone}</>;
  return (
    <>
      {origin.type === "job" ? w.causedByJob : w.causedByRequest}:{" "}
      <code>{origin.type === "job" ? origin.name : `${origin.method} ${origin.path}`}</code>
    </>
  );
}
