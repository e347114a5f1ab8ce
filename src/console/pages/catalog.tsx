import type { CatalogAnswer, CatalogEvent } from "../../http/kit/product-answers.ts";
import type { PageModule, Visit } from "../page.ts";
import { CatalogConsumers } from "../parts/catalog-consumers.tsx";
import { CatalogFindings } from "../parts/catalog-findings.tsx";
import { FilterForm, FilterSelect } from "../parts/form.tsx";
import { flowsOf, ModuleGraph } from "../parts/module-graph.tsx";
import { SeverityBadge } from "../parts/severity.tsx";
import { Table } from "../parts/table.tsx";
import { Badge, Empty, Time } from "../parts/text.tsx";
import { catalogWords } from "../words/catalog.ts";

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(catalogWords);
    const answer = await visit.api.get<CatalogAnswer>("/api/catalog", { payloads: true });
    const modules = [...new Set(answer.events.map(({ module }) => module))];
    const shown = answer.events.filter((event) => fits(visit, event));
    const { number } = visit.format;
    return {
      title: w.title,
      main: (
        <>
          <h1>{w.title}</h1>
          <p class="lead">{w.lead(number(answer.events.length), number(modules.length))}</p>
          <p class="quiet">
            {w.asDocument} <a href={visit.href("/documents/asyncapi.json")}>AsyncAPI 3.0</a>
          </p>
          <CatalogFindings visit={visit} findings={answer.findings} />
          <Filters visit={visit} modules={modules} />
          {shown.length === 0 ? <Empty>{w.noneFound}</Empty> : <EventTable visit={visit} events={shown} />}
          {answer.observed_newest === null ? null : (
            <p class="quiet">{w.newest(number(answer.observed_newest))}</p>
          )}
          <h2>{w.graph}</h2>
          {answer.catch_all.length === 0 ? null : (
            <p class="quiet">{w.catchAll(answer.catch_all.join(", "))}</p>
          )}
          <ModuleGraph visit={visit} flows={flowsOf(answer.events, answer.catch_all)} />
        </>
      ),
    };
  },
};

function fits(visit: Visit, event: CatalogEvent): boolean {
  const { q, module, odd } = visit.queries;
  const words = (q ?? "").toLowerCase().split(/\s+/);
  const text = `${event.type} ${event.when}`.toLowerCase();
  return (
    words.every((word) => text.includes(word)) &&
    (module === undefined || event.module === module) &&
    (odd === undefined || event.findings.some(({ level }) => level !== "note"))
  );
}

function Filters({ visit, modules }: { readonly visit: Visit; readonly modules: readonly string[] }) {
  const w = visit.words(catalogWords);
  return (
    <FilterForm visit={visit} path="/catalog">
      <label>
        {w.search}
        <input type="search" name="q" maxlength={100} value={visit.query("q") ?? ""} />
      </label>
      <FilterSelect
        visit={visit}
        label={w.module}
        name="module"
        standard=""
        options={[["", w.allModules], ...modules.map((name) => [name, name] as const)]}
      />
      <label class="check">
        <input type="checkbox" name="odd" value="1" checked={visit.query("odd") !== null} /> {w.problems}
      </label>
    </FilterForm>
  );
}

function EventTable({ visit, events }: { readonly visit: Visit; readonly events: readonly CatalogEvent[] }) {
  const w = visit.words(catalogWords);
  return (
    <div class="catalog">
      <Table
        label={w.title}
        isDense
        columns={[
          { name: w.event, kind: "wide" },
          { name: w.module },
          { name: w.criticality },
          { name: w.seen, kind: "number" },
          { name: w.last },
          { name: w.consumers },
        ]}
      >
        {events.map((event) => (
          <tr>
            <td class="wide">
              <a href={visit.href(`/catalog/${event.type}`)}>{event.type}</a>{" "}
              {event.version > 1 ? <Badge tone="quiet">v{event.version}</Badge> : null}{" "}
              {event.findings.some(({ kind }) => kind === "undeclared_producer") ? (
                <Badge tone="info">{w.otherProducer}</Badge>
              ) : null}
              <p class="quiet">{event.when}</p>
            </td>
            <td>{event.module}</td>
            <td>
              <SeverityBadge severity={event.criticality} />
            </td>
            <td class="number">{visit.format.number(event.observed?.count ?? 0)}</td>
            <td>
              {event.observed?.last_seen_at == null ? (
                <span class="quiet">{w.never}</span>
              ) : (
                <Time visit={visit} at={event.observed.last_seen_at} as="ago" />
              )}
            </td>
            <td class="wrap">
              <CatalogConsumers visit={visit} of={event} />
            </td>
          </tr>
        ))}
      </Table>
    </div>
  );
}
