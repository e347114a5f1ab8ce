import { atMostMembers } from "@brain/schemas";
import * as z from "zod";
import { reasonText, withoutFindings } from "../../http/kit/free-text.ts";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import { type AccessRule, openAccess } from "../access-rule.ts";
import { isoOrNull } from "../iso-or-null.ts";
import { timeCursor } from "../time-cursor.ts";
import { codePoints } from "./seo.ts";
import { slugMaxLength, slugMinLength, slugPattern } from "./slug.ts";
import type { Cta, courseDistributions, DerivedContent, Seo } from "./tables.ts";

/** A stored catalogue entry. */
export type Distribution = typeof courseDistributions.$inferSelect;

/** An entry with what is shown beside it. */
export interface ServedDistribution {
  readonly row: Distribution;
  /** Null when it has no parent or the parent is not public. */
  readonly parentSlug: string | null;
  /** Who may learn the course; null: nothing was told of it, so everybody. */
  readonly access: AccessRule | null;
}

export const distributionIdPattern = /^dist_[0-9a-f]{16}$/;

/**
 * Text that Postgres can store: no control characters but line breaks and tabs, no half of a surrogate pair. The upper
 * bound counts UTF-16 units and the lower one code points, so that the database's own bounds hold for both.
 */
function text(min: number, max: number) {
  return z
    .string()
    .trim()
    .max(max)
    .refine((value) => codePoints(value) >= min, { error: `Too small: expected at least ${min} characters` })
    .refine((value) => value.isWellFormed() && !/[^\P{Cc}\n\r\t]/u.test(value), {
      error: "Control characters and halves of surrogate pairs cannot be stored; remove them",
    });
}

const slug = z
  .string()
  .min(slugMinLength)
  .max(slugMaxLength)
  .regex(slugPattern, { error: "Expected lower-case letters and digits in words joined by single hyphens" });
const language = z
  .string()
  .regex(/^[a-z]{2}(-[A-Z]{2})?$/, { error: "Expected a language tag like `de` or `de-AT`" });
const webUrl = z.url({ protocol: /^https?$/, error: "Expected an absolute http or https URL" }).max(2048);
const targetGroup = z.array(text(1, 100)).max(20);
const title = text(10, 200);
const description = text(50, 1000);

const seo = z.strictObject({
  meta_title: text(10, 60),
  meta_description: text(50, 160),
  keywords: z.array(text(1, 100)).max(10).default([]),
  og_image_url: webUrl.nullable().default(null),
  hreflang_alternates: z
    .record(z.string().regex(/^([a-z]{2}(-[A-Z]{2})?|x-default)$/), webUrl)
    .refine(...atMostMembers(50))
    .default({}),
}) satisfies z.ZodType<Seo>;

const cta = z.strictObject({
  label: text(5, 50),
  action: z.enum(["open_course", "download_outline", "contact", "custom"]),
  url: webUrl.nullable().default(null),
}) satisfies z.ZodType<Cta>;

const derivedContent = z.strictObject({
  title_override: title.nullable().default(null),
  description_override: description.nullable().default(null),
  target_group_override: targetGroup.nullable().default(null),
  example_replacements: z
    .record(text(1, 100), text(0, 2000))
    .refine(...atMostMembers(100))
    .default({}),
  module_filters: z.array(text(1, 100)).max(100).nullable().default(null),
  additional_context: text(0, 5000).nullable().default(null),
}) satisfies z.ZodType<DerivedContent>;

export const createRequest = z.strictObject({
  course_id: text(1, 100),
  /** Left out or null: that of the credential, or none. */
  tenant_id: tenantIdText.nullish(),
  slug,
  language,
  title,
  description,
  target_group: targetGroup,
  seo,
  cta,
  version: z
    .string()
    .regex(/^v\d{1,6}$/, { error: "Expected `v` and a number, like `v1`" })
    .default("v1"),
});
export type CreateRequest = z.output<typeof createRequest>;

const becomesHidden = ["private", "unlisted"];

