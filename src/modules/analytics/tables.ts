import { tenantRows } from "@brain/engine";
import { sql } from "drizzle-orm";
import { bigint, char, check, index, pgTable, primaryKey, varchar } from "drizzle-orm/pg-core";
import { instant } from "../columns.ts";

const total = (name: string) => bigint(name, { mode: "number" }).notNull();

/**
 * How often something happened in an hour or a day. There are rows of what happened alone; nothing in them is about a
 * person. Empty texts stand for "none", because they are a part of the key.
 */
export const analyticsCounts = pgTable(
  "analytics_counts",
  {
    /** Empty: the event had no tenant. */
    tenantId: varchar("tenant_id", { length: 100 }).notNull(),
    metric: varchar("metric", { length: 60 }).notNull(),
    /** `h` an hour, `d` a day. */
    grain: char("grain", { length: 1 }).$type<"h" | "d">().notNull(),
    /** Of one course, in days alone; empty: of everything that the tenant has. */
    courseId: varchar("course_id", { length: 100 }).notNull(),
    /** When the hour or the day begins, UTC. */
    bucket: instant("bucket").notNull(),
    /** Two letters; `und` where it is not known, empty where it means nothing, and for a single course. */
    language: varchar("language", { length: 3 }).notNull(),
    /** Of what kind: a currency, a type of mission. Empty where the metric has no kinds. */
    kind: varchar("kind", { length: 100 }).notNull(),
    count: total("count"),
    /** Sum of what was measured, in the unit of the metric: milliseconds, smallest units of a currency. */
    total: total("total"),
    /** How many were at most as long as each bound of `durationBoundsMs`; null: nothing was timed. */
    histogram: bigint("histogram", { mode: "number" }).array(),
  },
  (table) => [
    primaryKey({
      name: "analytics_counts_pkey",
      columns: [
        table.tenantId,
        table.metric,
        table.grain,
        table.courseId,
        table.bucket,
        table.language,
        table.kind,
      ],
    }),
    index("analytics_counts_bucket_idx").on(table.grain, table.bucket, table.metric),
    check("analytics_counts_grain_check", sql`grain IN ('h', 'd')`),
    ...tenantRows(),
  ],
);

/** What events leave out, because an earlier one said it: the course of a catalogue entry, the language of a course. */
export const analyticsSubjects = pgTable(
  "analytics_subjects",
  {
    tenantId: varchar("tenant_id", { length: 100 }).notNull(),
    /** Of a course, or of a catalogue entry. */
    id: varchar("id", { length: 100 }).notNull(),
    courseId: varchar("course_id", { length: 100 }).notNull(),
    language: varchar("language", { length: 3 }).notNull(),
    /** Of an entry `base` or `variant`; empty: it is a course. */
    kind: varchar("kind", { length: 10 }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.id] }), ...tenantRows()],
);

/** The kinds that a metric whose kinds come from outside tells apart; all others are `other`. */
export const analyticsKinds = pgTable(
  "analytics_kinds",
  {
    tenantId: varchar("tenant_id", { length: 100 }).notNull(),
    metric: varchar("metric", { length: 60 }).notNull(),
    kind: varchar("kind", { length: 100 }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.tenantId, table.metric, table.kind] }), ...tenantRows()],
);
