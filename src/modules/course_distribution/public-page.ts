import type { CoursePage, LandingTexts, PageModule } from "../../pages/model.ts";
import { type MadeCourse, priceOf } from "../ports/course-showcase.ts";
import type { Distribution, ServedDistribution } from "./model.ts";
import type { PublicOutline } from "./outline.ts";
import { defaultSeo } from "./seo.ts";
import type { Seo } from "./tables.ts";

/** What the public page of an entry shows. Pure. */

/** The same course in another language. */
export interface Translation {
  /** Language tag. */
  readonly language: string;
  readonly url: string;
}

export interface PageFacts extends Pick<ServedDistribution, "row" | "access"> {
  readonly outline: PublicOutline;
  /** Null: the course was made elsewhere; the page then shows what the events told. */
  readonly made: MadeCourse | null;
  readonly translations: readonly Translation[];
  /** Whether certificates are issued here. */
  readonly certificates: boolean;
}

/** Colours of a page whose course has no theme. */
const plainTheme = { primary: "#0b57d0", secondary: "#6c757d", accent: "#0b57d0" };

/** The base of a language tag: `de` of `de-AT`. */
const baseOf = (tag: string): string => tag.slice(0, 2);

/**
 * The texts that authors made are for the course itself, in its own language: a variant, or an entry in another
 * language, shows its own words and the facts.
 */
export function publicPage({
  row,
  access,
  outline,
  made,
  translations,
  certificates,
}: PageFacts): CoursePage {
  const own = made !== null && row.derivedFrom === null && baseOf(made.language) === baseOf(row.language);
  const whole = (row.derivedContent?.module_filters ?? null) === null;
  const known = own ? made : null;
  const modules = known?.modules ?? modulesOf(outline);
  const price = priceOf(access);
  return {
    language: row.language,
    title: row.title,
    description: row.description,
    theme: made?.theme ?? plainTheme,
    audiences: row.targetGroup,
    landing: landingOf(known),
    modules: withFreeLessons(modules, price?.freeLessons ?? 0),
    lessonsCount: known?.lessonsCount ?? outline.total_chapters,
    minutes: known?.minutes ?? outline.total_duration_minutes,
    previews: known?.previews ?? [],
    faq: known?.faq ?? [],
    faqTitle: known?.faqTitle ?? null,
    questionsCount: whole ? (made?.questionsCount ?? 0) : 0,
    // Certificates are of courses that are learned here.
    certificate: certificates && made !== null,
    languages: [
      { tag: row.language, href: null },
      // `x-default` is a word to search engines: whoever reads a language that is not there goes to that address.
      ...translations
        .filter(({ language }) => language !== "x-default")
        .map(({ language, url }) => ({ tag: language, href: url })),
    ],
    price,
  };
}

function landingOf(made: MadeCourse | null): LandingTexts | null {
  return made?.landing ?? null;
}

function modulesOf(outline: PublicOutline): readonly PageModule[] {
  return outline.modules.map((part) => ({
    title: part.title,
    description: part.description,
    lessonsCount: part.chapter_count,
    minutes: part.estimated_duration_minutes,
    lessons: part.lessons.map((lesson) => ({
      title: lesson.title,
      minutes: lesson.estimated_duration_minutes,
      free: false,
      href: null,
    })),
  }));
}

/** The first lessons of a paid course may be free to read. */
function withFreeLessons(modules: readonly PageModule[], free: number): readonly PageModule[] {
  let index = 0;
  return modules.map((part) => ({
    ...part,
    lessons: part.lessons.map((lesson) => {
      index += 1;
      return { ...lesson, free: index <= free };
    }),
  }));
}

/**
 * The texts for search engines: those of the entry, or, when nobody has written any for it, those that were made for
 * the course.
 */
export function searchTexts(row: Distribution, made: MadeCourse | null): Seo {
  if (made === null || row.derivedFrom !== null || baseOf(made.language) !== baseOf(row.language))
    return row.seo;
  const untouched = defaultSeo(row.title, row.description, row.language);
  const same = row.seo.meta_title === untouched.meta_title && row.seo.keywords.length === 0;
  if (!same || row.seo.meta_description !== untouched.meta_description) return row.seo;
  return { ...row.seo, ...made.search, keywords: [...made.search.keywords] };
}
