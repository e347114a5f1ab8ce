import type { CatalogEventDetails } from "../../http/kit/product-answers.ts";
import type { PageModule, Visit } from "../page.ts";
import { CatalogConsumers } from "../parts/catalog-consumers.tsx";
import { CatalogFindings } from "../parts/catalog-findings.tsx";
import { Json } from "../parts/json.tsx";
import { SeverityBadge } from "../parts/severity.tsx";
import { Table } from "../parts/table.tsx";
import { Badge, Empty, Facts, Time } from "../parts/text.tsx";
import { catalogWords } from "../words/catalog.ts";
import { findingWords } from "../words/catalog-findings.ts";
import { shellWords } from "../words/shell.ts";

export const page: PageModule = {
  async show(visit) {
    const w = visit.words(catalogWords);
    const f = visit.words(findingWords);
    const event = await visit.api.get<CatalogEventDetails>(
      `/api/catalog/${encodeURIComponent(visit.param("type"))}`,
      { payloads: true },
    );
    return {
      title: event.type,
      trail: [{ href: visit.href("/catalog"), text: w.title }],
      main: (
        <>
          <h1>{event.type}</h1>
          <p class="lead">{event.when}.</p>
          <Facts
            of={[
              [w.module, event.module],
              [w.criticality, <SeverityBadge severity={event.criticality} />],
              [w.severity, event.severity === null ? null : <SeverityBadge severity={event.severity} />],
              [w.version, visit.format.number(event.version)],
              [w.key, event.key === null ? w.noKey : <code>{event.key}</code>],
              [w.producers, event.producers.length === 0 ? "–" : event.producers.join(", ")],
              [w.consumers, <CatalogConsumers visit={visit} of={event} />],
              [w.outside, event.outside.length === 0 ? null : event.outside.join(", ")],
              [
                w.events,
                <a href={visit.href("/events", { q: `type:${event.type}` })}>
                  {visit.format.number(event.observed?.count ?? 0)}
                </a>,
              ],
              [f.perHour, event.observed === null ? null : visit.format.number(event.observed.per_hour, 2)],
              [
                f.first,
                event.observed?.first_seen_at == null ? null : (
                  <Time visit={visit} at={event.observed.first_seen_at} as="ago" />
                ),
              ],
            ]}
          />
          <CatalogFindings visit={visit} findings={event.findings} ofOne />
          <Observed visit={visit} event={event} />
          <Sizes visit={visit} event={event} />
          <h2>{w.fields}</h2>
          <Fields visit={visit} event={event} />
          <h2>{w.example}</h2>
          {event.example === null ? (
            <Empty>{w.noExample}</Empty>
          ) : (
            <Json visit={visit} value={event.example} />
          )}
          {event.versions.length > 1 ? <Versions visit={visit} event={event} /> : null}
          <details>
            <summary>{w.schema}</summary>
            <SchemaLinks visit={visit} event={event} />
            <pre tabindex={0}>
              <code>{JSON.stringify(event.schema, null, 2)}</code>
            </pre>
          </details>
        </>
      ),
    };
  },
};

/** The schemas as they are served to other programs. */
function SchemaLinks({ visit, event: { type, version } }: EventProps) {
  const w = visit.words(catalogWords);
  const at = (file: string) => visit.href(`/documents/schemas/${encodeURIComponent(type)}/${file}`);
  return (
    <p>
      <a href={at(`${version}.json`)}>{w.schemaForReaders}</a>,{" "}
      <a href={at(`${version}.publish.json`)}>{w.schemaForPublishers}</a>
    </p>
  );
}

interface EventProps {
  readonly visit: Visit;
  readonly event: CatalogEventDetails;
}

