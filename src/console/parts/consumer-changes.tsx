import type { ConsumerDetails } from "../../http/kit/answers/consumers.ts";
import type { Visit } from "../page.ts";
import { consumerWords } from "../words/consumers.ts";
import { ActionForm, field, ReasonField, typed } from "./form.tsx";

interface Props {
  readonly visit: Visit;
  readonly consumer: ConsumerDetails;
}

/** What an operator can do about a consumer. */
export function ConsumerChanges({ visit, consumer }: Props) {
  const w = visit.words(consumerWords);
  return (
    <section class="actions">
      {consumer.paused.map(({ event_type: type }) => (
        <ActionForm visit={visit} action="resume" button={w.resume} hidden={{ event_type: type }}>
          <h2>{w.resume}</h2>
          <p>{type ?? w.wholeConsumer}</p>
          <ReasonField visit={visit} action="resume" />
        </ActionForm>
      ))}
      <Pause visit={visit} consumer={consumer} />
      <ActionForm visit={visit} action="drain" button={w.drain} tone="plain">
        <h2>{w.drain}</h2>
        <p class="quiet">{w.drainWhy}</p>
      </ActionForm>
      <div>
        <h2>{w.replay}</h2>
        <p class="quiet">{w.replayWhy}</p>
        <p>
          <a class="button plain" href={visit.href("/jobs/replay", { subscriber: consumer.subscriber })}>
            {w.replay}
          </a>
        </p>
      </div>
    </section>
  );
}

function Pause({ visit, consumer }: Props) {
  const w = visit.words(consumerWords);
  const type = typed(visit, "pause", "event_type");
  const seconds = typed(visit, "pause", "for_seconds");
  return (
    <ActionForm visit={visit} action="pause" button={w.pause} tone="plain">
      <h2>{w.pause}</h2>
      <p class="quiet">{w.pauseWhy}</p>
      <label>
        {w.pauseWhat}
        <select {...field(visit, "pause", "event_type")}>
          <option value="">{w.pauseAll}</option>
          {consumer.events.map((event) => (
            <option value={event.type} selected={event.type === type}>
              {event.type}
            </option>
          ))}
        </select>
      </label>
      <label>
        {w.pauseFor}
        <select {...field(visit, "pause", "for_seconds")}>
          {(
            [
              ["", w.pauseForever],
              ["3600", w.pauseHour],
              ["86400", w.pauseDay],
            ] as const
          ).map(([value, text]) => (
            <option value={value} selected={value === seconds}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <ReasonField visit={visit} action="pause" />
    </ActionForm>
  );
}
