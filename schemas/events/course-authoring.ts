import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { mostItems } from "../payloads/open-object.ts";
import { count, id, isoTime, sha256, url } from "./fields.ts";

/** What authors do with a finished course: enhance its lessons and make its web page. Texts stay in the record. */

const module = "course_factory";
const byCourse = (payload: { course_id: string }) => payload.course_id;
const courseId = z.uuid();

export const courseEnhancementApplied = defineEvent("course.enhancement.applied", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "Enhanced texts of lessons were stored; not for a dry run",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    lesson_ids: z.array(z.uuid()).min(1).max(10).describe("The lessons that were enhanced."),
    enhancement_types: z
      .array(z.enum(["examples", "summaries", "flashcards", "analogies"]))
      .min(1)
      .max(mostItems)
      .describe("What was added to them."),
    diff_hash: sha256.describe("SHA-256 over the unified diffs of these lessons."),
    flashcards_count: count.describe("Flashcards that were added."),
    applied_at: isoTime.describe("When the enhancement was stored."),
  }),
  contentHashes: ["diff_hash"],
  consumers: ["analytics"],
  outside: ["audit"],
});

export const courseThemeBound = defineEvent("course.theme.bound", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "A theme was chosen for the web page of a course, or its colours changed",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    theme_id: id.describe("The theme."),
    has_custom_colors: z.boolean().describe("True when the course has colours of its own."),
    bound_at: isoTime.describe("When the theme was chosen or changed."),
  }),
  consumers: ["analytics"],
  outside: ["audit"],
});

export const courseSectionBuilt = defineEvent("course.section.built", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "The sections of a course's web page were built anew",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    sections_count: count.describe("Sections of the web page."),
    lesson_previews_count: count.describe("Lessons that the page shows a preview of."),
    built_at: isoTime.describe("When the sections were built."),
  }),
  consumers: ["analytics"],
  outside: ["audit"],
});

export const courseSeoPackGenerated = defineEvent("course.seo_pack.generated", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "What search engines are told of a course was written anew",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    language: z.enum(["de", "en", "fr", "es"]).describe("Language of the texts."),
    keywords_count: count.describe("Words that the course is to be found by."),
    generated_at: isoTime.describe("When it was written."),
  }),
  outside: ["SEO indexer", "audit"],
});

export const coursePreviewCreated = defineEvent("course.preview.created", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_factory_service"],
  when: "A course got the address of a preview",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId.describe("The course."),
    preview_url: url.describe("Address of the preview."),
    course_version: z.int().min(1).describe("Version of the course that it shows, from 1."),
    created_at: isoTime.describe("When the preview got its address."),
  }),
  outside: ["quality assurance", "audit"],
});
