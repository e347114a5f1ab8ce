import { ConflictError, NotFoundError, type Publish, type Tx, ValidationError } from "@brain/engine";
import {
  courseDeployedStaging,
  coursePreviewCreated,
  courseSectionBuilt,
  courseSeoPackGenerated,
  courseThemeBound,
} from "@brain/schemas";
import { and, eq, ne } from "drizzle-orm";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import { factorySource } from "../announce.ts";
import type { LandingPage, Outline } from "../content/model.ts";
import {
  type AuthoredCourse,
  lockAuthoredCourse,
  readAuthoredCourse,
  refuseUnfinished,
} from "../courses/authored-course.ts";
import { renewStagingToken, stagingAddress, stagingToken } from "../staging/token.ts";
import { deployments } from "../tables.ts";
import type { CustomColors, Section, SeoPack, Theme } from "./model.ts";
import { requestedVersion, versionNumber } from "./preview.ts";
import { buildSections } from "./sections.ts";
import { seoPackOf } from "./seo.ts";
import { standardPage, textsOf } from "./source.ts";
import { readPage, setPage } from "./store.ts";
import { findTheme, themes, themeWith } from "./themes.ts";

/** The same answer when nothing changes; only a change is stored and told of. */

/** @throws {NotFoundError} no such theme or course @throws {ConflictError} the course is not completed, or archived */
export async function bindTheme(
  services: RequestServices,
  input: {
    readonly course_id: string;
    readonly theme_id: string;
    /** Null: the colours of the theme. */
    readonly custom_colors: CustomColors | null;
  },
): Promise<Theme> {
  const theme = findTheme(input.theme_id);
  if (theme === null) {
    const known = themes.map(({ theme_id }) => theme_id).join(", ");
    throw new NotFoundError(`There is no theme ${input.theme_id}. Expected one of ${known}.`);
  }
  await change(services, input.course_id, async (tx, publish, at) => {
    const part = { themeId: theme.theme_id, customColors: input.custom_colors };
    if (!(await setPage(tx, input.course_id, part, at))) return;
    await publish(courseThemeBound, {
      course_id: input.course_id,
      theme_id: theme.theme_id,
      has_custom_colors: input.custom_colors !== null,
      bound_at: at,
    });
  });
  return themeWith(theme, input.custom_colors);
}

/**
 * Builds the sections from what is stored, or from the outline and landing page of the request.
 *
 * @throws {NotFoundError | ConflictError} as {@link bindTheme}
 * @throws {ValidationError} the outline is of another course
 */
export async function buildPageSections(
  services: RequestServices,
  input: {
    readonly course_id: string;
    readonly outline?: Outline | undefined;
    readonly landing_page?: LandingPage | undefined;
  },
): Promise<readonly Section[]> {
  const course = await readAuthoredCourse(services.db, input.course_id, visibleTenant(services));
  const outline = outlineOf(course, input);
  const page =
    input.landing_page ??
    course.progress.landingPage ??
    (await standardPage(course, input.course_id, outline));
  const sections = buildSections({ outline, page, textOf: textsOf(course) });
  await change(services, input.course_id, async (tx, publish, at) => {
    if (!(await setPage(tx, input.course_id, { sections: [...sections] }, at))) return;
    await publish(courseSectionBuilt, {
      course_id: input.course_id,
      sections_count: sections.length,
      lesson_previews_count: sections.filter(({ kind }) => kind === "lesson_preview").length,
      built_at: at,
    });
  });
  return sections;
}

/** @throws as {@link buildPageSections} */
export async function generateSeo(
  services: RequestServices,
  input: {
    readonly course_id: string;
    readonly outline?: Outline | undefined;
    readonly keywords: readonly string[];
  },
): Promise<SeoPack> {
  const course = await readAuthoredCourse(services.db, input.course_id, visibleTenant(services));
  const outline = outlineOf(course, input);
  const seoPack = seoPackOf(outline, input.keywords);
  await change(services, input.course_id, async (tx, publish, at) => {
    if (!(await setPage(tx, input.course_id, { seoPack }, at))) return;
    await publish(courseSeoPackGenerated, {
      course_id: input.course_id,
      language: outline.metadata.language,
      keywords_count: seoPack.keywords.length,
      generated_at: at,
    });
  });
  return seoPack;
}

