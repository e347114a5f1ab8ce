import type { FoundPage } from "../../http/kit/answers/events.ts";
import { ApiRefusal } from "../api.ts";
import type { PageModule, ShownElsewhere, Visit } from "../page.ts";
import { EventRows } from "../parts/event-rows.tsx";
import { LiveEvents } from "../parts/live-events.tsx";
import { SearchForms, SearchTrouble } from "../parts/search-forms.tsx";
import { Pager } from "../parts/table.tsx";
import { Empty } from "../parts/text.tsx";
import { type Asked, idOf, lineFields, readLine, toApiQuery, writeLine } from "../search/query-line.ts";
import { vocabulary } from "../search/vocabulary.ts";
import { eventWords } from "../words/events.ts";

/** Rows of a page that the form offers. */
const sizes = [100, 250, 1_000] as const;

/** What the search found, or why it could not be done. */
interface Outcome {
  readonly found: FoundPage | null;
  readonly refusal: ApiRefusal | null;
}

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(eventWords);
    const typed = visit.query("q") ?? "";
    const id = visit.query("cursor") === null ? idOf(typed) : null;
    const direct = id === null ? null : await goToId(visit, id);
    if (direct !== null) return direct;
    const line = lineOf(visit, typed);
    const read = readLine(line);
    const { query, issues } = toApiQuery(read, line, visit.now, visit.preferences.zone);
    const [{ found, refusal }, known] = await Promise.all([
      issues.length > 0 ? { found: null, refusal: null } : search(visit, query),
      vocabulary(visit),
    ]);
    return {
      title: w.title,
      ...(refusal === null && issues.length === 0 ? {} : { status: 422 }),
      main: (
        <>
          <h1>{w.title}</h1>
          <SearchForms visit={visit} line={line} asked={read.asked} known={known} sizes={sizes} />
          <SearchTrouble visit={visit} line={line} issues={issues} refusal={refusal} />
          {id === null ? null : <p class="message info">{w.notFoundId(id)}</p>}
          <LiveEvents visit={visit} asked={query} line={line} />
          {found === null ? null : <Result visit={visit} found={found} line={line} />}
        </>
      ),
    };
  },
};

/** The fields of the form stand for what they name, whatever the line says of them. */
function lineOf(visit: Visit, typed: string): string {
  const names = [...lineFields.map(([, api]) => api), "text"] as const;
  const fields: Asked = Object.fromEntries(
    names.flatMap((name) => {
      const value = visit.query(name);
      return value === null ? [] : [[name, value]];
    }),
  );
  if (Object.keys(fields).length === 0) return typed;
  return writeLine({ ...readLine(typed).asked, ...fields });
}

async function search(visit: Visit, query: Asked): Promise<Outcome> {
  const limit = sizes.find((size) => String(size) === visit.query("limit")) ?? sizes[0];
  try {
    const found = await visit.api.get<FoundPage>("/api/audit/events", {
      ...query,
      limit,
      cursor: visit.query("cursor"),
    });
    return { found, refusal: null };
  } catch (error) {
    if (error instanceof ApiRefusal && [400, 403, 422].includes(error.status))
      return { found: null, refusal: error };
    throw error;
  }
}

/** The page of the event or story with this id; null: there is none. */
async function goToId(visit: Visit, id: string): Promise<ShownElsewhere | null> {
  const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id);
  const [event, story] = await Promise.all([
    isUuid ? visit.api.find<object>(`/api/events/${id}`) : null,
    visit.api.find<FoundPage>("/api/events/history", { correlation_id: id, limit: 1 }),
  ]);
  if (event !== null) return { goTo: visit.href(`/events/${id}`) };
  if (story !== null && story.events.length > 0)
    return { goTo: visit.href(`/stories/${encodeURIComponent(id)}`) };
  return null;
}

interface ResultProps {
  readonly visit: Visit;
  readonly found: FoundPage;
  readonly line: string;
}

function Result({ visit, found, line }: ResultProps) {
  const w = visit.words(eventWords);
  const { events, next_cursor: next } = found;
  const isFirst = visit.query("cursor") === null;
  return (
    <>
      {events.length > 0 ? (
        <EventRows visit={visit} events={events} />
      ) : (
        <Empty>{next !== null ? w.noneHere : line === "" && isFirst ? w.none : w.noneFound}</Empty>
      )}
      <Pager visit={visit} next={next} shown={w.shown(visit.format.number(events.length))} />
    </>
  );
}
