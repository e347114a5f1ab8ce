import type { Envelope, EventDefinition, PayloadOf } from "@brain/schemas";
import { sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { withEntry } from "../db/stream-ids.ts";
import { type DetailsRow, detailColumns, type RecordedDetails, toDetails } from "../events/history.ts";
import { differences, show } from "./differences.ts";

/** An event as it was published, with the payload that its definition names. */
export type Published<D extends EventDefinition> = Envelope<PayloadOf<D>, D["type"]>;

/** Events of one test; who publishes more tests something else. */
const maxEvents = 10_000;

/** What was published, in the order of the record. */
export async function recordedEvents(db: Database): Promise<readonly RecordedDetails[]> {
  const rows = await db.rows<DetailsRow>(
    sql`SELECT ${detailColumns} FROM events e ${withEntry} ORDER BY e.position LIMIT ${maxEvents + 1}`,
  );
  if (rows.length > maxEvents) throw new Error(`The test has published more than ${maxEvents} events.`);
  return rows.map(toDetails);
}

/** Those of a type whose payload holds this part. */
export function matching(
  events: readonly RecordedDetails[],
  { type }: EventDefinition,
  part: object,
): readonly RecordedDetails[] {
  return events.filter(
    (event) => event.type === type && differences(event.payload, part, { mode: "part" }).length === 0,
  );
}

/** What was looked for, and what there was instead: those of the type with their differences, of all others the number. */
export function describeMissing(
  events: readonly RecordedDetails[],
  { type }: EventDefinition,
  part: object,
): string {
  const near = events.filter((event) => event.type === type);
  const looked = `No "${type}" was published${Object.keys(part).length === 0 ? "" : ` with ${show(part)}`}.`;
  if (near.length > 0) {
    const lines = near.map(({ id, payload }) => {
      const found = differences(payload, part, { mode: "part" }, "payload");
      return `  ${id} ${show(payload)}\n    ${found.join("\n    ")}`;
    });
    return `${looked} Of this type there ${near.length === 1 ? "is one" : `are ${near.length}`}:\n${lines.join("\n")}`;
  }
  return `${looked} ${describeCounts(events)}`;
}

/** `Published so far: order.placed × 2, stock.reserved × 1.` */
export function describeCounts(events: readonly RecordedDetails[]): string {
  const counts = [...Map.groupBy(events, ({ type }) => type)].map(([type, all]) => `${type} × ${all.length}`);
  return counts.length === 0 ? "Nothing was published." : `Published so far: ${counts.join(", ")}.`;
}
