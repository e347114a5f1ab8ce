import { ValidationError } from "@brain/engine";
import * as z from "zod";
import { plainText } from "../../http/kit/free-text.ts";
import { instant } from "../../http/kit/instant.ts";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import { metricNames } from "./metrics.ts";

/** What the routes take. */

const groupings = ["time", "language", "kind", "tenant"] as const;
export type Grouping = (typeof groupings)[number];

/** Words of a list that are separated by commas. */
function listOf<const Word extends string>(words: readonly Word[], max: number) {
  return z
    .string()
    .max(max)
    .transform((text) => text.split(",").filter((word) => word !== ""))
    .pipe(z.array(z.enum(words)).max(words.length));
}

const shared = {
  from: instant.optional(),
  to: instant.optional(),
  interval: z.enum(["hour", "day"]).default("day"),
  format: z.enum(["json", "csv"]).default("json"),
  tenant_id: tenantIdText.optional(),
};
const language = z
  .string()
  .max(3)
  .regex(/^[a-z]{2}$|^und$/, "expected a language of two letters, or und");
const grouped = (words: readonly Grouping[], byDefault: readonly Grouping[]) =>
  listOf(words, 100).default([...byDefault]);

export const metricsQuery = z.strictObject({
  ...shared,
  metric: listOf(metricNames, 2_000).optional(),
  language: language.optional(),
  group_by: grouped(groupings, ["time"]),
});

export const eventsQuery = z.strictObject({
  ...shared,
  /** `*` stands for any characters. */
  type: z
    .string()
    .max(100)
    .regex(/^[a-z0-9_.*]+$/, "expected a type of events, with * for any characters")
    .optional(),
  group_by: grouped(["time", "tenant"], []),
});

export const funnelQuery = z.strictObject({
  ...shared,
  language: language.optional(),
  group_by: grouped(["time", "language", "tenant"], []),
});

export const ratesQuery = funnelQuery.omit({ format: true });

export const courseQuery = z.strictObject({
  from: shared.from,
  to: shared.to,
  format: shared.format,
  tenant_id: shared.tenant_id,
  group_by: grouped(["time"], []),
});
export const courseParam = z.strictObject({ id: plainText(100) });

/** Hours or days that one answer may span. */
const mostBuckets = { hour: 1_000, day: 1_100 } as const;
const lengthMs = { hour: 3_600_000, day: 86_400_000 } as const;
/** What is answered when nobody says from when. */
const usual = { hour: 48, day: 30 } as const;

export interface Range {
  /** Beginning of an hour or a day. */
  readonly from: Date;
  /** The first moment that does not belong to it. */
  readonly to: Date;
}

/** Where the first year begins: Postgres has none before it, and JavaScript writes those with a sign. */
const firstMs = Date.parse("0001-01-01T00:00:00Z");
/** Where the last day begins that has a text in Postgres and in JavaScript: the hours of that day are nobody's. */
const lastMs = Date.UTC(9999, 11, 31);

/**
 * The hours or days that the range touches; all of each.
 *
 * @throws {ValidationError} it ends before it begins, or spans too many
 */
export function rangeOf(
  query: {
    readonly from?: Date | undefined;
    readonly to?: Date | undefined;
    readonly interval: "hour" | "day";
  },
  now: Date,
): Range {
  const { interval } = query;
  const length = lengthMs[interval];
  const to = Math.min(Math.ceil((query.to ?? now).getTime() / length) * length, lastMs);
  const from = Math.max(
    Math.floor((query.from?.getTime() ?? to - usual[interval] * length) / length) * length,
    firstMs,
  );
  const buckets = (to - from) / length;
  if (buckets <= 0 || buckets > mostBuckets[interval]) {
    throw new ValidationError("The range is not valid; see details.", {
      issues: [
        {
          path: "from",
          message: `expected 1 to ${mostBuckets[interval]} ${interval}s up to "to", received ${buckets}`,
        },
      ],
    });
  }
  return { from: new Date(from), to: new Date(to) };
}
