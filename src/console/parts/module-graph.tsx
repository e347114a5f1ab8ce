import type { CatalogEvent } from "../../http/kit/product-answers.ts";
import type { Visit } from "../page.ts";
import { catalogWords } from "../words/catalog.ts";
import { Table } from "./table.tsx";

/** Events of one module that one consumer handles. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  readonly types: readonly string[];
}

/** Who gets whose events. Consumers that catch every event are left out: they would be joined with all. */
export function flowsOf(events: readonly CatalogEvent[], catchAll: readonly string[]): readonly Flow[] {
  const flows = new Map<string, { from: string; to: string; types: string[] }>();
  for (const { type, module, consumers } of events) {
    for (const { subscriber, handles } of consumers) {
      if (!handles || catchAll.includes(subscriber)) continue;
      const name = `${module} ${subscriber}`;
      const flow = flows.get(name) ?? { from: module, to: subscriber, types: [] };
      flow.types.push(type);
      flows.set(name, flow);
    }
  }
  return [...flows.values()];
}

const width = 720;
const rowHeight = 34;
const left = 190;
const right = 520;

interface GraphProps {
  readonly visit: Visit;
  readonly flows: readonly Flow[];
}

/** Modules at the left, consumers at the right, a line for the events between them, and the same as a table. */
export function ModuleGraph({ visit, flows }: GraphProps) {
  const w = visit.words(catalogWords);
  const modules = [...new Set(flows.map(({ from }) => from))];
  const consumers = [...new Set(flows.map(({ to }) => to))];
  const rows = Math.max(modules.length, consumers.length);
  const height = rows * rowHeight + 8;
  const place = (names: readonly string[], name: string) => {
    const gap = (rows * rowHeight) / names.length;
    return 4 + gap * (names.indexOf(name) + 0.5);
  };
  const { number } = visit.format;
  return (
    <>
      <section class="scroll graph" aria-label={w.graph} tabindex={0}>
        <svg
          viewBox={`0 0 ${width} ${height}`}
          width={width}
          height={height}
          role="img"
          aria-label={w.graphSummary(number(modules.length), number(consumers.length))}
        >
          {flows.map(({ from, to, types }) => {
            const [start, end] = [place(modules, from), place(consumers, to)];
            const middle = (left + right) / 2;
            return (
              <path
                class={`line c${(modules.indexOf(from) % 4) + 1} w${Math.min(3, Math.ceil(types.length / 4))}`}
                d={`M${left} ${start}C${middle} ${start} ${middle} ${end} ${right} ${end}`}
              >
                <title>{`${from} → ${to}: ${types.join(", ")}`}</title>
              </path>
            );
          })}
          {modules.map((name) => (
            <text x={left - 10} y={place(modules, name) + 4} text-anchor="end">
              {name}
            </text>
          ))}
          {consumers.map((name) => (
            <text x={right + 10} y={place(consumers, name) + 4}>
              {name}
            </text>
          ))}
        </svg>
      </section>
      <details>
        <summary>{w.graphText}</summary>
        <Table
          label={w.graph}
          columns={[
            { name: w.module },
            { name: w.consumers },
            { name: w.number, kind: "number" },
            { name: w.event, kind: "wide" },
          ]}
        >
          {flows.map(({ from, to, types }) => (
            <tr>
              <td>{from}</td>
              <td>{to}</td>
              <td class="number">{number(types.length)}</td>
              <td class="wide">{types.join(", ")}</td>
            </tr>
          ))}
        </Table>
      </details>
    </>
  );
}