/**
 * The address of the course's staged pages. The same each time, unless `renew` asks for a new one: then the old address
 * leads nowhere, and a deployment tells the new one.
 *
 * @throws {NotFoundError} no such course, or no such version of it @throws {ConflictError} as {@link bindTheme}
 */
export async function createPreview(
  services: RequestServices,
  where: { readonly publicUrl: string | null; readonly stagingDomain: string },
  input: { readonly course_id: string; readonly version: string; readonly renew: boolean },
): Promise<{ readonly preview_url: string }> {
  const courseId = input.course_id;
  const course = await readAuthoredCourse(services.db, courseId, visibleTenant(services));
  const version = requestedVersion(input.version, course.version);
  if (version === null) {
    throw new NotFoundError(
      `The course ${courseId} has no version ${input.version}. Expected "latest" or ${versionNumber(course.version)}.`,
    );
  }
  const domain = course.request.staging_domain ?? where.stagingDomain;
  let url = "";
  await change(services, courseId, async (tx, publish, at) => {
    const token = await (input.renew ? renewStagingToken : stagingToken)(tx, courseId, at);
    url = stagingAddress({ publicUrl: where.publicUrl, domain }, courseId, token, course.version);
    // Also when the preview has this address already: a deployment may be older than its staged pages.
    await moveDeployment(tx, publish, courseId, url, at);
    if (!(await setPage(tx, courseId, { previewUrl: url, previewVersion: version }, at))) return;
    await publish(coursePreviewCreated, {
      course_id: courseId,
      preview_url: url,
      course_version: version,
      created_at: at,
    });
  });
  return { preview_url: url };
}

/** A deployment whose address is another now tells the new one; a course that is not deployed has none to tell. */
async function moveDeployment(
  tx: Tx,
  publish: Publish,
  courseId: string,
  url: string,
  at: string,
): Promise<void> {
  const [moved] = await tx
    .update(deployments)
    .set({ stagingUrl: url, deployedAt: at })
    .where(and(eq(deployments.courseId, courseId), ne(deployments.stagingUrl, url)))
    .returning({ domain: deployments.stagingDomain });
  if (moved === undefined) return;
  await publish(courseDeployedStaging, {
    course_id: courseId,
    staging_url: url,
    staging_domain: moved.domain,
    deployed_at: at,
  });
}

/** Everything of a course's page; parts that were not made are null. @throws {NotFoundError} no such course */
export async function readWebPage(services: RequestServices, courseId: string) {
  await readAuthoredCourse(services.db, courseId, visibleTenant(services));
  const page = await readPage(services.db, courseId);
  const theme = page === null || page.themeId === null ? null : findTheme(page.themeId);
  return {
    course_id: courseId,
    theme: theme === null ? null : themeWith(theme, page?.customColors ?? null),
    sections: page?.sections ?? null,
    seo_pack: page?.seoPack ?? null,
    preview_url: page?.previewUrl ?? null,
    updated_at: page?.updatedAt ?? null,
  };
}

/** Runs a change of the page in one transaction with its event, while the course is locked. */
async function change(
  services: RequestServices,
  courseId: string,
  run: (tx: Tx, publish: Publish, at: string) => Promise<void>,
): Promise<void> {
  const context = {
    source: factorySource,
    tenant_id: visibleTenant(services),
    actor_id: services.actorId,
  };
  await services.transact(context, async (tx, publish) => {
    const course = await lockAuthoredCourse(tx, courseId, visibleTenant(services));
    refuseUnfinished(courseId, course);
    const publishHere: Publish = (definition, payload, options) =>
      publish(definition, payload, { tenant_id: course.tenantId, ...options });
    await run(tx, publishHere, services.now().toISOString());
  });
}

function outlineOf(
  course: AuthoredCourse,
  input: { readonly course_id: string; readonly outline?: Outline | undefined },
): Outline {
  const outline = input.outline ?? course.progress.outline;
  if (outline === null) {
    throw new ConflictError(
      `The course ${input.course_id} has no outline yet. Wait until it is generated, or send an outline.`,
    );
  }
  if (outline.metadata.course_id !== input.course_id) {
    const message = "expected the outline of the course that course_id names";
    throw new ValidationError(`The outline is of another course: ${message}.`, {
      issues: [{ path: "outline.metadata.course_id", message }],
    });
  }
  return outline;
}
