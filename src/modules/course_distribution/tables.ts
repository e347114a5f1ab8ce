import { tenantRows, tenantRowsAndShared } from "@brain/engine";
import { sql } from "drizzle-orm";
import {
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  unique,
  uniqueIndex,
  varchar,
} from "drizzle-orm/pg-core";
import type { AccessRule } from "../access-rule.ts";
import { instant } from "../columns.ts";

/** Texts that search engines and social networks show. */
export interface Seo {
  /** 10–60 characters. */
  readonly meta_title: string;
  /** 50–160 characters. */
  readonly meta_description: string;
  /** At most 10. */
  readonly keywords: string[];
  readonly og_image_url: string | null;
  /** Language tag to the absolute URL of the same course in that language. */
  readonly hreflang_alternates: Record<string, string>;
}

type CtaAction = "open_course" | "download_outline" | "contact" | "custom";

/** Call to action: the one button of the course page. */
export interface Cta {
  /** 5–50 characters. */
  readonly label: string;
  readonly action: CtaAction;
  /** Where the button leads; null means that the page only thanks. */
  readonly url: string | null;
}

export type Visibility = "public" | "unlisted" | "private";

/** What a micro-niche variant changes in the course of its parent. */
export interface DerivedContent {
  readonly title_override: string | null;
  readonly description_override: string | null;
  readonly target_group_override: string[] | null;
  /** Id of an example to the text that stands in for it. */
  readonly example_replacements: Record<string, string>;
  /** Modules that the variant keeps; null keeps all. */
  readonly module_filters: string[] | null;
  readonly additional_context: string | null;
}

/** Names of the unique indexes, by which a violated one is told from another. */
export const uniqueSlug = "course_distributions_slug_key";
export const uniqueBaseCourse = "course_distributions_base_course_key";

/** One row is one catalogue entry: a course as the public sees it, or a variant of it for a narrower audience. */
export const courseDistributions = pgTable(
  "course_distributions",
  {
    /** `dist_` and 16 hex digits. */
    distributionId: varchar("distribution_id", { length: 21 }).primaryKey(),
    courseId: varchar("course_id", { length: 100 }).notNull(),
    /** Tenant of the course; null when an operator created the entry by hand. */
    tenantId: varchar("tenant_id", { length: 100 }),
    slug: varchar("slug", { length: 100 }).notNull(),
    /** `xx` or `xx-YY`. */
    language: varchar("language", { length: 5 }).notNull(),
    title: varchar("title", { length: 200 }).notNull(),
    description: varchar("description", { length: 1000 }).notNull(),
    targetGroup: text("target_group").array().notNull(),
    version: varchar("version", { length: 20 }).notNull().default("v1"),
    /** Distribution id of the parent; null for the entry of the course itself. Outlives the parent, so no foreign key. */
    derivedFrom: varchar("derived_from", { length: 21 }),
    /** Null for the entry of the course itself. */
    derivedContent: jsonb("derived_content").$type<DerivedContent>(),
    seo: jsonb("seo").$type<Seo>().notNull(),
    cta: jsonb("cta").$type<Cta>().notNull(),
    visibility: varchar("visibility", { length: 8 }).$type<Visibility>().notNull().default("private"),
    /** When it was last published; kept when it is unpublished. */
    publishedAt: instant("published_at"),
    stagingUrl: text("staging_url"),
    stagingDeployedAt: instant("staging_deployed_at"),
    createdAt: instant("created_at").notNull(),
    updatedAt: instant("updated_at").notNull(),
    viewCount: integer("view_count").notNull().default(0),
    enrollmentCount: integer("enrollment_count").notNull().default(0),
    /** The minute in which views and clicks were counted last, and how many were in it. */
    countedMinute: instant("counted_minute"),
    countedInMinute: integer("counted_in_minute").notNull().default(0),
    /** Counted, but told by no event yet. */
    untoldViews: integer("untold_views").notNull().default(0),
    untoldClicks: integer("untold_clicks").notNull().default(0),
  },
  (table) => [
    ...tenantRows(),
    uniqueIndex(uniqueSlug).on(table.slug),
    uniqueIndex(uniqueBaseCourse)
      .on(table.courseId, sql`coalesce(tenant_id, '')`)
      .where(sql`derived_from IS NULL`),
    index("course_distributions_tenant_idx")
      .on(table.tenantId, table.createdAt)
      .where(sql`tenant_id IS NOT NULL`),
    index("course_distributions_course_idx").on(table.courseId),
    index("course_distributions_parent_idx").on(table.derivedFrom).where(sql`derived_from IS NOT NULL`),
    // The two orders in which the public list is read; private and unlisted rows are not in them.
    index("course_distributions_listed_idx")
      .on(table.publishedAt.desc(), table.distributionId)
      .where(sql`visibility = 'public'`),
    index("course_distributions_listed_language_idx")
      .on(table.language, table.publishedAt.desc(), table.distributionId)
      .where(sql`visibility = 'public'`),
    check("course_distributions_id_check", sql`distribution_id ~ '^dist_[0-9a-f]{16}$'`),
    check(
      "course_distributions_slug_check",
      sql`slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' AND char_length(slug) >= 5`,
    ),
    check("course_distributions_language_check", sql`language ~ '^[a-z]{2}(-[A-Z]{2})?$'`),
    check("course_distributions_title_check", sql`char_length(title) >= 10`),
    check("course_distributions_description_check", sql`char_length(description) >= 50`),
    check("course_distributions_visibility_check", sql`visibility IN ('public', 'unlisted', 'private')`),
    check("course_distributions_published_check", sql`visibility <> 'public' OR published_at IS NOT NULL`),
    index("course_distributions_untold_idx")
      .on(table.distributionId)
      .where(sql`untold_views > 0 OR untold_clicks > 0`),
    check("course_distributions_counts_check", sql`view_count >= 0 AND enrollment_count >= 0`),
  ],
);

