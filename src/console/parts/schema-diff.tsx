import type { DeclaredEvent } from "../../http/kit/answers/events.ts";
import type { Visit } from "../page.ts";
import { compareWithSchema, type FieldState } from "../search/compare-schema.ts";
import { oneEventWords } from "../words/event.ts";
import { Table } from "./table.tsx";
import { Badge, type Tone } from "./text.tsx";

const tones: Readonly<Record<FieldState, Tone>> = {
  fits: "good",
  absent: "quiet",
  unknown: "warn",
  missing: "bad",
  otherType: "bad",
  notAllowed: "bad",
};

interface DiffProps {
  readonly visit: Visit;
  readonly payload: unknown;
  /** With which the event was stored; null: it does not say. */
  readonly storedVersion: number | null;
  /** Null: the catalogue does not have the type. */
  readonly declared: DeclaredEvent | null;
}

/** A payload against the schema of its type: what is unknown, missing or of another type, and what each field means. */
export function SchemaDiff({ visit, payload, storedVersion, declared }: DiffProps) {
  const w = visit.words(oneEventWords);
  if (declared === null) return <p class="quiet">{w.schemaUnknown}</p>;
  const fields = compareWithSchema(declared.schema, payload);
  const faults = fields.filter(({ state }) => state !== "fits" && state !== "absent").length;
  const isOlder = storedVersion !== null && storedVersion !== declared.version;
  return (
    <>
      <p>
        {faults === 0 ? w.schemaFits : w.schemaFaults(visit.format.number(faults))}{" "}
        {isOlder ? w.schemaVersions(String(storedVersion), String(declared.version)) : null}
      </p>
      {fields.length === 0 ? null : (
        <Table
          label={w.schema}
          columns={[
            { name: w.field },
            { name: w.state },
            { name: w.expected },
            { name: w.found },
            { name: w.meaning, kind: "wide" },
          ]}
        >
          {fields.map(({ path, state, expected, found, meaning }) => (
            <tr>
              <th scope="row">
                <code>{path}</code>
              </th>
              <td>
                <Badge tone={tones[state]}>{w[state]}</Badge>
              </td>
              <td>
                <code>{expected}</code>
              </td>
              <td>
                <code>{found}</code>
              </td>
              <td>
                <p>{meaning}</p>
              </td>
            </tr>
          ))}
        </Table>
      )}
    </>
  );
}
