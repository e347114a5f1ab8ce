import * as z from "zod";
import { tenantIdText } from "../../../http/kit/tenant-id.ts";
import { accessRule } from "../../access-rule.ts";
import { readTone, tones } from "./tone.ts";

/** Text of a course is shown to people and stored in jsonb: control characters and lone surrogates have no place in it. */
const controlCharacters = /[^\P{Cc}\t\n\r]/u;

export const isStorableText = (value: string) => !controlCharacters.test(value) && value.isWellFormed();
export const storableText = "expected text without control characters and unpaired surrogates";

/** Text of so many UTF-16 units. */
export const text = (min: number, max: number) =>
  z.string().min(min).max(max).refine(isStorableText, storableText);

/** UTF-16 units of a line before its blanks become one each. */
const maxRawLine = 2_000;

/** A title is one line; line breaks and runs of blanks become one blank. */
const oneLine = z
  .string()
  .max(maxRawLine)
  .transform((value) => value.replace(/\s+/g, " ").trim());

export const languages = ["de", "en", "fr", "es"] as const;
export type Language = (typeof languages)[number];

export const audiences = [
  "private_individuals",
  "employees",
  "career_starters",
  "sme_entrepreneurs",
  "retirees",
  "self_employed",
  "students",
  "parents",
  "migrants_expats",
] as const;
export type Audience = (typeof audiences)[number];

/** A host name as used in `https://{host}`: labels of letters, digits and hyphens. */
const hostName = z
  .string()
  .max(253)
  .regex(
    /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/,
    "expected a host name in lower case without scheme, port and path, e.g. courses.example.org",
  );

/** Body of POST /generate and POST /dry-run. Unknown fields are refused. */
export const generationRequest = z.strictObject({
  tenant_id: tenantIdText,
  title: oneLine.pipe(text(10, 200)),
  description: z.string().trim().max(2000).pipe(text(1, 2000)),
  language: z.enum(languages),
  target_audiences: z
    .array(z.enum(audiences))
    .min(1)
    .max(audiences.length)
    .refine((list) => new Set(list).size === list.length, "expected each audience once"),
  full_lessons_count: z.int().min(1).max(10).default(3),
  generate_quiz: z.boolean().default(true),
  generate_landing_page: z.boolean().default(true),
  deploy_to_staging: z.boolean().default(false),
  staging_domain: hostName.optional(),
  /** Who may learn the course; left out: everybody. */
  access: accessRule.optional(),
  dry_run: z.boolean().default(true),
});
export type GenerationRequest = z.infer<typeof generationRequest>;

const tone = z.preprocess(readTone, z.enum(tones));

export const courseMetadata = z.strictObject({
  course_id: z.uuid(),
  title: text(10, 200),
  description: text(1, 2000),
  language: z.enum(languages),
  target_audiences: z.array(z.enum(audiences)).min(1).max(audiences.length),
  full_lessons_count: z.int().min(1).max(10),
  tone: tone.default("sachlich"),
  avoid_ideology: z.boolean().default(true),
  avoid_product_sales: z.boolean().default(true),
  version: z.string().min(1).max(20).default("1.0.0"),
  created_at: z.iso.datetime().max(40),
  updated_at: z.iso.datetime().max(40),
});

const objectives = z.array(text(1, 300)).max(5);

export const lesson = z.strictObject({
  lesson_id: z.uuid(),
  module_id: z.uuid().optional(),
  title: text(1, 200),
  description: text(1, 1000),
  learning_objectives: objectives,
  estimated_duration_minutes: z.int().min(5).max(120),
  status: z.enum(["full", "placeholder", "todo"]).default("todo"),
  content_markdown: text(1, 10_000).optional(),
  content_outline: z.array(text(1, 300)).max(20).optional(),
  examples: z.array(text(1, 1000)).max(5).default([]),
  exercises: z.array(text(1, 1000)).max(3).default([]),
  keywords: z.array(text(1, 100)).max(10).default([]),
  order_index: z.int().min(0),
});
export type Lesson = z.infer<typeof lesson>;

const courseModule = z.strictObject({
  module_id: z.uuid(),
  title: text(1, 200),
  description: text(1, 1000),
  learning_objectives: objectives,
  lessons: z.array(lesson).min(3).max(5),
  order_index: z.int().min(0),
  estimated_total_duration_minutes: z.int().min(15).max(600),
});
export type CourseModule = z.infer<typeof courseModule>;