/*
 * Whoever publishes events chooses the ids of courses in them, so an id alone says nothing of whose the course is: what
 * is told of one is kept by tenant and id. Until the releases up to 0032_approvals_end are gone, which know one row an
 * id, the column `course_id` has the id in the row of who told of it first; a trigger sees to both.
 */
const ofCourse = () => ({
  courseId: varchar("course", { length: 255 }).notNull(),
  /** The id, in the row of who told of it first; null in others. */
  firstOfId: varchar("course_id", { length: 255 }),
  /** Whose the course is, as its event told; null: it did not say. */
  tenantId: varchar("tenant_id", { length: 100 }),
});

/** What the events of the course factory tell of a course as a whole, whatever entries it has. */
export const courseDistributionCourses = pgTable(
  "course_distribution_courses",
  {
    ...ofCourse(),
    /** Who may learn it; null: nothing was told, so everybody. */
    access: jsonb("access").$type<AccessRule>(),
    /** When the rule was told; null: never. */
    accessToldAt: instant("access_told_at"),
    /** How far its authors are; a finished course begins as `draft`. */
    workflowState: varchar("workflow_state", { length: 20 }).notNull().default("draft"),
    /** When the state was told; null: never. */
    workflowToldAt: instant("workflow_told_at"),
  },
  (table) => [
    ...tenantRowsAndShared(),
    unique("course_distribution_courses_key").on(table.courseId, table.tenantId).nullsNotDistinct(),
    unique("course_distribution_courses_first_key").on(table.firstOfId),
  ],
);

/** What an event tells of a module of a course. */
export interface AnnouncedModule {
  readonly module_id: string;
  readonly title: string;
  readonly lessons_count: number;
  readonly duration_minutes: number;
  readonly lessons: readonly {
    readonly lesson_id: string;
    readonly title: string;
    readonly duration_minutes: number;
  }[];
}

/** What the events of the course factory tell of a course's structure. */
export const courseDistributionOutlines = pgTable(
  "course_distribution_outlines",
  {
    ...ofCourse(),
    modulesCount: integer("modules_count").notNull(),
    totalLessons: integer("total_lessons").notNull(),
    /** Null when the event told the counts alone. */
    modules: jsonb("modules").$type<AnnouncedModule[]>(),
    totalDurationMinutes: integer("total_duration_minutes"),
    updatedAt: instant("updated_at").notNull(),
  },
  (table) => [
    ...tenantRows(),
    unique("course_distribution_outlines_key").on(table.courseId, table.tenantId).nullsNotDistinct(),
    unique("course_distribution_outlines_first_key").on(table.firstOfId),
  ],
);

/** Every lesson that the course factory announced as written. */
export const courseDistributionLessons = pgTable(
  "course_distribution_lessons",
  {
    courseId: varchar("course_id", { length: 255 }).notNull(),
    lessonId: varchar("lesson_id", { length: 255 }).notNull(),
    /** Whose the course is, as its event told; null: it did not say. */
    tenantId: varchar("tenant_id", { length: 100 }),
    /** Null when the event did not say. */
    moduleId: varchar("module_id", { length: 255 }),
    lessonTitle: varchar("lesson_title", { length: 200 }).notNull(),
    /** Place in the course, from 1. */
    lessonIndex: integer("lesson_index").notNull(),
  },
  (table) => [
    ...tenantRows(),
    unique("course_distribution_lessons_key")
      .on(table.courseId, table.lessonId, table.tenantId)
      .nullsNotDistinct(),
  ],
);
