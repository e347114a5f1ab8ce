import { tenantRowsThrough } from "@brain/engine";
import { sql } from "drizzle-orm";
import { check, integer, jsonb, pgTable, text, timestamp, unique, uuid } from "drizzle-orm/pg-core";
import { courses } from "../tables.ts";
import type { EnhancementType, Flashcard } from "./model.ts";

/** Enhanced texts of lessons. The lesson itself never changes; each version is made of it and replaces the one before. */
export const enhancements = pgTable(
  "course_factory_enhancements",
  {
    enhancementId: uuid("enhancement_id").primaryKey(),
    courseId: uuid("course_id")
      .notNull()
      .references(() => courses.courseId, { onDelete: "cascade" }),
    lessonId: uuid("lesson_id").notNull(),
    /** From 1, per lesson. */
    version: integer("version").notNull(),
    enhancementTypes: jsonb("enhancement_types").$type<EnhancementType[]>().notNull(),
    /** SHA-256 of the lesson's text that it was made of. */
    baseHash: text("base_hash").notNull(),
    /** SHA-256 of the unified diff from the lesson's text to this one. */
    diffHash: text("diff_hash").notNull(),
    /** SHA-256 of types, diff and flashcards: the same enhancement is not stored twice in a row. */
    fingerprint: text("fingerprint").notNull(),
    contentMarkdown: text("content_markdown").notNull(),
    flashcards: jsonb("flashcards").$type<Flashcard[]>().notNull(),
    generator: text("generator").notNull(),
    createdBy: text("created_by"),
    createdAt: timestamp("created_at", { withTimezone: true, mode: "string" }).notNull(),
  },
  (table) => [
    ...tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_enhancements"),
    unique("course_factory_enhancements_version").on(table.courseId, table.lessonId, table.version),
    check("course_factory_enhancements_counts", sql`${table.version} > 0`),
  ],
);
