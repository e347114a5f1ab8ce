import {
  BadRequestError,
  NotFoundError,
  type Publish,
  type Tx,
  ValidationError,
  violatedConstraint,
} from "@brain/engine";
import {
  distributionDeleted,
  distributionMicroNicheCreated,
  distributionVersionBumped,
} from "@brain/schemas";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { publishContext } from "../../http/kit/publish-context.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import type { CourseShowcase } from "../ports/course-showcase.ts";
import {
  ofTenant,
  publishCreated,
  publishPublished,
  publishUnpublished,
  publishUpdated,
  source,
} from "./announce.ts";
import {
  type CreateRequest,
  type Distribution,
  distributionIdPattern,
  type MicroNicheRequest,
  type UpdateRequest,
} from "./model.ts";
import { withIdSuffix } from "./slug.ts";
import { changesOf, deriveVariant, nextVersion } from "./state.ts";
import {
  deleteDistribution,
  insertDistribution,
  insertUnlessTaken,
  lockById,
  newDistributionId,
  updateDistribution,
} from "./store.ts";
import { uniqueBaseCourse, uniqueSlug } from "./tables.ts";

/** What operators do with catalogue entries. Each change and its events commit together. */

function unknownDistribution(id: string): NotFoundError {
  return new NotFoundError(
    `No distribution has the id "${id.slice(0, 100)}". List them with GET /api/courses/distribution.`,
  );
}

function requireId(id: string): string {
  if (!distributionIdPattern.test(id)) throw unknownDistribution(id);
  return id;
}

function slugTaken(slug: string, cause?: unknown): BadRequestError {
  return new BadRequestError(`The slug "${slug}" belongs to another distribution. Choose another slug.`, {
    ...(cause === undefined ? {} : { cause }),
    issues: [{ path: "slug", message: "already taken" }],
  });
}

function foreignCourse(courseId: string): ValidationError {
  return new ValidationError(
    `The tenant has no course "${courseId}", so it has nothing to list. Send the id of a course of its own, or of one that was made elsewhere.`,
    { issues: [{ path: "course_id", message: "expected a course of the tenant" }] },
  );
}

/** Tells the caller which unique field was taken; other errors pass through. The route table gives both status 400. */
function translateTaken(error: unknown, slug: string, courseId: string): unknown {
  switch (violatedConstraint(error)) {
    case uniqueSlug:
      return slugTaken(slug, error);
    case uniqueBaseCourse:
      return new BadRequestError(
        `The course "${courseId}" has a distribution already. Update that one, or derive a micro-niche variant of it.`,
        { cause: error, issues: [{ path: "course_id", message: "already has a distribution" }] },
      );
    default:
      return error;
  }
}

/** Makes an entry public now and records `distribution.published`; null when there is no such entry. */
async function makePublic(
  services: RequestServices,
  tx: Tx,
  publish: Publish,
  id: string,
): Promise<Distribution | null> {
  const now = services.now();
  const row = await updateDistribution(tx, id, visibleTenant(services), {
    visibility: "public",
    publishedAt: now,
    updatedAt: now,
  });
  if (row !== null) await publishPublished(publish, row);
  return row;
}

/**
 * Creates the entry of a course; it is private until it is published.
 *
 * @throws {BadRequestError} the slug is taken, or the course has an entry already
 * @throws {ValidationError} the course was made here for another tenant
 */
export async function createDistribution(
  services: RequestServices,
  { isOfAnother }: Pick<CourseShowcase, "isOfAnother">,
  request: CreateRequest,
): Promise<Distribution> {
  const now = services.now();
  const tenantId = tenantOf(services, request.tenant_id);
  try {
    return await services.transact(publishContext(services, source), async (tx, publish) => {
      const { row, isForeign } = await insertDistribution(
        tx,
        {
          distributionId: newDistributionId(),
          courseId: request.course_id,
          tenantId,
          slug: request.slug,
          language: request.language,
          title: request.title,
          description: request.description,
          targetGroup: request.target_group,
          version: request.version,
          seo: request.seo,
          cta: request.cta,
          createdAt: now,
          updatedAt: now,
        },
        isOfAnother(request.course_id, tenantId),
      );
      if (isForeign) throw foreignCourse(request.course_id);
      await publishCreated(publish, row);
      return row;
    });
  } catch (error) {
    throw translateTaken(error, request.slug, request.course_id);
  }
}

/**
 * Derives a private variant for a narrower audience. A slug that the service chose itself and that is taken gets a
 * suffix; one that the caller chose does not.
 *
 * @throws {NotFoundError} no such parent
 * @throws {BadRequestError} the chosen slug is taken
 */
