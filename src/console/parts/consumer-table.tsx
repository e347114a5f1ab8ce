import type { ConsumerLine } from "../../http/kit/answers/overview.ts";
import type { Visit } from "../page.ts";
import { consumerWords } from "../words/consumers.ts";
import { percentile } from "./over-time.tsx";
import { Table } from "./table.tsx";
import { Badge, Time } from "./text.tsx";

interface Props {
  readonly visit: Visit;
  readonly consumers: readonly ConsumerLine[];
}

/** All consumers, to compare. */
export function ConsumerTable({ visit, consumers }: Props) {
  const w = visit.words(consumerWords);
  const { number, duration } = visit.format;
  return (
    <Table
      label={w.title}
      columns={[
        { name: w.name },
        { name: w.state },
        { name: w.lag, kind: "number" },
        { name: w.pending, kind: "number" },
        { name: w.oldest, kind: "number" },
        { name: w.applied, kind: "number" },
        { name: w.retried, kind: "number" },
        { name: w.dead, kind: "number" },
        { name: w.p95, kind: "number" },
        { name: w.tick },
      ]}
    >
      {consumers.map((one) => (
        <tr>
          <th scope="row">
            <a href={visit.href(`/consumers/${encodeURIComponent(one.subscriber)}`)}>{one.subscriber}</a>
          </th>
          <td>
            <ConsumerState visit={visit} of={one} />
          </td>
          <td class="number">{one.lag === null ? "–" : number(one.lag)}</td>
          <td class="number">{one.pending === null ? "–" : number(one.pending + one.queued)}</td>
          <td class="number">{duration(one.oldest_age_ms)}</td>
          <td class="number">{one.in_window === null ? "–" : number(one.in_window.applied)}</td>
          <td class="number">{one.in_window === null ? "–" : number(one.in_window.retried)}</td>
          <td class="number">
            {one.dead_letters === 0 ? (
              "0"
            ) : (
              <a href={visit.href("/dead-letters", { subscriber: one.subscriber })}>
                {number(one.dead_letters)}
              </a>
            )}
          </td>
          <td class="number">{percentile(visit, one.critical_time, "p95_ms")}</td>
          <td>
            <Time visit={visit} at={one.last_tick_at} as="ago" />
          </td>
        </tr>
      ))}
    </Table>
  );
}

interface StateProps {
  readonly visit: Visit;
  readonly of: Pick<ConsumerLine, "paused" | "paused_types" | "open_brakes">;
}

export function ConsumerState({ visit, of }: StateProps) {
  const w = visit.words(consumerWords);
  const { paused, paused_types: types, open_brakes: brakes } = of;
  if (!paused && types.length === 0 && brakes === 0) return <Badge tone="good">{w.fine}</Badge>;
  return (
    <>
      {brakes > 0 ? <Badge tone="bad">{w.brake}</Badge> : null}{" "}
      {paused ? (
        <Badge tone="warn">{w.paused}</Badge>
      ) : types.length > 0 ? (
        <Badge tone="warn">{w.pausedTypes(visit.format.number(types.length))}</Badge>
      ) : null}
    </>
  );
}
