import {
  coursePreviewCreated,
  courseSectionBuilt,
  courseSeoPackGenerated,
  courseThemeBound,
} from "@brain/schemas";
import { ConflictError, NotFoundError, ValidationError } from "../../../core/errors.ts";
import type { Tx } from "../../../db/database.ts";
import type { Publish } from "../../../publish/publish.ts";
import type { RequestServices } from "../../module.ts";
import { factorySource } from "../announce.ts";
import {
  type AuthoredCourse,
  lockAuthoredCourse,
  readAuthoredCourse,
  refuseUnfinished,
} from "../authored-course.ts";
import { lessonsOf } from "../content/assemble.ts";
import type { LandingPage, Lesson, Outline } from "../content/model.ts";
import { templateLandingPage } from "../content/template-generator.ts";
import type { CustomColors, Section, SeoPack, Theme } from "./model.ts";
import { previewUrl, requestedVersion, versionNumber } from "./preview.ts";
import { buildSections } from "./sections.ts";
import { seoPackOf } from "./seo.ts";
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
  const course = await readAuthoredCourse(services.db, input.course_id);
  const outline = outlineOf(course, input);
  const page =
    input.landing_page ?? course.progress.landingPage ?? standardPage(course, input.course_id, outline);
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
  const course = await readAuthoredCourse(services.db, input.course_id);
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

/** @throws {NotFoundError} no such course, or no such version of it @throws {ConflictError} as {@link bindTheme} */
export async function createPreview(
  services: RequestServices,
  input: { readonly course_id: string; readonly version: string },
): Promise<{ readonly preview_url: string }> {
  const course = await readAuthoredCourse(services.db, input.course_id);
  const version = requestedVersion(input.version, course.version);
  if (version === null) {
    throw new NotFoundError(
      `The course ${input.course_id} has no version ${input.version}. Expected "latest" or ${versionNumber(course.version)}.`,
    );
  }
  const url = previewUrl(input.course_id, version);
  await change(services, input.course_id, async (tx, publish, at) => {
    const part = { previewUrl: url, previewVersion: version };
    if (!(await setPage(tx, input.course_id, part, at))) return;
    await publish(coursePreviewCreated, {
      course_id: input.course_id,
      preview_url: url,
      course_version: version,
      created_at: at,
    });
  });
  return { preview_url: url };
}

/** Everything of a course's page; parts that were not made are null. @throws {NotFoundError} no such course */
export async function readWebPage(services: RequestServices, courseId: string) {
  await readAuthoredCourse(services.db, courseId);
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
  const context = { source: factorySource, actor_id: services.actorId };
  await services.transact(context, async (tx, publish) => {
    const course = await lockAuthoredCourse(tx, courseId);
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

/** The text of a lesson: its own in the outline of the request, otherwise the stored one. */
function textsOf(course: AuthoredCourse): (lesson: Lesson) => string | null {
  const { outline, lessons } = course.progress;
  const stored = new Map(
    outline === null
      ? []
      : lessonsOf(outline).flatMap((lesson, index) => {
          const written = lessons.get(index);
          return written?.status === "full" ? [[lesson.lesson_id, written.content_markdown] as const] : [];
        }),
  );
  return (lesson) => lesson.content_markdown ?? stored.get(lesson.lesson_id) ?? null;
}

function standardPage(course: AuthoredCourse, courseId: string, outline: Outline): LandingPage {
  const brief = { course_id: courseId, request: course.request, created_at: course.created_at };
  return templateLandingPage(brief, outline);
}