export async function createMicroNiche(
  services: RequestServices,
  request: MicroNicheRequest,
): Promise<Distribution> {
  const parentId = requireId(request.parent_course_id);
  const now = services.now();
  return services.transact(publishContext(services, source), async (tx, publish) => {
    const parent = await lockById(tx, parentId, visibleTenant(services));
    if (parent === null) throw unknownDistribution(parentId);
    const variant = deriveVariant(parent, request, newDistributionId(), now);
    const slugs = request.new_slug
      ? [variant.slug]
      : [variant.slug, withIdSuffix(variant.slug, variant.distributionId.slice("dist_".length), 8)];
    let child: Distribution | null = null;
    for (const slug of slugs) child ??= await insertUnlessTaken(tx, { ...variant, slug });
    if (child === null) throw slugTaken(variant.slug);
    await publishCreated(publish, child);
    await publish(
      distributionMicroNicheCreated,
      {
        child_distribution_id: child.distributionId,
        parent_distribution_id: parent.distributionId,
        parent_slug: parent.slug,
        child_slug: child.slug,
        target_group_override: child.targetGroup,
        title_override: child.title,
        created_at: now.toISOString(),
      },
      ofTenant(child),
    );
    return child;
  });
}

interface Updated {
  readonly row: Distribution;
  /** Empty when the request asked for what was there already; then no event was published. */
  readonly updatedFields: readonly string[];
}

/**
 * Changes fields of an entry. A change of visibility also publishes `distribution.published` or `.unpublished`, which
 * carries the reason.
 *
 * @throws {NotFoundError} no such entry
 * @throws {BadRequestError} the new slug is taken
 */
export async function changeDistribution(
  services: RequestServices,
  id: string,
  request: UpdateRequest,
): Promise<Updated> {
  const distributionId = requireId(id);
  try {
    return await services.transact(publishContext(services, source), async (tx, publish) => {
      const now = services.now();
      const entry = await lockById(tx, distributionId, visibleTenant(services));
      if (entry === null) throw unknownDistribution(id);
      const changes = changesOf(entry, request, now);
      if (changes.updatedFields.length === 0) return { row: entry, updatedFields: [] };
      const row = await updateDistribution(tx, distributionId, visibleTenant(services), changes.columns);
      if (row === null) throw unknownDistribution(id);
      await publishUpdated(publish, row, changes, now);
      if (changes.transition === "published") await publishPublished(publish, row);
      if (changes.transition === "unpublished")
        await publishUnpublished(publish, row, now, request.reason ?? null);
      return { row, updatedFields: changes.updatedFields };
    });
  } catch (error) {
    throw translateTaken(error, request.slug ?? "", "");
  }
}

/**
 * Removes an entry and frees its slug; its variants stay.
 *
 * @throws {NotFoundError} no such entry
 */
export async function removeDistribution(services: RequestServices, id: string): Promise<void> {
  const distributionId = requireId(id);
  await services.transact(publishContext(services, source), async (tx, publish) => {
    const row = await deleteDistribution(tx, distributionId, visibleTenant(services));
    if (row === null) throw unknownDistribution(id);
    await publish(
      distributionDeleted,
      {
        distribution_id: row.distributionId,
        slug: row.slug,
        course_id: row.courseId,
        deleted_at: services.now().toISOString(),
        deleted_by: services.actorId,
      },
      ofTenant(row),
    );
  });
}

/**
 * Makes an entry public. Publishing again sets the time of publication anew.
 *
 * @throws {NotFoundError} no such entry
 */
export async function publishDistribution(services: RequestServices, id: string): Promise<Distribution> {
  const distributionId = requireId(id);
  return services.transact(publishContext(services, source), async (tx, publish) => {
    const row = await makePublic(services, tx, publish, distributionId);
    if (row === null) throw unknownDistribution(id);
    return row;
  });
}

/**
 * Makes an entry private; the time of its publication is kept. One that is private already stays as it is, and no
 * event is published.
 *
 * @throws {NotFoundError} no such entry
 */
export async function unpublishDistribution(
  services: RequestServices,
  id: string,
  reason: string | null,
): Promise<Distribution> {
  const distributionId = requireId(id);
  return services.transact(publishContext(services, source), async (tx, publish) => {
    const now = services.now();
    const entry = await lockById(tx, distributionId, visibleTenant(services));
    if (entry === null) throw unknownDistribution(id);
    if (entry.visibility === "private") return entry;
    const row = await updateDistribution(tx, distributionId, visibleTenant(services), {
      visibility: "private",
      updatedAt: now,
    });
    if (row === null) throw unknownDistribution(id);
    await publishUnpublished(publish, row, now, reason);
    return row;
  });
}

interface Bumped {
  readonly row: Distribution;
  readonly oldVersion: string;
}

/**
 * Raises the version by one. Concurrent bumps each raise it.
 *
 * @throws {NotFoundError} no such entry
 */
export async function bumpVersion(
  services: RequestServices,
  id: string,
  changelog: string | null,
): Promise<Bumped> {
  const distributionId = requireId(id);
  return services.transact(publishContext(services, source), async (tx, publish) => {
    const now = services.now();
    const entry = await lockById(tx, distributionId, visibleTenant(services));
    if (entry === null) throw unknownDistribution(id);
    const row = await updateDistribution(tx, distributionId, visibleTenant(services), {
      version: nextVersion(entry.version),
      updatedAt: now,
    });
    if (row === null) throw unknownDistribution(id);
    await publish(
      distributionVersionBumped,
      {
        distribution_id: distributionId,
        slug: row.slug,
        old_version: entry.version,
        new_version: row.version,
        bumped_at: now.toISOString(),
        changelog,
      },
      ofTenant(row),
    );
    return { row, oldVersion: entry.version };
  });
}
