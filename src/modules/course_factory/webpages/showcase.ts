import type { Database } from "@brain/engine";
import * as z from "zod";
import type { LandingTexts, PageModule } from "../../../pages/model.ts";
import type { CourseShowcase, MadeCourse } from "../../ports/course-showcase.ts";
import type { LandingPage, Outline } from "../content/model.ts";
import { loadTexts } from "../content/texts/load.ts";
import { type AuthoredCourse, findAuthoredCourse } from "../courses/authored-course.ts";
import { isCourseId, isOfAnother } from "../courses/known-course.ts";
import type { Section } from "./model.ts";
import { buildSections } from "./sections.ts";
import { seoPackOf } from "./seo.ts";
import { standardPage, textsOf } from "./source.ts";
import { readPage } from "./store.ts";
import { findTheme, themes, themeWith } from "./themes.ts";

/** What was made for the page of a course: parts that no author has built yet are built from the course. */

/** @param certificates whether they are issued here */
export function courseShowcase(certificates: boolean): CourseShowcase {
  return {
    certificates,
    isOfAnother,
    async read(db, courseId, tenantId) {
      // Courses of other origin have ids of any shape; a uuid column would refuse them.
      return isCourseId(courseId) ? await readMadeCourse(db, courseId, tenantId) : null;
    },
  };
}

/** Null: there is no such course, or it is not finished. */
async function readMadeCourse(
  db: Database,
  courseId: string,
  tenantId: string | null,
): Promise<MadeCourse | null> {
  const [course, page] = await Promise.all([
    findAuthoredCourse(db, courseId, tenantId),
    readPage(db, courseId),
  ]);
  const outline = course?.progress.outline ?? null;
  if (course === null || course.status !== "completed" || outline === null) return null;
  return madeCourse(courseId, course, outline, page);
}

type StoredPage = Awaited<ReturnType<typeof readPage>>;

export async function madeCourse(
  courseId: string,
  course: AuthoredCourse,
  outline: Outline,
  page: StoredPage,
): Promise<MadeCourse> {
  const { landingPage, quiz } = course.progress;
  const texts = landingPage ?? (await standardPage(course, courseId, outline));
  const sections = page?.sections ?? buildSections({ outline, page: texts, textOf: textsOf(course) });
  const seo = page?.seoPack ?? seoPackOf(outline, []);
  const faq = partOf(sections, "faq", faqContent);
  return {
    language: outline.metadata.language,
    title: outline.metadata.title,
    description: outline.metadata.description,
    audiences: outline.metadata.target_audiences,
    theme: themeOf(page),
    landing: landingPage === null ? null : await landingTexts(landingPage, sections, outline),
    modules: modulesOf(outline),
    lessonsCount: outline.total_lessons,
    minutes: outline.total_estimated_duration_minutes,
    previews: sections.flatMap((section) => {
      const preview = section.kind === "lesson_preview" ? previewContent.safeParse(section.content) : null;
      return preview?.success ? [{ title: section.title, excerpt: preview.data.excerpt }] : [];
    }),
    faqTitle: sections.find(({ kind }) => kind === "faq")?.title ?? null,
    // Who it is for has a part of its own on the page.
    faq: (faq?.items ?? []).filter(
      ({ question }) => ![texts.for_whom_title, texts.not_for_whom_title].includes(question),
    ),
    questionsCount: quiz?.questions.length ?? 0,
    search: {
      meta_title: seo.meta_title,
      meta_description: seo.meta_description,
      keywords: seo.keywords,
    },
  };
}

const heroContent = z.object({ subtitle: z.string(), value_proposition: z.string() });
const previewContent = z.object({ excerpt: z.string() });
const faqContent = z.object({ items: z.array(z.object({ question: z.string(), answer: z.string() })) });
const footerContent = z.object({ disclaimer: z.string() });

/** The content of a stored section; null when it has none of this form. */
function partOf<T>(sections: readonly Section[], kind: Section["kind"], form: z.ZodType<T>): T | null {
  const parsed = form.safeParse(sections.find((section) => section.kind === kind)?.content);
  return parsed.success ? parsed.data : null;
}

async function landingTexts(
  page: LandingPage,
  sections: readonly Section[],
  outline: Outline,
): Promise<LandingTexts> {
  const hero = partOf(sections, "hero", heroContent);
  const title = page.sections.find(({ kind }) => kind === "value_proposition")?.title;
  return {
    subtitle: hero?.subtitle ?? page.hero_subtitle,
    valueTitle: title ?? (await loadTexts(outline.metadata.language)).landing.valueTitle,
    value: hero?.value_proposition ?? page.value_proposition,
    forWhomTitle: page.for_whom_title,
    forWhom: page.for_whom_points,
    notForWhomTitle: page.not_for_whom_title,
    notForWhom: page.not_for_whom_points,
    features: page.features,
    disclaimer: partOf(sections, "footer", footerContent)?.disclaimer ?? page.disclaimer,
  };
}

function modulesOf(outline: Outline): readonly PageModule[] {
  return outline.modules.map((part) => ({
    title: part.title,
    description: part.description,
    lessonsCount: part.lessons.length,
    minutes: part.estimated_total_duration_minutes,
    lessons: part.lessons.map((lesson) => ({
      title: lesson.title,
      minutes: lesson.estimated_duration_minutes,
      free: false,
      href: null,
    })),
  }));
}

function themeOf(page: StoredPage) {
  const bound = page === null || page.themeId === null ? null : findTheme(page.themeId);
  // The quiet one, until an author binds another.
  const theme = bound ?? findTheme("course-minimal") ?? themes[0];
  if (theme === undefined) throw new Error("There is no theme.");
  return themeWith(theme, bound === null ? null : (page?.customColors ?? null)).colors;
}
