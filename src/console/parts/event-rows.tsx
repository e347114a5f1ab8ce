import type { FoundEvent } from "../../http/kit/answers/events.ts";
import type { Visit } from "../page.ts";
import { eventWords } from "../words/events.ts";
import { type Column, Table } from "./table.tsx";
import { Badge, type Tone } from "./text.tsx";

/** Longer lists leave out what makes them heavy: a thousand rows stay below 300 KB. */
const shortList = 250;
/** Characters of a text in a row; the event has all of it. */
const maxCell = 40;
const maxPreview = 90;

/** The first characters of a text, never half of one. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).toWellFormed()}…`;
}

const tones: Readonly<Record<string, Tone>> = { CRITICAL: "bad", ERROR: "bad", WARNING: "warn" };

/** How grave an event is; what is usual stays quiet. */
export function EventSeverity({ severity }: { readonly severity: string | null }) {
  if (severity === null) return null;
  const tone = tones[severity];
  return tone === undefined ? <span>{severity}</span> : <Badge tone={tone}>{severity}</Badge>;
}

interface RowsProps {
  readonly visit: Visit;
  readonly events: readonly FoundEvent[];
}

/** Events to compare, own and foreign ones. Its markup is lean, for there may be a thousand. */
export function EventRows({ visit, events }: RowsProps) {
  const w = visit.words(eventWords);
  const isShort = events.length <= shortList;
  const columns: Column[] = [
    { name: w.time },
    { name: w.type },
    { name: w.key },
    { name: w.tenant },
    { name: w.source },
    { name: w.severity },
    ...(isShort ? [{ name: w.story }, { name: w.payloadTitle, kind: "wide" } as const] : []),
  ];
  return (
    <div class="events" data-as="time">
      <Table label={w.title} columns={columns} isDense>
        {events.map((event) => (
          <EventRow visit={visit} event={event} isShort={isShort} />
        ))}
      </Table>
    </div>
  );
}

/** Where one event is shown, an own one or that of another program. */
function eventPath({ foreign, id, position }: Pick<FoundEvent, "foreign" | "id" | "position">): string {
  return foreign === true || id === null ? `/entries/${position}` : `/events/${id}`;
}

function EventRow({
  visit,
  event,
  isShort,
}: {
  readonly visit: Visit;
  readonly event: FoundEvent;
  readonly isShort: boolean;
}) {
  const w = visit.words(eventWords);
  const { stored_at, type, key, tenant_id, source, correlation_id, severity } = event;
  const state =
    event.foreign === true
      ? event.unread == null
        ? w.foreign
        : w.unread
      : event.sent_at === null
        ? w.unsent
        : null;
  return (
    <tr>
      <td>
        <time datetime={stored_at}>{visit.format.time(new Date(stored_at))}</time>
      </td>
      <td>
        <a href={visit.href(eventPath(event))}>{cut(type ?? w.noType, 100)}</a>
        {state === null ? null : <i> {state}</i>}
      </td>
      <td>{cut(key ?? "", maxCell)}</td>
      <td>{tenant_id === null ? null : cut(tenant_id, maxCell)}</td>
      <td>{cut(source ?? "", maxCell)}</td>
      <td>
        <EventSeverity severity={severity} />
      </td>
      {isShort ? (
        <>
          <td>
            {correlation_id === null ? null : event.foreign ? (
              cut(correlation_id, 13)
            ) : (
              <a href={visit.href(`/stories/${encodeURIComponent(correlation_id)}`)}>
                {cut(correlation_id, 13)}
              </a>
            )}
          </td>
          <td>
            <p class="quiet">
              <code>{cut(previewOf(event), maxPreview)}</code>
            </p>
          </td>
        </>
      ) : null}
    </tr>
  );
}

function previewOf({ payload, raw_fields, unread }: FoundEvent): string {
  const shown = payload ?? (unread == null ? null : raw_fields);
  return shown == null ? "" : (JSON.stringify(shown) ?? "");
}
