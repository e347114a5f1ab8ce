import { lessonsOf } from "../content/assemble.ts";
import type { LandingPage, Lesson, Outline } from "../content/model.ts";
import { fill } from "../content/text.ts";
import type { Section } from "./model.ts";
import { pageTexts } from "./texts.ts";

/** Lessons that are shown, and how much of each, in UTF-16 units. */
const maxPreviews = 3;
const previewLength = 300;

/** Of a text only its start is read, in UTF-16 units: time grows with the square of it for hostile Markdown. */
const maxRead = 8_000;

/** Places of the sections; the previews are 2 to 4. */
const places = { hero: 0, syllabus: 1, lesson_preview: 2, faq: 100, cta: 200, footer: 999 } as const;

/** What the page is built from. */
export interface PageSource {
  readonly outline: Outline;
  readonly page: LandingPage;
  /** The text of a lesson; null: it has none yet, and is not shown. */
  readonly textOf: (lesson: Lesson) => string | null;
}

/** The sections of a course's web page in their order. The same source gives the same sections. */
export function buildSections({ outline, page, textOf }: PageSource): readonly Section[] {
  const texts = pageTexts[outline.metadata.language];
  const values = {
    course: outline.metadata.title,
    lessons: outline.total_lessons,
    minutes: outline.total_estimated_duration_minutes,
  };
  return [
    section("hero", places.hero, page.hero_title, {
      subtitle: page.hero_subtitle,
      cta_text: page.hero_cta_text,
      value_proposition: page.value_proposition,
    }),
    section("syllabus", places.syllabus, texts.syllabusTitle, {
      total_lessons: outline.total_lessons,
      total_duration_minutes: outline.total_estimated_duration_minutes,
      modules: outline.modules.map((part) => ({
        module_id: part.module_id,
        title: part.title,
        description: part.description,
        duration_minutes: part.estimated_total_duration_minutes,
        lessons: part.lessons.map((lesson) => ({ lesson_id: lesson.lesson_id, title: lesson.title })),
      })),
    }),
    ...previews(outline, textOf),
    section("faq", places.faq, texts.faqTitle, {
      items: [
        entry(texts.faqDuration, values),
        entry(texts.faqPriorKnowledge, values),
        { question: page.for_whom_title, answer: page.for_whom_points.join(" · ") },
        { question: page.not_for_whom_title, answer: page.not_for_whom_points.join(" · ") },
      ],
    }),
    section("cta", places.cta, page.hero_cta_text, {
      text: fill(texts.ctaText, values),
      cta_text: page.hero_cta_text,
    }),
    section("footer", places.footer, outline.metadata.title, { disclaimer: page.disclaimer }),
  ];
}

function section(
  kind: Section["kind"],
  place: number,
  title: string,
  content: Section["content"],
  id: string = kind,
): Section {
  return { section_id: id, kind, title, order_index: place, content };
}

function entry(
  [question, answer]: readonly [string, string],
  values: Readonly<Record<string, string | number>>,
) {
  return { question: fill(question, values), answer: fill(answer, values) };
}

function previews(outline: Outline, textOf: PageSource["textOf"]): readonly Section[] {
  const shown = lessonsOf(outline).flatMap((lesson) => {
    const text = lesson.status === "full" ? textOf(lesson) : null;
    return text === null ? [] : [{ lesson, excerpt: excerptOf(text, previewLength) }];
  });
  return shown
    .slice(0, maxPreviews)
    .map(({ lesson, excerpt }, index) =>
      section(
        "lesson_preview",
        places.lesson_preview + index,
        lesson.title,
        { lesson_id: lesson.lesson_id, excerpt, duration_minutes: lesson.estimated_duration_minutes },
        `lesson_preview_${index + 1}`,
      ),
    );
}

/**
 * Start of a Markdown text as plain words on one line: at most `max` UTF-16 units, cut behind a word, with an ellipsis
 * when something was left out. Headings and code are left out, because they make no sentence.
 */
export function excerptOf(markdown: string, max: number): string {
  const whole = plainText(markdown.slice(0, maxRead));
  if (whole === "" || (whole.length <= max && markdown.length <= maxRead)) return whole;
  const words = whole.split(" ");
  let excerpt = "";
  for (const word of words) {
    const longer = excerpt === "" ? word : `${excerpt} ${word}`;
    if (longer.length > max - 1) break;
    excerpt = longer;
  }
  // One endless word has no end to cut at.
  const text = excerpt === "" ? whole.slice(0, max - 1).replace(/[\ud800-\udbff]$/, "") : excerpt;
  return `${text}…`;
}

/** Without fenced blocks; one that nobody closes reaches to the end. */
function withoutCode(markdown: string): string {
  let fence: string | null = null;
  const isText = (line: string) => {
    const text = line.replace(/^ {0,3}/, "").trimEnd();
    if (fence === null) {
      fence = /^(?:`{3,}|~{3,})/.exec(text)?.[0] ?? null;
      return fence === null;
    }
    if (text.startsWith(fence) && /^[`~]*$/.test(text.slice(fence.length))) fence = null;
    return false;
  };
  return markdown.split("\n").filter(isText).join("\n");
}

function plainText(markdown: string): string {
  return withoutCode(markdown)
    .replace(/^ {0,3}#{1,6}(?:[ \t][^\n]*)?$/gm, " ")
    .replace(/^[ \t]*(?:[-*+>]|\d{1,9}[.)])\s+/gm, "")
    .replace(/!?\[([^[\]\n]*)\]\([^)\n]{0,2048}\)/g, "$1")
    .replace(/(\*\*|__|`)(?=\S)([^\n]*?\S)\1/g, "$2")
    .replace(/\s+/g, " ")
    .trim();
}
