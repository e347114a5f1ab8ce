import { html, raw } from "hono/html";
import { courseFooter, courseParts } from "./course-parts.ts";
import { documentOf, type Html } from "./document.ts";
import type { CoursePage } from "./model.ts";
import { wordsOf } from "./texts.ts";
import { durationText, percentText } from "./values.ts";

/** The staged pages of a course: its start page as it would be public, its lessons and its quiz. */

export interface StagedLesson {
  readonly title: string;
  readonly module: string;
  readonly minutes: number;
  readonly objectives: readonly string[];
  /** Null: it is planned only. */
  readonly markdown: string | null;
  /** What a planned lesson is going to cover. */
  readonly planned: readonly string[];
}

export interface StagedPages {
  readonly page: CoursePage;
  readonly lessons: readonly StagedLesson[];
  /** Null: the course has none. */
  readonly quiz: {
    readonly title: string;
    readonly description: string;
    readonly passingPercent: number;
    readonly minutes: number | null;
    readonly questions: readonly {
      readonly text: string;
      readonly options: readonly string[];
      /** Place of the right option, from 0. */
      readonly right: number;
      readonly explanation: string;
      readonly difficulty: "easy" | "medium" | "hard";
    }[];
  } | null;
}

/** Where the pages are. */
export interface StagingLinks {
  readonly start: string;
  /** Null: the course has no quiz. */
  readonly quiz: string | null;
  readonly styleSheet: string;
  /** @param number of the lesson in the course, from 1 */
  lesson(number: number): string;
}

function staged(
  { page }: StagedPages,
  links: StagingLinks,
  parts: { readonly title: string; readonly main: Html; readonly footer?: Html | string },
): Promise<string> {
  return documentOf({
    language: page.language,
    head: html`<meta name="robots" content="noindex, nofollow">
<link rel="stylesheet" href="${links.styleSheet}">`,
    notice: wordsOf(page.language).staging,
    ...parts,
  });
}

export async function startPage(course: StagedPages, links: StagingLinks): Promise<string> {
  const { page } = course;
  let number = 0;
  const modules = page.modules.map((part) => ({
    ...part,
    lessons: part.lessons.map((lesson) => {
      number += 1;
      return { ...lesson, free: number <= (page.price?.freeLessons ?? 0), href: links.lesson(number) };
    }),
  }));
  const first = course.lessons[0]?.title ?? page.title;
  return staged(course, links, {
    title: page.title,
    main: courseParts(
      { ...page, modules, quizHref: links.quiz },
      { kind: "link", label: first, href: links.lesson(1) },
    ),
    footer: courseFooter(page),
  });
}

/** Null: the course has no lesson of this number, from 1. */
export async function lessonPage(
  course: StagedPages,
  links: StagingLinks,
  number: number,
): Promise<string | null> {
  const lesson = course.lessons[number - 1];
  if (lesson === undefined) return null;
  const { language } = course.page;
  const text =
    lesson.markdown === null ? plannedLesson(language, lesson) : raw(await htmlOf(lesson.markdown));
  return staged(course, links, {
    title: `${lesson.title} – ${course.page.title}`,
    main: html`<article class="wide text">
<p class="meta"><a href="${links.start}">${course.page.title}</a> · ${lesson.module}</p>
<h1>${lesson.title}</h1>
<p class="meta">${durationText(language, lesson.minutes)}</p>
${text}
${turnPages(course, links, number)}
</article>`,
  });
}

/** Only who reads a lesson needs the parser of Markdown, so it is a part of its own beside the program. */
async function htmlOf(markdown: string): Promise<string> {
  return (await import("./markdown.ts")).lessonHtml(markdown);
}

function plannedLesson(language: string, { objectives, planned }: StagedLesson): Html {
  const words = wordsOf(language);
  const list = (items: readonly string[]) => html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
  return html`${objectives.length === 0 ? "" : html`<h2>${words.objectives}</h2>${list(objectives)}`}
${planned.length === 0 ? "" : html`<h2>${words.plannedTitle}</h2>${list(planned)}`}`;
}

function turnPages({ page, lessons }: StagedPages, links: StagingLinks, number: number): Html {
  const words = wordsOf(page.language);
  const before = lessons[number - 2];
  const after = lessons[number];
  const next =
    after === undefined
      ? links.quiz === null
        ? ""
        : html`<a rel="next" href="${links.quiz}">${words.toQuiz}</a>`
      : html`<a rel="next" href="${links.lesson(number + 1)}">${words.next}: ${after.title}</a>`;
  return html`<nav class="turn" aria-label="${words.lessonNavigation}">
${before === undefined ? "" : html`<a rel="prev" href="${links.lesson(number - 1)}">${words.previous}: ${before.title}</a>`}
<a href="${links.start}">${words.toOverview}</a>
${next}
</nav>`;
}

/** Null: the course has no quiz. */
export async function quizPage(course: StagedPages, links: StagingLinks): Promise<string | null> {
  const { quiz, page } = course;
  if (quiz === null) return null;
  const { language } = page;
  const words = wordsOf(language);
  const facts = [
    words.passing.replace("{n}", () => percentText(language, quiz.passingPercent)),
    ...(quiz.minutes === null
      ? []
      : [words.timeLimit.replace("{n}", () => durationText(language, quiz.minutes ?? 0))]),
  ];
  const questions = quiz.questions.map(
    (question, index) => html`<li><h2>${index + 1}. ${question.text}</h2>
<p class="meta">${words.difficulty[question.difficulty]}</p>
<ol class="options" type="a">${question.options.map((option) => html`<li>${option}</li>`)}</ol>
<details><summary>${words.showAnswer}</summary><p>${words.rightAnswer} ${String.fromCharCode(97 + question.right)}: ${question.options[question.right] ?? ""}</p><p>${question.explanation}</p></details></li>`,
  );
  return staged(course, links, {
    title: `${quiz.title} – ${page.title}`,
    main: html`<article class="wide text">
<p class="meta"><a href="${links.start}">${page.title}</a></p>
<h1>${quiz.title}</h1>
<p class="lead">${quiz.description}</p>
<p class="meta">${facts.join(" · ")}</p>
<ol class="questions">${questions}</ol>
<nav class="turn" aria-label="${words.lessonNavigation}"><a href="${links.start}">${words.toOverview}</a></nav>
</article>`,
  });
}