/** What was seen of it, beside what is declared. */
function Observed({ visit, event: { observed } }: EventProps) {
  const w = visit.words(catalogWords);
  if (observed === null) return null;
  return (
    <section>
      <h2>{w.observed}</h2>
      {observed.dead_letters.map(({ subscriber, count }) => (
        <p>
          {subscriber}:{" "}
          <a href={visit.href("/dead-letters", { subscriber })}>{w.letters(visit.format.number(count))}</a>
        </p>
      ))}
      {observed.producers.length === 0 ? (
        <Empty>{w.nothingSeen}</Empty>
      ) : (
        <Table
          label={w.observed}
          columns={[
            { name: w.producers },
            { name: w.source },
            { name: w.declared },
            { name: w.seen, kind: "number" },
            { name: w.last },
          ]}
        >
          {observed.producers.map((row) => (
            <tr>
              <td>{row.producer ?? "–"}</td>
              <td>
                {row.source ?? "–"} {row.over_the_stream ? <Badge tone="quiet">{w.stream}</Badge> : null}
              </td>
              <td>
                {row.declared ? visit.words(shellWords).yes : <Badge tone="info">{w.undeclared}</Badge>}
              </td>
              <td class="number">{visit.format.number(row.count)}</td>
              <td>
                <Time visit={visit} at={row.last_seen_at} as="ago" />
              </td>
            </tr>
          ))}
        </Table>
      )}
    </section>
  );
}

/** How large payloads are, of each version that was seen. */
function Sizes({ visit, event: { observed } }: EventProps) {
  const w = visit.words(catalogWords);
  const f = visit.words(findingWords);
  const { number } = visit.format;
  const payloads = observed?.payloads ?? [];
  if (payloads.length === 0) return null;
  return (
    <section>
      <h2>{f.payloads}</h2>
      <Table
        label={f.payloads}
        columns={[
          { name: w.version },
          { name: f.looked, kind: "number" },
          { name: f.median, kind: "number" },
          { name: f.most, kind: "number" },
          { name: f.largest, kind: "number" },
        ]}
      >
        {payloads.map(({ version, count, p50_bytes, p95_bytes, max_bytes }) => (
          <tr>
            <th scope="row">{number(version)}</th>
            <td class="number">{number(count)}</td>
            {[p50_bytes, p95_bytes, max_bytes].map((bytes) => (
              <td class="number">{f.bytesOf(number(bytes))}</td>
            ))}
          </tr>
        ))}
      </Table>
    </section>
  );
}

/** In how many of the events that were looked at a field has a value. */
function Filled({
  visit,
  field,
}: {
  readonly visit: Visit;
  readonly field: CatalogEventDetails["fields"][number];
}) {
  const f = visit.words(findingWords);
  const { filled, looked_at } = field;
  if (filled === null || looked_at === null) return <span class="quiet">–</span>;
  const text = f.ofLooked(visit.format.number(filled), visit.format.number(looked_at));
  return filled === 0 ? (
    <>
      <Badge tone="info">{f.neverFilled}</Badge> <span class="quiet">{text}</span>
    </>
  ) : (
    <span>{text}</span>
  );
}

function Fields({ visit, event }: EventProps) {
  const w = visit.words(catalogWords);
  const s = visit.words(shellWords);
  return (
    <Table
      label={w.fields}
      columns={[
        { name: w.field },
        { name: w.type },
        { name: w.required },
        { name: visit.words(findingWords).filled },
        { name: w.meaning, kind: "wide" },
      ]}
    >
      {event.fields.map((field) => {
        const { path, type, required, limits, meaning } = field;
        const personal = event.personal_fields.find(({ field }) => field === path);
        return (
          <tr>
            <th scope="row">
              <code>{path}</code>
            </th>
            <td>{type}</td>
            <td>{required ? s.yes : s.no}</td>
            <td>
              <Filled visit={visit} field={field} />
            </td>
            <td class="wide">
              {meaning} <span class="quiet">{limits.replaceAll("`", "")}</span>{" "}
              {personal === undefined ? null : <Badge tone="warn">{w.personalOf(personal.subject)}</Badge>}
            </td>
          </tr>
        );
      })}
    </Table>
  );
}

function Versions({ visit, event }: EventProps) {
  const w = visit.words(catalogWords);
  return (
    <section>
      <h2>{w.versions}</h2>
      {event.versions.map(({ version, is_current, example }) => (
        <details>
          <summary>
            {version}: {is_current ? w.current : w.older}
          </summary>
          {example === null ? <Empty>{w.noExample}</Empty> : <Json visit={visit} value={example} />}
        </details>
      ))}
    </section>
  );
}
