import type { Child } from "hono/jsx";
import type { FoundEvent } from "../../http/kit/answers/events.ts";
import type { Visit } from "../page.ts";
import { oneEventWords } from "../words/event.ts";
import { eventWords } from "../words/events.ts";
import { EventSeverity } from "./event-rows.tsx";
import { Facts, Time } from "./text.tsx";

/** The notes of an envelope; of entries of other programs nothing is sure. */
export function metaOf({ meta }: Pick<FoundEvent, "meta">): Readonly<Record<string, unknown>> {
  return typeof meta === "object" && meta !== null ? (meta as Readonly<Record<string, unknown>>) : {};
}

/** A text that leads to the events that have it too. */
function Same({
  visit,
  name,
  value,
}: {
  readonly visit: Visit;
  readonly name: string;
  readonly value: string;
}) {
  return <a href={visit.href("/events", { [name]: value })}>{value}</a>;
}

/** The envelope of an event, an own one or that of another program. */
export function EventFacts({ visit, event }: { readonly visit: Visit; readonly event: FoundEvent }) {
  const w = visit.words(oneEventWords);
  const names = visit.words(eventWords);
  const meta = metaOf(event);
  const same = (label: string, name: string, value: unknown): readonly [string, Child | null] => [
    label,
    typeof value === "string" ? <Same visit={visit} name={name} value={value} /> : null,
  ];
  const told = (label: string, value: unknown): readonly [string, Child | null] => [
    label,
    typeof value === "string" || typeof value === "number" ? <code>{String(value)}</code> : null,
  ];
  const { correlation_id: story, severity, stored_at, sent_at, foreign } = event;
  return (
    <Facts
      of={[
        told(w.id, event.id),
        [
          w.story,
          story === null ? null : foreign ? (
            // A story is told by the record, which has nothing of other programs.
            <code>{story}</code>
          ) : (
            <a href={visit.href(`/stories/${encodeURIComponent(story)}`)}>{story}</a>
          ),
        ],
        same(names.tenant, "tenant_id", event.tenant_id),
        same(names.key, "key", event.key),
        [names.severity, severity === null ? null : <EventSeverity severity={severity} />],
        same(names.source, "source", event.source),
        same(names.target, "target", event.target),
        same(names.actor, "actor_id", event.actor_id),
        same(names.module, "module", meta.source_module),
        told(w.producer, meta.producer),
        same(names.mission, "mission_id", event.mission_id),
        same(names.task, "task_id", event.task_id),
        [w.told, event.timestamp === null ? null : <Time visit={visit} at={event.timestamp} as="dateTime" />],
        [w.stored, <Time visit={visit} at={stored_at} as="dateTime" />],
        [
          w.sent,
          foreign === true ? null : sent_at === null ? (
            w.notSent
          ) : (
            <Time visit={visit} at={sent_at} as="dateTime" />
          ),
        ],
        told(w.position, event.position),
        told(w.stream, event.stream_name),
        told(w.streamEntry, event.stream_message_id),
        told(w.version, meta.schema_version),
        told(w.trace, meta.traceparent),
      ]}
    />
  );
}
