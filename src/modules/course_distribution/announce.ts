import type { Publish } from "@brain/engine";
import {
  distributionCreated,
  distributionEnrollmentClicked,
  distributionPublished,
  distributionUnpublished,
  distributionUpdated,
  distributionViewed,
  redactJson,
} from "@brain/schemas";
import type { Distribution } from "./model.ts";
import type { Changes } from "./state.ts";
import type { ReferrerCategory } from "./visit.ts";

/** The events that more than one action publishes. */

/** Producer of all events of this module. */
export const source = "course_distribution";

/** The entry's tenant goes on its events; an entry without one leaves the tenant that the context knows. */
export function ofTenant(row: Distribution): { readonly tenant_id?: string } {
  return row.tenantId === null ? {} : { tenant_id: row.tenantId };
}

/** Records `distribution.created` of an entry that was stored in the same transaction. */
export async function publishCreated(publish: Publish, row: Distribution): Promise<void> {
  await publish(
    distributionCreated,
    {
      distribution_id: row.distributionId,
      course_id: row.courseId,
      slug: row.slug,
      language: row.language,
      title: row.title,
      target_group: row.targetGroup,
      visibility: row.visibility,
      version: row.version,
      derived_from: row.derivedFrom,
      created_at: row.createdAt.toISOString(),
    },
    ofTenant(row),
  );
}

/** Records `distribution.published` of an entry as it is now. */
export async function publishPublished(publish: Publish, row: Distribution): Promise<void> {
  await publish(
    distributionPublished,
    {
      distribution_id: row.distributionId,
      slug: row.slug,
      course_id: row.courseId,
      title: row.title,
      language: row.language,
      target_group: row.targetGroup,
      seo: {
        meta_title: row.seo.meta_title,
        meta_description: row.seo.meta_description,
        meta_keywords: row.seo.keywords,
      },
      visibility: row.visibility,
      published_at: row.publishedAt?.toISOString() ?? null,
    },
    ofTenant(row),
  );
}

/** Records `distribution.unpublished`. @param reason in the words of who did it; null: they gave none */
export async function publishUnpublished(
  publish: Publish,
  row: Distribution,
  now: Date,
  reason: string | null,
): Promise<void> {
  await publish(
    distributionUnpublished,
    {
      distribution_id: row.distributionId,
      slug: row.slug,
      unpublished_at: now.toISOString(),
      reason,
      visibility: row.visibility === "unlisted" ? "unlisted" : "private",
    },
    ofTenant(row),
  );
}

/** Records `distribution.updated` with the values before and after. */
export async function publishUpdated(
  publish: Publish,
  row: Distribution,
  changes: Changes,
  now: Date,
): Promise<void> {
  await publish(
    distributionUpdated,
    {
      distribution_id: row.distributionId,
      updated_fields: [...changes.updatedFields],
      // A public course page may show a contact address; the event that tells of the change must not carry it.
      old_values: redactJson(changes.oldValues),
      new_values: redactJson(changes.newValues),
      updated_at: now.toISOString(),
    },
    ofTenant(row),
  );
}

/**
 * Records `distribution.viewed` with the count that this view reached. `referrer` null means not known.
 *
 * @param views how many it tells of; left out: one
 */
export async function publishViewed(
  publish: Publish,
  row: Distribution,
  now: Date,
  referrer: ReferrerCategory | null,
  views?: number,
): Promise<void> {
  await publish(
    distributionViewed,
    {
      distribution_id: row.distributionId,
      slug: row.slug,
      view_count: row.viewCount,
      viewed_at: now.toISOString(),
      referrer_category: referrer,
      ...(views === undefined ? {} : { views }),
    },
    ofTenant(row),
  );
}

/** Records `distribution.enrollment_clicked` with the count that this click reached. */
export async function publishClicked(
  publish: Publish,
  row: Distribution,
  now: Date,
  clicks?: number,
): Promise<void> {
  await publish(
    distributionEnrollmentClicked,
    {
      distribution_id: row.distributionId,
      slug: row.slug,
      enrollment_count: row.enrollmentCount,
      clicked_at: now.toISOString(),
      cta_type: "primary_button",
      ...(clicks === undefined ? {} : { clicks }),
    },
    ofTenant(row),
  );
}