/**
 * A field that is left out stays as it is. `version` is raised by the version bump, staging by its event. `reason` is no
 * field of the entry: it says why it leaves the catalogue.
 */
export const updateRequest = z
  .strictObject({
    slug: slug.optional(),
    language: language.optional(),
    title: title.optional(),
    description: description.optional(),
    target_group: targetGroup.optional(),
    seo: seo.optional(),
    cta: cta.optional(),
    visibility: z.enum(["public", "unlisted", "private"]).optional(),
    reason: reasonText(500, 1).nullish(),
  })
  .refine(({ reason, visibility = "" }) => reason == null || becomesHidden.includes(visibility), {
    path: ["reason"],
    message: "expected only beside visibility `private` or `unlisted`, whose event carries it",
  });
export type UpdateRequest = z.output<typeof updateRequest>;
/** What an update may change of an entry. */
export type EntryChange = Omit<UpdateRequest, "reason">;

/** Why an entry becomes private, for who reads the event; null or left out: not told. */
export const unpublishRequest = z.strictObject({ reason: reasonText(500, 1).nullable().default(null) });

/** What is new in a version, for who reads the event; null or left out: not told. */
export const versionBumpRequest = z.strictObject({
  changelog: withoutFindings(text(1, 2000)).nullable().default(null),
});

export const microNicheRequest = z.strictObject({
  /** The parent's *distribution* id; the name is that of the reference API. */
  parent_course_id: text(1, 100),
  /** Null or absent: the parent's slug and the audience. */
  new_slug: slug.nullish(),
  language: language.nullish(),
  derived_content: derivedContent.prefault({}),
  seo: seo.nullish(),
  cta: cta.nullish(),
  target_group: targetGroup.nullish(),
});
export type MicroNicheRequest = z.output<typeof microNicheRequest>;

const limit = z
  .string()
  .regex(/^\d{1,3}$/, { error: "Expected an integer from 1 to 100" })
  .transform(Number)
  .pipe(z.int().min(1).max(100));

export const listQuery = z.object({
  language: language.optional(),
  limit: limit.optional(),
  q: text(1, 200).optional(),
});
export type ListQuery = z.output<typeof listQuery>;

export const distributionsQuery = z.object({
  course_id: text(1, 100).optional(),
  tenant_id: tenantIdText.optional(),
  parent_id: z
    .string()
    .regex(distributionIdPattern, { error: "Expected `dist_` and 16 hex digits" })
    .optional(),
  limit: limit.optional(),
  cursor: timeCursor(/dist_[0-9a-f]{16}/).optional(),
});
export type DistributionsQuery = z.output<typeof distributionsQuery>;

/** An entry in the public list. */
export function listItem(row: Distribution) {
  return {
    slug: row.slug,
    language: row.language,
    title: row.title,
    description: row.description,
    target_group: row.targetGroup,
    version: row.version,
    view_count: row.viewCount,
    enrollment_count: row.enrollmentCount,
    published_at: isoOrNull(row.publishedAt),
  };
}

/** The public detail. `parentSlug` is null for an entry without a public parent. */
export function publicDetail({ row, parentSlug, access }: ServedDistribution) {
  return {
    ...listItem(row),
    derived_from_slug: parentSlug,
    access: access ?? openAccess,
    seo: row.seo,
    cta: row.cta,
    updated_at: row.updatedAt.toISOString(),
  };
}

/** Everything that an operator sees. */
export function operatorView(row: Distribution) {
  return {
    distribution_id: row.distributionId,
    course_id: row.courseId,
    ...listItem(row),
    derived_from: row.derivedFrom,
    derived_content: row.derivedContent,
    seo: row.seo,
    cta: row.cta,
    visibility: row.visibility,
    staging_url: row.stagingUrl,
    staging_deployed_at: isoOrNull(row.stagingDeployedAt),
    created_at: row.createdAt.toISOString(),
    updated_at: row.updatedAt.toISOString(),
  };
}
