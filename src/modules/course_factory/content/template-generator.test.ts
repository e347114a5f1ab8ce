import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lessonsOf } from "./assemble.ts";
import type { CourseBrief } from "./generator.ts";
import {
  audiences,
  countWords,
  courseMetadata,
  type GenerationRequest,
  generationRequest,
  landingPage,
  languages,
  lessonContent,
  outline as outlineModel,
  quiz as quizModel,
} from "./model.ts";
import { bankingTemplateId, templateGenerator } from "./template-generator.ts";
import { cut, fill } from "./text.ts";
import { loadTexts } from "./texts/load.ts";

const courseId = "6f1f9f4e-2b47-4d0c-9a5e-0d7c3f1b2a10";

function briefFor(request: Partial<GenerationRequest> = {}): CourseBrief {
  return {
    course_id: courseId,
    created_at: "2026-11-21T08:00:00.000Z",
    request: generationRequest.parse({
      tenant_id: "tenant-1",
      title: "Zeit gut einteilen",
      description: "Wie man den Tag plant.",
      language: "de",
      target_audiences: ["employees", "parents"],
      ...request,
    }),
  };
}

async function wholeCourse(brief: CourseBrief) {
  const { outline, template_id } = await templateGenerator.outline(brief, null);
  const lessons = await Promise.all(
    lessonsOf(outline).map((_, index) => templateGenerator.lesson(brief, outline, index, null)),
  );
  const quiz = await templateGenerator.quiz(brief, outline, null);
  const page = await templateGenerator.landingPage(brief, outline, null);
  return { outline, template_id, lessons, quiz, page };
}

const words = fc.stringMatching(/^[\p{L}]{2,12}$/u);
const arbitraryRequest = fc.record({
  title: fc.oneof(
    fc.array(words, { minLength: 4, maxLength: 14 }).map((list) => list.join(" ").slice(0, 200)),
    fc.constant("Banking verstehen: Alternativen zu Banken"),
    fc.constant(`${"x".repeat(199)}{`),
    fc.constant("{topic} und {myth} $& $1 <b>"),
  ),
  description: fc.oneof(fc.constant("x"), fc.string({ unit: "grapheme", minLength: 1, maxLength: 1900 })),
  language: fc.constantFrom(...languages),
  target_audiences: fc.uniqueArray(fc.constantFrom(...audiences), { minLength: 1 }),
  full_lessons_count: fc.integer({ min: 1, max: 10 }),
});

