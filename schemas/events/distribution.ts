import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { mostItems } from "../payloads/open-object.ts";
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
    distribution_id: distributionId.describe("The catalogue entry."),
    course_id: id.describe("The course."),
    slug: slug.describe("The entry's part of its public address."),
    language: languageTag.describe("Language of the entry."),
    title: title.describe("Title that the public sees."),
    target_group: targetGroup.describe("For whom the course is, as the entry says; empty: for everybody."),
    visibility: visibility.describe("Who can see the entry; a new one is private."),
    version: version.describe("Version of the entry."),
    derived_from: distributionId.nullable().describe("The parent entry of a micro-niche variant, else null."),
    created_at: isoTime.describe("When the entry was stored."),
  }),
  consumers: ["course_factory", "analytics"],
  outside: ["audit"],
});

export const distributionUpdated = defineEvent("distribution.updated", {
  version: 1,
  module,
  criticality: "INFO",
  when: "At least one known field of an entry changed",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId.describe("The catalogue entry."),
    updated_fields: z
      .array(z.string().min(1).max(100))
      .min(1)
      .max(mostItems)
      .describe("Names of the fields that changed."),
    old_values: openData.describe("These fields as they were."),
    new_values: openData.describe("These fields as they are now."),
    updated_at: isoTime.describe("When the entry changed."),
  }),
  outside: ["cache invalidation", "audit"],
});

export const distributionDeleted = defineEvent("distribution.deleted", {
  version: 1,
  module,
  criticality: "INFO",
  when: "An entry is removed",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId.describe("The catalogue entry."),
    slug: slug.describe("The entry's part of its public address."),
    course_id: id.describe("The course."),
    deleted_at: isoTime.describe("When the entry was removed."),
    deleted_by: id.nullable().describe("Who removed it; null: not known."),
  }),
  legacy: (payload) => fillMissing(payload, { deleted_by: null }),
  consumers: ["analytics"],
  outside: ["cache invalidation", "SEO indexer"],
});

export const distributionPublished = defineEvent("distribution.published", {
  version: 1,
  module,
  criticality: "CRITICAL",
  when: "An entry became public",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId.describe("The catalogue entry."),
    slug: slug.describe("The entry's part of its public address."),
    course_id: id.describe("The course."),
    title: title.describe("Title that the public sees."),
    language: languageTag.describe("Language of the entry."),
    target_group: targetGroup.describe("For whom the course is, as the entry says; empty: for everybody."),
    seo: z
      .strictObject({
        meta_title: z.string().max(200).describe("Title for search results."),
        meta_description: z.string().max(500).describe("Description for search results."),
        meta_keywords: z
          .array(z.string().max(100))
          .max(mostItems)
          .describe("Words that it is to be found by."),
      })
      .describe("What search engines are told of the entry."),
    visibility: visibility.optional().describe("Who can see the entry now; left out: the public."),
    published_at: isoTime.nullable().describe("When the entry became public this time; null: not recorded."),
  }),
  consumers: ["analytics"],
  outside: ["SEO indexer", "marketing", "notification"],
});

export const distributionUnpublished = defineEvent("distribution.unpublished", {
  version: 1,
  module,
  criticality: "INFO",
  when: "An entry left the public catalogue: it became private, or unlisted",
  consumers: ["analytics"],
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId.describe("The catalogue entry."),
    slug: slug.describe("The entry's part of its public address."),
    unpublished_at: isoTime.describe("When the entry left the catalogue."),
    reason: z.string().max(500).nullable().describe("Why, in the words of who did it; null: they gave none."),
    visibility: visibility
      .exclude(["public"])
      .optional()
      .describe("Who can see the entry now; left out: operators only, it is private."),
  }),
  legacy: (payload) => fillMissing(payload, { reason: null }),
  outside: ["SEO indexer", "cache invalidation"],
});

export const distributionViewed = defineEvent("distribution.viewed", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A public entry was read; holds no user, IP address or session",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId.describe("The catalogue entry."),
    slug: slug.describe("The entry's part of its public address."),
    view_count: count.describe("After the increment."),
    viewed_at: isoTime.describe("When it was read; of several views, the last."),
    referrer_category: z
      .string()
      .max(100)
      .nullable()
      .describe(
        "E.g. `organic_search`. Null when it is not known, or when the event tells of several views.",
      ),
    views: count
      .min(1)
      .optional()
      .describe(
        "How many views this event tells of, the last of which has the number `view_count`. Left out: one.",
      ),
  }),
  legacy: (payload) => fillMissing(payload, { referrer_category: null }),
  consumers: ["analytics"],
  outside: ["recommendations"],
});

export const distributionEnrollmentClicked = defineEvent("distribution.enrollment_clicked", {
  version: 1,
  module,
  criticality: "INFO",
  when: "The call to action of an entry was clicked",
  key: byDistribution,
  payload: z.strictObject({
    distribution_id: distributionId.describe("The catalogue entry."),
    slug: slug.describe("The entry's part of its public address."),
    enrollment_count: count.describe("After the increment."),
    clicked_at: isoTime.describe("When it was clicked; of several clicks, the last."),
    cta_type: z.string().min(1).max(100).describe("Which call to action it was, such as `primary_button`."),
    clicks: count
      .min(1)
      .optional()
      .describe(
        "How many clicks this event tells of, the last of which has the number `enrollment_count`. Left out: one.",
      ),
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
    child_distribution_id: distributionId.describe("The entry of the variant."),
    parent_distribution_id: distributionId.describe("The entry that it was derived from."),
    parent_slug: slug.describe("Public address of the parent, its own part."),
    child_slug: slug.describe("Public address of the variant, its own part."),
    target_group_override: targetGroup.describe("For whom the variant is."),
    title_override: z.string().max(200).describe("Title of the variant."),
    created_at: isoTime.describe("When the variant was stored."),
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
    distribution_id: distributionId.describe("The catalogue entry."),
    slug: slug.describe("The entry's part of its public address."),
    old_version: z.string().min(1).max(20).describe("Version before; older producers named them freely."),
    new_version: version.describe("Version now."),
    bumped_at: isoTime.describe("When the version was raised."),
    changelog: z
      .string()
      .max(2000)
      .nullable()
      .describe("What is new, in the words of who raised it; null: they gave none."),
  }),
  legacy: (payload) => fillMissing(payload, { changelog: null }),
  outside: ["changelog", "notification"],
});
