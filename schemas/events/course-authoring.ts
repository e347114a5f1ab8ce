import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { mostItems } from "../open-object.ts";
import { count, id, isoTime, sha256, url } from "./fields.ts";

/** What authors do with a finished course: enhance its lessons and make its web page. Texts stay in the record. */

const module = "course_factory";
const byCourse = (payload: { course_id: string }) => payload.course_id;
const courseId = z.uuid();

export const courseEnhancementApplied = defineEvent("course.enhancement.applied", {
  version: 1,
  module,
  criticality: "INFO",
  when: "Enhanced texts of lessons were stored; not for a dry run",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    lesson_ids: z.array(z.uuid()).min(1).max(10),
    enhancement_types: z
      .array(z.enum(["examples", "summaries", "flashcards", "analogies"]))
      .min(1)
      .max(mostItems),
    /** SHA-256 over the unified diffs of these lessons. */
    diff_hash: sha256,
    flashcards_count: count,
    applied_at: isoTime,
  }),
  contentHashes: ["diff_hash"],
  consumers: ["analytics", "audit"],
});

export const courseThemeBound = defineEvent("course.theme.bound", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A theme was chosen for the web page of a course, or its colours changed",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    theme_id: id,
    /** True when the course has colours of its own. */
    has_custom_colors: z.boolean(),
    bound_at: isoTime,
  }),
  consumers: ["analytics", "audit"],
});

export const courseSectionBuilt = defineEvent("course.section.built", {
  version: 1,
  module,
  criticality: "INFO",
  when: "The sections of a course's web page were built anew",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    sections_count: count,
    lesson_previews_count: count,
    built_at: isoTime,
  }),
  consumers: ["analytics", "audit"],
});

export const courseSeoPackGenerated = defineEvent("course.seo_pack.generated", {
  version: 1,
  module,
  criticality: "INFO",
  when: "What search engines are told of a course was written anew",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    language: z.enum(["de", "en", "fr", "es"]),
    keywords_count: count,
    generated_at: isoTime,
  }),
  consumers: ["SEO indexer", "audit"],
});

export const coursePreviewCreated = defineEvent("course.preview.created", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A course got the address of a preview",
  key: byCourse,
  payload: z.strictObject({
    course_id: courseId,
    preview_url: url,
    course_version: z.int().min(1),
    created_at: isoTime,
  }),
  consumers: ["quality assurance", "audit"],
});
