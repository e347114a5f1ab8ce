import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { mostItems } from "../open-object.ts";
import { count, fillMissing, id, isoTime, languageTag, openData, slug } from "./fields.ts";

/** The public catalogue entries of courses. All events of one entry share the key, so they stay in order. */

const module = "course_distribution";
const distributionId = z.string().regex(/^dist_[0-9a-f]{16}$/);
const title = z.string().min(10).max(200);
const visibility = z.enum(["public", "unlisted", "private"]);
const version = z.string().regex(/^v\d{1,9}$/);
const targetGroup = z.array(z.string().min(1).max(100)).max(mostItems);
const byDistribution = (payload: { distribution_id: string }) => payload.distribution_id;

export const distributionCreated = defineEvent("distribution.created", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A catalogue entry is stored; it is private at first",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId,
    course_id: id,
    slug,
    language: languageTag,
    title,
    target_group: targetGroup,
    visibility,
    version,
    /** The parent entry of a micro-niche variant, else null. */
    derived_from: distributionId.nullable(),
    created_at: isoTime,
  }),
  consumers: ["course_factory", "analytics", "audit"],
});

export const distributionUpdated = defineEvent("distribution.updated", {
  version: 1,
  module,
  criticality: "INFO",
  when: "At least one known field of an entry changed",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId,
    updated_fields: z.array(z.string().min(1).max(100)).min(1).max(mostItems),
    old_values: openData,
    new_values: openData,
    updated_at: isoTime,
  }),
  consumers: ["cache invalidation", "audit"],
});

export const distributionDeleted = defineEvent("distribution.deleted", {
  version: 1,
  module,
  criticality: "INFO",
  when: "An entry is removed",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId,
    slug,
    course_id: id,
    deleted_at: isoTime,
    deleted_by: id.nullable(),
  }),
  legacy: (payload) => fillMissing(payload, { deleted_by: null }),
  consumers: ["cache invalidation", "SEO indexer", "analytics"],
});

export const distributionPublished = defineEvent("distribution.published", {
  version: 1,
  module,
  criticality: "CRITICAL",
  when: "An entry became public",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId,
    slug,
    course_id: id,
    title,
    language: languageTag,
    target_group: targetGroup,
    seo: z.strictObject({
      meta_title: z.string().max(200),
      meta_description: z.string().max(500),
      meta_keywords: z.array(z.string().max(100)).max(mostItems),
    }),
    visibility: visibility.optional(),
    published_at: isoTime.nullable(),
  }),
  consumers: ["SEO indexer", "marketing", "notification", "analytics"],
});

export const distributionUnpublished = defineEvent("distribution.unpublished", {
  version: 1,
  module,
  criticality: "INFO",
  when: "An entry became private again",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId,
    slug,
    unpublished_at: isoTime,
    reason: z.string().max(500).nullable(),
  }),
  legacy: (payload) => fillMissing(payload, { reason: null }),
  consumers: ["SEO indexer", "cache invalidation"],
});

export const distributionViewed = defineEvent("distribution.viewed", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A public entry was read; holds no user, IP address or session",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId,
    slug,
    /** After the increment. */
    view_count: count,
    viewed_at: isoTime,
    /** E.g. `organic_search`. Null when it is not known, or when the event tells of several views. */
    referrer_category: z.string().max(100).nullable(),
    /** How many views this event tells of, the last of which has the number `view_count`. Left out: one. */
    views: count.min(1).optional(),
  }),
  legacy: (payload) => fillMissing(payload, { referrer_category: null }),
  consumers: ["analytics", "recommendations"],
});

export const distributionEnrollmentClicked = defineEvent("distribution.enrollment_clicked", {
  version: 1,
  module,
  criticality: "INFO",
  when: "The call to action of an entry was clicked",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId,
    slug,
    /** After the increment. */
    enrollment_count: count,
    clicked_at: isoTime,
    cta_type: z.string().min(1).max(100),
    /** How many clicks this event tells of, the last of which has the number `enrollment_count`. Left out: one. */
    clicks: count.min(1).optional(),
  }),
  consumers: ["analytics"],
});

export const distributionMicroNicheCreated = defineEvent("distribution.micro_niche_created", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A variant was derived, after its own distribution.created",
  key: (payload) => payload.child_distribution_id,
  payload: z.strictObject({
    child_distribution_id: distributionId,
    parent_distribution_id: distributionId,
    parent_slug: slug,
    child_slug: slug,
    target_group_override: targetGroup,
    title_override: z.string().max(200),
    created_at: isoTime,
  }),
  consumers: ["analytics"],
});

export const distributionVersionBumped = defineEvent("distribution.version_bumped", {
  version: 1,
  module,
  criticality: "INFO",
  when: "The version of an entry was raised",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId,
    slug,
    old_version: z.string().min(1).max(20),
    new_version: version,
    bumped_at: isoTime,
    changelog: z.string().max(2000).nullable(),
  }),
  legacy: (payload) => fillMissing(payload, { changelog: null }),
  consumers: ["changelog", "notification"],
});
