import { NotFoundError, type PublishContext, TooManyRequestsError } from "@brain/engine";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import type { CourseShowcase } from "../ports/course-showcase.ts";
import type { TimePlace } from "../time-cursor.ts";
import { publishClicked, publishViewed, source } from "./announce.ts";
import { countEnrollment, countViewOfId, countViewOfSlug, toldPerMinute } from "./counts-store.ts";
import { clicksLimit, viewsLimit } from "./limits.ts";
import {
  type Distribution,
  type DistributionsQuery,
  distributionIdPattern,
  type ListQuery,
  type ServedDistribution,
} from "./model.ts";
import { projectOutline } from "./outline.ts";
import type { PageFacts } from "./public-page.ts";
import { isSlug } from "./slug.ts";
import {
  countPublic,
  findById,
  findOutline,
  findServed,
  findTranslations,
  listForOperators,
  listPublic,
} from "./store.ts";
import { tellJob } from "./tell-counts.ts";
import type { ReferrerCategory } from "./visit.ts";

/** Reading the catalogue, and counting that it was read. The answer to a private slug is that of an unknown one. */

const defaultLimit = 50;
const defaultSearchLimit = 20;

/** Counters belong to nobody: the envelope names no actor. */
function batchContext(services: RequestServices): PublishContext {
  return { source, correlation_id: services.correlationId };
}

function unknownSlug(): NotFoundError {
  return new NotFoundError("No public course has this slug. GET /api/courses/public lists the courses.");
}

function unknownId(): NotFoundError {
  return new NotFoundError("No distribution has this id. List them with GET /api/courses/distribution.");
}

/** Whether a view or click gets an event of its own. */
function isTold(row: Distribution): boolean {
  return row.countedInMinute <= toldPerMinute;
}

/** The first one of a minute that gets none has the job tell of all of them when the minute is over. */
function planTelling(services: RequestServices, row: Distribution): void {
  if (row.countedInMinute !== toldPerMinute + 1) return;
  services.schedule(tellJob, new Date((Math.floor(services.now().getTime() / 60_000) + 1) * 60_000));
}

async function mayCount(services: RequestServices, slug: string): Promise<boolean> {
  try {
    await services.limitCaller(viewsLimit, slug);
    return true;
  } catch (error) {
    if (error instanceof TooManyRequestsError) return false;
    throw error;
  }
}

/** Published entries, newest first; with `q` those whose title or description contains it. */
export async function listCatalogue(services: RequestServices, query: ListQuery): Promise<Distribution[]> {
  return listPublic(services.db, {
    language: query.language,
    text: query.q,
    limit: query.limit ?? (query.q === undefined ? defaultLimit : defaultSearchLimit),
  });
}

/**
 * Entries of all visibilities, newest first; of one course or the variants of one parent when asked.
 *
 * @returns `next` null: there are no more
 */
export async function listEntries(
  services: RequestServices,
  query: DistributionsQuery,
): Promise<{ readonly rows: readonly Distribution[]; readonly next: TimePlace | null }> {
  const limit = query.limit ?? defaultLimit;
  const rows = await listForOperators(services.db, {
    tenantId: tenantOf(services, query.tenant_id),
    courseId: query.course_id,
    parentId: query.parent_id,
    limit,
    cursor: query.cursor,
  });
  const last = rows.length === limit ? rows.at(-1) : undefined;
  return {
    rows,
    next: last === undefined ? null : { ms: last.createdAt.getTime(), id: last.distributionId },
  };
}

/** @throws {NotFoundError} no such entry */
export async function readEntry(services: RequestServices, id: string): Promise<Distribution> {
  const row = distributionIdPattern.test(id)
    ? await findById(services.db, id, visibleTenant(services))
    : null;
  if (row === null) throw unknownId();
  return row;
}

/**
 * The entry under a slug.
 *
 * @param view null: do not count, e.g. for a robot; otherwise the read is counted together with its event
 * @throws {NotFoundError} unknown or private
 */
export async function readServed(
  services: RequestServices,
  slug: string,
  view: { readonly referrer: ReferrerCategory } | null,
): Promise<ServedDistribution> {
  if (!isSlug(slug)) throw unknownSlug();
  if (view === null || !(await mayCount(services, slug))) {
    const found = await findServed(services.db, slug);
    if (found === null) throw unknownSlug();
    return found;
  }
  const served = await services.transact(batchContext(services), async (tx, publish) => {
    const found = await countViewOfSlug(tx, slug, services.now());
    if (found === null) throw unknownSlug();
    if (isTold(found.row)) await publishViewed(publish, found.row, services.now(), view.referrer);
    return found;
  });
  planTelling(services, served.row);
  services.log.debug({ event: "course.viewed", slug, language: served.row.language }, "course viewed");
  return served;
}