/** Sums and counts must agree with the lessons, so that a consumer can trust them. */
export const outline = z
  .strictObject({
    metadata: courseMetadata,
    modules: z.array(courseModule).min(4).max(6),
    total_lessons: z.int().min(12).max(30),
    total_estimated_duration_minutes: z.int().min(60).max(3600),
  })
  .refine((course) => course.total_lessons === course.modules.flatMap((part) => part.lessons).length, {
    path: ["total_lessons"],
    message: "expected the number of lessons in all modules",
  });
export type Outline = z.infer<typeof outline>;

/** Words as a reader counts them: runs between white space that hold a letter or a digit. */
export function countWords(markdown: string): number {
  return markdown.split(/\s+/).filter((token) => /[\p{L}\p{N}]/u.test(token)).length;
}

/** Text of a full lesson. `word_count` is counted again here and must be true. */
export const lessonContent = z
  .strictObject({
    lesson_id: z.uuid(),
    content_markdown: text(500, 10_000),
    word_count: z.int().min(300),
    generated_at: z.iso.datetime(),
  })
  .refine((content) => content.word_count === countWords(content.content_markdown), {
    path: ["word_count"],
    message: "expected the number of words in content_markdown",
  });
export type LessonContent = z.infer<typeof lessonContent>;

export const answers = ["a", "b", "c", "d"] as const;
export type Answer = (typeof answers)[number];

export const question = z
  .strictObject({
    question_id: z.uuid(),
    question_text: text(10, 500),
    option_a: text(1, 200),
    option_b: text(1, 200),
    option_c: text(1, 200),
    option_d: text(1, 200),
    correct_answer: z.enum(answers),
    explanation: text(10, 500),
    difficulty: z.enum(["easy", "medium", "hard"]).default("medium"),
    module_reference: text(1, 200).optional(),
  })
  .refine((item) => new Set([item.option_a, item.option_b, item.option_c, item.option_d]).size === 4, {
    path: ["option_d"],
    message: "expected four different options",
  });
export type Question = z.infer<typeof question>;

export const quiz = z.strictObject({
  quiz_id: z.uuid(),
  title: text(1, 300),
  description: text(1, 1000),
  questions: z.array(question).min(10).max(15),
  passing_score_percentage: z.int().min(50).max(100).default(70),
  time_limit_minutes: z.int().min(10).max(120).optional(),
});
export type Quiz = z.infer<typeof quiz>;

const landingSection = z.strictObject({
  kind: z.enum([
    "hero",
    "value_proposition",
    "for_whom",
    "not_for_whom",
    "course_structure",
    "features",
    "pricing",
    "disclaimer",
  ]),
  title: text(1, 200),
  order_index: z.int().min(0),
});

export const landingPage = z.strictObject({
  landing_page_id: z.uuid(),
  sections: z.array(landingSection).max(20),
  hero_title: text(10, 200),
  hero_subtitle: text(10, 500),
  hero_cta_text: text(1, 100),
  value_proposition: text(50, 1000),
  for_whom_title: text(1, 200),
  for_whom_points: z.array(text(1, 300)).min(3).max(5),
  not_for_whom_title: text(1, 200),
  not_for_whom_points: z.array(text(1, 300)).min(2).max(4),
  course_structure_title: text(1, 200),
  features: z.array(text(1, 300)).max(6),
  disclaimer: text(1, 1000),
});
export type LandingPage = z.infer<typeof landingPage>;

/** Answer of POST /generate. Absent keys were not asked for or, for `staging_url`, do not exist yet. */
export interface GenerationResult {
  readonly success: boolean;
  readonly course_id: string;
  readonly outline?: Outline;
  readonly quiz?: Quiz;
  readonly landing_page?: LandingPage;
  readonly deployed: boolean;
  readonly staging_url: string | null;
  /** Opaque reference to the stored artifacts, never a file system path; null for a dry run. */
  readonly evidence_pack_path: string | null;
  readonly total_modules: number;
  readonly total_lessons: number;
  /** Lessons that got their text; 0 for a dry run. */
  readonly full_lessons_generated: number;
  readonly quiz_questions_count: number;
  readonly generated_at: string;
  readonly execution_time_seconds: number;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
}