describe("the template generator", () => {
  test("keeps every limit of the model for any request", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryRequest, async (input) => {
        const parsed = generationRequest.safeParse({ tenant_id: "t", ...input });
        fc.pre(parsed.success);
        const { outline, lessons, quiz, page } = await wholeCourse(briefFor(parsed.data));
        expect(() => outlineModel.parse(outline)).not.toThrow();
        for (const lesson of lessons) expect(() => lessonContent.parse(lesson)).not.toThrow();
        expect(quizModel.parse(quiz).questions).toHaveLength(15);
        expect(() => landingPage.parse(page)).not.toThrow();
      }),
      { numRuns: 60 },
    );
  });

  test("writes the same course for the same brief, ids included, and other ids for another course", async () => {
    const first = await wholeCourse(briefFor());
    expect(await wholeCourse(briefFor())).toEqual(first);
    const other = await wholeCourse({ ...briefFor(), course_id: "0b0f6a52-6d2c-4bb3-8b0e-5a1f6f0d9e21" });
    const ids = (course: typeof first) => lessonsOf(course.outline).map((lesson) => lesson.lesson_id);
    expect(ids(other).filter((id) => ids(first).includes(id))).toEqual([]);
  });

  test.each(["Alternativen zu Banken", "Digital Banking für alle", "Was Sparkassen leisten"])(
    "takes the banking outline for the title %s: 15 lessons, 310 minutes",
    async (title) => {
      const { outline, template_id } = await wholeCourse(briefFor({ title }));
      expect(template_id).toBe(bankingTemplateId);
      expect(outline.modules.map((part) => part.lessons.length)).toEqual([3, 4, 4, 4]);
      expect(outline.total_lessons).toBe(15);
      expect(outline.total_estimated_duration_minutes).toBe(310);
    },
  );

  test("takes the generic outline otherwise: 4 modules of 3 lessons, 20 minutes each", async () => {
    const { outline, template_id } = await wholeCourse(briefFor());
    expect(template_id).toBeNull();
    expect(outline.modules.map((part) => part.lessons.length)).toEqual([3, 3, 3, 3]);
    expect(outline.total_estimated_duration_minutes).toBe(240);
    expect(lessonsOf(outline).every((lesson) => lesson.estimated_duration_minutes === 20)).toBe(true);
  });

  test("plans the first lessons as full and the others with four points", async () => {
    const { outline } = await wholeCourse(briefFor({ full_lessons_count: 5 }));
    const lessons = lessonsOf(outline);
    expect(lessons.map((lesson) => lesson.status === "full")).toEqual(lessons.map((_, index) => index < 5));
    for (const lesson of lessons.slice(5)) expect(lesson.content_outline).toHaveLength(4);
  });

  const markers = {
    de: [" und ", " nicht ", "Lektion"],
    en: [" and ", " the ", " lesson "],
    fr: [" et ", " vous ", "leçon"],
    es: [" para ", " usted ", "lección"],
  } as const;

  describe.each(languages)("in %s", (language) => {
    const titles = {
      de: "Gut planen lernen",
      en: "Learning to plan",
      fr: "Apprendre à planifier",
      es: "Aprender a planificar",
    };
    const brief = (title: string) =>
      briefFor({ language, title, description: "2026.", target_audiences: [...audiences] });

    test.each([titles[language], `${titles[language]}: Banking`])(
      "every lesson of “%s” has its 300 words",
      async (title) => {
        const { lessons } = await wholeCourse(brief(title));
        for (const lesson of lessons) {
          const counted =
            lesson.content_markdown.match(/[\p{L}\p{N}]+(?:[’'.,-][\p{L}\p{N}]+)*/gu)?.length ?? 0;
          expect(counted).toBeGreaterThanOrEqual(300);
          expect(lesson.word_count).toBe(countWords(lesson.content_markdown));
          const headings = Object.values((await loadTexts(language)).headings);
          expect(lesson.content_markdown.match(/^## .+$/gm)).toEqual(
            headings.map((heading) => `## ${heading}`),
          );
        }
      },
    );

    test("speaks this language and no other", async () => {
      const course = JSON.stringify(await wholeCourse(brief(titles[language])));
      for (const other of languages) {
        for (const word of markers[other]) {
          expect(course.includes(word), `“${word}” of ${other}`).toBe(other === language);
        }
      }
    });

    test("leaves no placeholder unfilled", async () => {
      for (const title of [titles[language], `${titles[language]}: Banking`]) {
        expect(JSON.stringify(await wholeCourse(brief(title)))).not.toMatch(/\{[a-z]+\}/);
      }
    });

    test("has texts within the limits of quiz options, all different", async () => {
      const { generic, banking } = await loadTexts(language);
      for (const subject of [generic, banking]) {
        const statements = subject.flatMap((part) =>
          part.lessons.flatMap((item) => [item.insight, item.myth]),
        );
        expect(new Set(statements).size).toBe(statements.length);
        for (const statement of statements) expect(statement.length).toBeLessThanOrEqual(200);
        const titlesOfLessons = subject.flatMap((part) => part.lessons.map((item) => item.title));
        expect(new Set(titlesOfLessons).size).toBe(titlesOfLessons.length);
      }
    });
  });

  test("writes each lesson differently", async () => {
    const { lessons } = await wholeCourse(briefFor({ target_audiences: [...audiences] }));
    const sentences = (markdown: string) => new Set(markdown.split(/(?<=[.?!])\s+/));
    for (const [index, lesson] of lessons.entries()) {
      for (const other of lessons.slice(index + 1)) {
        const own = sentences(lesson.content_markdown);
        const shared = [...sentences(other.content_markdown)].filter((sentence) => own.has(sentence)).length;
        expect(shared / own.size).toBeLessThan(0.65);
      }
    }
  });

  test("asks about the course and not about banks", async () => {
    const { quiz } = await wholeCourse(briefFor({ title: "Gemüse im Garten ziehen" }));
    expect(JSON.stringify(quiz)).not.toMatch(/[Bb]ank|Sparkasse/);
    for (const item of quiz.questions) expect(item.question_text).toContain("Gemüse im Garten ziehen");
  });

  test("spreads the right answers over a to d and does not favour one", async () => {
    const { quiz } = await wholeCourse(briefFor());
    const counts = new Map<string, number>();
    for (const { correct_answer: answer } of quiz.questions)
      counts.set(answer, (counts.get(answer) ?? 0) + 1);
    expect([...counts.keys()].sort()).toEqual(["a", "b", "c", "d"]);
    for (const count of counts.values()) expect(count).toBeGreaterThanOrEqual(3);
  });

  test("marks the true statement as the right answer", async () => {
    const { quiz } = await wholeCourse(briefFor());
    const insights = (await loadTexts("de")).generic.flatMap((part) =>
      part.lessons.map((item) => item.insight),
    );
    for (const [index, item] of quiz.questions.slice(0, 12).entries()) {
      expect(item[`option_${item.correct_answer}`]).toBe(insights[index]);
    }
  });

  test("fills a landing page for a description of one letter", async () => {
    const { page } = await wholeCourse(briefFor({ description: "x" }));
    expect(page.hero_subtitle.length).toBeGreaterThanOrEqual(10);
    expect(page.value_proposition.length).toBeGreaterThanOrEqual(50);
    expect(page.sections.some((section) => section.kind === "hero")).toBe(true);
    expect(page.sections.some((section) => section.kind === "pricing")).toBe(false);
  });
});

describe("the models", () => {
  test("read the misspelt tone of old files and write the right one", () => {
    const metadata = {
      course_id: courseId,
      title: "Zeit gut einteilen",
      description: "x",
      language: "de",
      target_audiences: ["parents"],
      full_lessons_count: 3,
      created_at: "2026-11-21T08:00:00Z",
      updated_at: "2026-11-21T08:00:00Z",
    };
    expect(courseMetadata.parse({ ...metadata, tone: "professiona" }).tone).toBe("professional");
    expect(courseMetadata.parse(metadata).tone).toBe("sachlich");
    expect(courseMetadata.safeParse({ ...metadata, tone: "loud" }).success).toBe(false);
  });

  test.each([
    ["title", "too short"],
    ["title", "x".repeat(201)],
    ["description", ""],
    ["description", "x".repeat(2001)],
    ["description", "null\u0000byte"],
    ["description", "half \ud83d pair"],
    ["language", "it"],
    ["target_audiences", []],
    ["target_audiences", ["parents", "parents"]],
    ["target_audiences", ["everybody"]],
    ["full_lessons_count", 0],
    ["full_lessons_count", 11],
    ["full_lessons_count", 2.5],
    ["staging_domain", "https://example.org"],
    ["staging_domain", "a b"],
    ["tenant_id", ""],
    ["webgenesis_theme", "x"],
  ])("refuse %s = %j", (field, value) => {
    const valid = briefFor().request;
    const result = generationRequest.safeParse({ ...valid, [field]: value });
    expect(result.success).toBe(false);
  });

  test("make a title one line", () => {
    expect(generationRequest.parse({ ...briefFor().request, title: "  Zeit\n gut\t einteilen " }).title).toBe(
      "Zeit gut einteilen",
    );
  });

  test("run dry and write three lessons unless the request says otherwise", () => {
    expect(briefFor().request).toMatchObject({
      dry_run: true,
      full_lessons_count: 3,
      generate_quiz: true,
      generate_landing_page: true,
      deploy_to_staging: false,
    });
  });
});

describe("text", () => {
  test("is filled once, so that a value cannot bring in another placeholder", () => {
    expect(fill("{a} {b} {c}", { a: "{b}", b: "$&" })).toBe("{b} $& {c}");
  });

  test("is cut without breaking a character", () => {
    expect(cut("ab😀cd", 4)).toBe("ab…");
    expect(cut("abcd", 4)).toBe("abcd");
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 40 }), (value, max) => {
        const result = cut(value, max);
        expect(result.length).toBeLessThanOrEqual(max);
        expect(result.isWellFormed()).toBe(value.isWellFormed() || result.isWellFormed());
      }),
    );
  });
});