/**
 * Counts a view that happened elsewhere, e.g. on a partner's page; the entry may have any visibility.
 *
 * @throws {NotFoundError} no such entry
 */
export async function logView(services: RequestServices, id: string): Promise<Distribution> {
  if (!distributionIdPattern.test(id)) throw unknownId();
  const row = await services.transact(batchContext(services), async (tx, publish) => {
    const counted = await countViewOfId(tx, id, visibleTenant(services), services.now());
    if (counted === null) throw unknownId();
    if (isTold(counted)) await publishViewed(publish, counted, services.now(), null);
    return counted;
  });
  planTelling(services, row);
  services.log.debug({ event: "course.viewed", slug: row.slug, language: row.language }, "course viewed");
  return row;
}

/**
 * Counts a click on the call to action.
 *
 * @throws {NotFoundError} unknown or private
 */
export async function trackEnrollment(services: RequestServices, slug: string): Promise<Distribution> {
  if (!isSlug(slug)) throw unknownSlug();
  await services.limitCaller(clicksLimit, slug);
  const row = await services.transact(batchContext(services), async (tx, publish) => {
    const counted = await countEnrollment(tx, slug, services.now());
    if (counted === null) throw unknownSlug();
    if (isTold(counted)) await publishClicked(publish, counted, services.now());
    return counted;
  });
  planTelling(services, row);
  services.log.debug(
    { event: "course.enrollment_clicked", slug, language: row.language },
    "enrollment clicked",
  );
  return row;
}

/**
 * The outline of a served course. A variant that filters modules shows those only, as far as they are known.
 *
 * @throws {NotFoundError} unknown or private
 */
export async function readOutline(services: RequestServices, slug: string) {
  const { row } = await readServed(services, slug, null);
  const stored = await findOutline(services.db, row);
  const keep = row.derivedContent?.module_filters ?? null;
  return {
    slug: row.slug,
    title: row.title,
    language: row.language,
    version: row.version,
    ...projectOutline(stored.counts, stored.lessons, keep, row.language),
    prerequisites: [] as string[],
    learning_outcomes: [] as string[],
  };
}

/** Path of an entry's public page. */
export function pagePath(slug: string): string {
  return `/api/courses/public/${slug}/page`;
}

/** What the page of a served entry shows; three reads beside each other. */
export async function readPageFacts(
  services: RequestServices,
  settings: {
    readonly publicBaseUrl: string | null;
    readonly showcase: CourseShowcase;
  },
  { row, access }: ServedDistribution,
): Promise<PageFacts> {
  const { db } = services;
  const [stored, made, others] = await Promise.all([
    findOutline(db, row),
    settings.showcase.read(db, row.courseId, row.tenantId),
    findTranslations(db, row),
  ]);
  const base = settings.publicBaseUrl?.replace(/(?<!\/)\/+$/, "") ?? "";
  const translations = new Map(
    others.map(({ language, slug }) => [language, `${base}${pagePath(slug)}`] as const),
  );
  // What an operator wrote down counts more than what we found.
  for (const [language, url] of Object.entries(row.seo.hreflang_alternates)) translations.set(language, url);
  translations.delete(row.language);
  const keep = row.derivedContent?.module_filters ?? null;
  return {
    row,
    access,
    made,
    certificates: settings.showcase.certificates,
    outline: projectOutline(stored.counts, stored.lessons, keep, row.language),
    translations: [...translations].map(([language, url]) => ({ language, url })),
  };
}

/** Whether the catalogue can be read. Never throws: an unreachable database is what it reports. */
export async function readHealth(services: RequestServices) {
  const base = { name: "course_distribution", version: "1.0.0" };
  try {
    return { ...base, status: "healthy", public_courses_count: await countPublic(services.db) };
  } catch (error) {
    const reason = error instanceof Error ? error.name : "unknown";
    services.log.warn({ reason }, "the catalogue cannot be read; its health is degraded");
    return { ...base, status: "degraded", public_courses_count: null };
  }
}
