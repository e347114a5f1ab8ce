import type { DeclaredEvent, FoundPage } from "../../http/kit/answers/events.ts";
import { ApiRefusal } from "../api.ts";
import type { PageModule } from "../page.ts";
import { EventFacts, metaOf } from "../parts/event-facts.tsx";
import { Json } from "../parts/json.tsx";
import { SchemaDiff } from "../parts/schema-diff.tsx";
import { oneEventWords } from "../words/event.ts";
import { eventWords } from "../words/events.ts";

/** An entry of another program, by its position: it may have no id, or one that others have too. */
export const page: PageModule = {
  async show(visit) {
    const w = visit.words(oneEventWords);
    const position = Number(visit.param("position"));
    const found =
      Number.isSafeInteger(position) && position >= 0
        ? await visit.api.get<FoundPage>("/api/audit/events", {
            entries: "foreign",
            cursor: position + 1,
            limit: 1,
          })
        : null;
    const entry = found?.events.find((one) => one.position === position);
    if (entry === undefined)
      throw new ApiRefusal(`There is no entry of another program at this position.`, {
        status: 404,
        code: "not_found",
      });
    const { type, unread = null } = entry;
    const declared =
      type === null || unread !== null
        ? null
        : await visit.api.find<DeclaredEvent>(`/api/catalog/${encodeURIComponent(type.slice(0, 100))}`, {
            observed: false,
          });
    const version = metaOf(entry).schema_version;
    return {
      title: type ?? w.entryTitle,
      trail: [{ href: visit.href("/events", { entries: "foreign" }), text: visit.words(eventWords).title }],
      main: (
        <>
          <h1>{type ?? w.entryTitle}</h1>
          <p class="lead">{w.entryWhy}</p>
          {unread === null ? null : (
            <p class="message warn">
              {w.entryUnread} {unread}
            </p>
          )}
          <EventFacts visit={visit} event={entry} />
          {unread !== null ? null : (
            <section>
              <h2>{w.payload}</h2>
              <Json visit={visit} value={entry.payload} />
              <h3>{w.schema}</h3>
              <SchemaDiff
                visit={visit}
                payload={entry.payload}
                storedVersion={typeof version === "number" ? version : null}
                declared={declared}
              />
            </section>
          )}
          <section>
            <h2>{w.raw}</h2>
            <Json visit={visit} value={entry.raw_fields} />
          </section>
          {!Array.isArray(entry.decode_notes) || entry.decode_notes.length === 0 ? null : (
            <section>
              <h2>{w.notes}</h2>
              <Json visit={visit} value={entry.decode_notes} />
            </section>
          )}
        </>
      ),
    };
  },
};
