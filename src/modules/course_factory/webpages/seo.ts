import { jsonForScript } from "../../../pages/json-for-script.ts";
import { isoDuration } from "../../../pages/values.ts";
import { lessonsOf } from "../content/assemble.ts";
import type { Outline } from "../content/model.ts";
import { cut } from "../content/text.ts";
import type { SeoPack } from "./model.ts";
import { pageTexts } from "./texts.ts";

const maxKeywords = 10;

/**
 * What search engines and link previews are told of a course. Texts that are too long are cut, texts that are too short
 * are completed in the language of the course.
 *
 * @param given keywords of the author; empty: words of the title and of the lessons
 */
export function seoPackOf(outline: Outline, given: readonly string[]): SeoPack {
  const { title, description, language } = outline.metadata;
  const { titleSuffix, descriptionSuffix } = pageTexts[language];
  const shortTitle = fitted(title, 10, 70, titleSuffix);
  const social = fitted(description, 50, 200, descriptionSuffix);
  const keywords = given.length > 0 ? distinct(given) : keywordsOf(outline);
  const jsonLd = jsonLdOf(outline, keywords);
  return {
    meta_title: shortTitle,
    meta_description: fitted(description, 50, 160, descriptionSuffix),
    keywords,
    og_title: shortTitle,
    og_description: social,
    twitter_title: shortTitle,
    twitter_description: social,
    twitter_card: "summary",
    json_ld: jsonLd,
    json_ld_script: `<script type="application/ld+json">${jsonForScript(jsonLd)}</script>`,
    robots: "index, follow",
  };
}

/** One line of `min` to `max` UTF-16 units: cut, or completed with `suffix` as often as it takes. */
export function fitted(text: string, min: number, max: number, suffix: string): string {
  const line = (value: string) => value.replace(/\s+/g, " ").trim();
  let result = cut(line(text), max);
  while (result.length < min) result = cut(line(`${result} ${suffix}`), max);
  return result;
}

/** Each keyword once, whatever its case, in the order given. */
function distinct(keywords: readonly string[]): readonly string[] {
  const seen = new Set<string>();
  const kept = keywords.filter((keyword) => {
    const known = seen.has(keyword.toLowerCase());
    seen.add(keyword.toLowerCase());
    return !known;
  });
  return kept.slice(0, maxKeywords);
}

function keywordsOf(outline: Outline): readonly string[] {
  const ofTitle = outline.metadata.title.match(/\p{L}{4,}/gu) ?? [];
  const words = [...ofTitle, ...lessonsOf(outline).flatMap((lesson) => lesson.keywords)];
  return distinct(words.map((word) => cut(word, 50)));
}

/** Structured data after schema.org/Course. */
function jsonLdOf(outline: Outline, keywords: readonly string[]): Readonly<Record<string, unknown>> {
  const { title, description, language, course_id: courseId } = outline.metadata;
  const minutes = outline.total_estimated_duration_minutes;
  return {
    "@context": "https://schema.org",
    "@type": "Course",
    identifier: courseId,
    name: title,
    description,
    inLanguage: language,
    keywords: keywords.join(", "),
    provider: { "@type": "Organization", name: "BRAiN" },
    timeRequired: isoDuration(minutes),
    hasCourseInstance: {
      "@type": "CourseInstance",
      courseMode: "online",
      courseWorkload: isoDuration(minutes),
    },
    syllabusSections: outline.modules.map((part) => ({
      "@type": "Syllabus",
      name: part.title,
      description: part.description,
      timeRequired: isoDuration(part.estimated_total_duration_minutes),
    })),
  };
}
