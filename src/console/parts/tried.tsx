import type { Tried, TriedValue } from "../../http/kit/answers/trial.ts";
import type { Visit } from "../page.ts";
import { tryWords } from "../words/tries.ts";
import { Json } from "./json.tsx";
import { Table } from "./table.tsx";
import { Facts } from "./text.tsx";

/** What a try showed. */
export function TriedOut({ visit, tried }: TriedProps) {
  const w = visit.words(tryWords);
  const { outcome, stopped_by, already, error } = tried;
  const tone = { applied: "good", retried: "warn", dead_letter: "bad", unknown: "info" }[outcome];
  return (
    <>
      <div class={`message ${tone}`} role="status">
        <p>
          <b>{w[outcome]}.</b> {w.kept}
        </p>
        {stopped_by === null ? null : <p>{w[stopped_by]}</p>}
      </div>
      {already === null ? null : (
        <p>
          {(already.instead === "applied" ? w.alreadyApplied : w.alreadyGivenUp)(
            visit.format.dateTime(new Date(already.at)),
          )}
        </p>
      )}
      <Facts
        of={[
          [w.event, `${tried.event_type} → ${tried.subscriber}`],
          [w.took, visit.format.duration(tried.ms)],
        ]}
      />
      {error === null ? null : <TriedError visit={visit} error={error} />}
      <Changes visit={visit} tried={tried} />
      <Statements visit={visit} tried={tried} />
      <Events visit={visit} tried={tried} />
      <Lines visit={visit} tried={tried} />
    </>
  );
}

interface TriedProps {
  readonly visit: Visit;
  readonly tried: Tried;
}

function TriedError({
  visit,
  error,
}: {
  readonly visit: Visit;
  readonly error: NonNullable<Tried["error"]>;
}) {
  const w = visit.words(tryWords);
  const next =
    error.retry_in_ms === null
      ? `${w.deadLetterBecause} ${error.dead_letter}.`
      : `${w.again(visit.format.duration(error.retry_in_ms), String(error.max_attempts))}.`;
  return (
    <section>
      <h2>{w.error}</h2>
      <p>
        <b>{error.class}</b>: {error.message}
      </p>
      <p class="quiet">{next}</p>
      {error.stack === null ? null : (
        <pre tabindex={0}>
          <code>{error.stack}</code>
        </pre>
      )}
    </section>
  );
}

function Changes({ visit, tried: { changes, calls, error } }: TriedProps) {
  const w = visit.words(tryWords);
  return (
    <>
      {calls.length === 0 ? null : (
        <section>
          <h2>{w.calls}</h2>
          <ul>
            {calls.map(({ method, origin }) => (
              <li>
                <code>
                  {method} {origin}
                </code>
              </li>
            ))}
          </ul>
        </section>
      )}
      {error !== null ? null : (
        <section>
          <h2>{w.changes}</h2>
          {changes.length === 0 ? (
            <p class="quiet">{w.changesNone}</p>
          ) : (
            <Table
              label={w.changes}
              columns={[
                { name: w.table, kind: "wide" },
                { name: w.inserted, kind: "number" },
                { name: w.updated, kind: "number" },
                { name: w.deleted, kind: "number" },
              ]}
            >
              {changes.map(({ table, inserted, updated, deleted }) => (
                <tr>
                  <td>
                    <code>{table}</code>
                  </td>
                  <td>{visit.format.number(inserted)}</td>
                  <td>{visit.format.number(updated)}</td>
                  <td>{visit.format.number(deleted)}</td>
                </tr>
              ))}
            </Table>
          )}
        </section>
      )}
    </>
  );
}

function Statements({ visit, tried: { statements, omitted } }: TriedProps) {
  const w = visit.words(tryWords);
  if (statements.length === 0) return null;
  return (
    <section>
      <h2>{w.statements}</h2>
      <Table
        label={w.statements}
        columns={[
          { name: w.kind },
          { name: w.rows, kind: "number" },
          { name: w.duration, kind: "number" },
          { name: w.text, kind: "wide" },
        ]}
      >
        {statements.map(({ kind, rows, ms, sql, values }) => (
          <tr>
            <td>{kind === "failed" ? w.failed : kind}</td>
            <td>{visit.format.number(rows)}</td>
            <td>{visit.format.duration(ms)}</td>
            <td>
              <code class="statement">{sql}</code>
              {values.length === 0 ? null : (
                <ul class="values">
                  {values.map((value, place) => (
                    <li>
                      <code>${place + 1}</code> <Value visit={visit} value={value} />
                    </li>
                  ))}
                </ul>
              )}
            </td>
          </tr>
        ))}
      </Table>
      <Omitted visit={visit} count={omitted.statements} />
    </section>
  );
}

function Value({ visit, value }: { readonly visit: Visit; readonly value: TriedValue }) {
  const w = visit.words(tryWords);
  if (value.kind === "null") return <span class="quiet">null</span>;
  if (value.value === null) {
    const hidden =
      value.length === null
        ? w.hiddenKind(value.kind)
        : w.hidden(value.kind, visit.format.number(value.length));
    return <span class="quiet">{hidden}</span>;
  }
  return (
    <>
      <code>{value.value}</code> {value.from === null ? null : <span class="quiet">= {value.from}</span>}
    </>
  );
}

function Events({ visit, tried: { events, omitted } }: TriedProps) {
  const w = visit.words(tryWords);
  if (events.length === 0) return null;
  return (
    <section>
      <h2>{w.events}</h2>
      {events.map(({ type, key, payload, is_recorded }) => (
        <details open={events.length <= 3}>
          <summary>
            <code>{type}</code>
            {key === null ? null : ` · ${w.key} ${key}`}
            {is_recorded ? ` · ${w.recorded}` : null}
          </summary>
          <Json visit={visit} value={payload} />
        </details>
      ))}
      <Omitted visit={visit} count={omitted.events} />
    </section>
  );
}

function Lines({ visit, tried: { log, omitted } }: TriedProps) {
  const w = visit.words(tryWords);
  if (log.length === 0) return null;
  return (
    <section>
      <h2>{w.log}</h2>
      <Table
        label={w.log}
        columns={[{ name: w.level }, { name: w.message, kind: "wide" }, { name: w.fields }]}
      >
        {log.map(({ level, message, fields }) => (
          <tr>
            <td>{level}</td>
            <td>{message}</td>
            <td>
              <details>
                <summary>{w.fields}</summary>
                <Json visit={visit} value={fields} />
              </details>
            </td>
          </tr>
        ))}
      </Table>
      <Omitted visit={visit} count={omitted.log} />
    </section>
  );
}

function Omitted({ visit, count = 0 }: { readonly visit: Visit; readonly count?: number | undefined }) {
  return count === 0 ? null : (
    <p class="quiet">{visit.words(tryWords).omitted(visit.format.number(count))}</p>
  );
}
