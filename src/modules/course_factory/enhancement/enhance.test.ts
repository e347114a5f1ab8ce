import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { lessonsOf } from "../content/assemble.ts";
import type { CourseBrief, EnhancementOrder } from "../content/generator.ts";
import { audiences, generationRequest, languages } from "../content/model.ts";
import { templateGenerator } from "../content/template-generator.ts";
import { loadTexts } from "../content/texts/load.ts";
import { enhanceLesson } from "./enhance.ts";
import { type EnhancementType, enhancementTypes, flashcard } from "./model.ts";
import { additionsOf, additionsSchema, additionsTask } from "./openai-enhancer.ts";
import { weave } from "./weave.ts";

const headings = (await loadTexts("en")).headings;

function briefFor(fields: Readonly<Record<string, unknown>>): CourseBrief {
  return {
    course_id: "6f1f9f4e-2b47-4d0c-9a5e-0d7c3f1b2a10",
    created_at: "2026-11-21T08:00:00.000Z",
    request: generationRequest.parse({
      tenant_id: "tenant-1",
      title: "Managing time well",
      description: "How to plan a day.",
      language: "en",
      target_audiences: ["employees"],
      ...fields,
    }),
  };
}

function orderFor(markdown: string, types: readonly EnhancementType[]): EnhancementOrder {
  return { types, markdown, temperature: 0.7, maxTokens: 2000 };
}

/** One lesson of a course of templates, enhanced. */
async function enhanced(brief: CourseBrief, index: number, types: readonly EnhancementType[]) {
  const { outline } = await templateGenerator.outline(brief, null);
  const { content_markdown: markdown } = await templateGenerator.lesson(brief, outline, index, null);
  const order = orderFor(markdown, types);
  const additions = await templateGenerator.enhance(brief, outline, index, order, null);
  const lesson = lessonsOf(outline)[index];
  if (lesson === undefined) throw new Error(`no lesson ${index}`);
  return { markdown, additions, result: await enhanceLesson(brief, lesson, order, additions, true) };
}

describe("weaving paragraphs into a lesson", () => {
  const lesson =
    "# Title\n\n## Main part\n\nBody.\n\n## Examples\n\n- one\n\n## Summary\n\nShort.\n\n## Disclaimer\n\nNone.\n";

  test("puts each at the end of its section and keeps every line of the lesson", () => {
    const paragraphs = { examples: "EX", summaries: "SUM", analogies: "AN" };
    expect(weave(lesson, paragraphs, headings)).toBe(
      "# Title\n\n## Main part\n\nBody.\n\nAN\n\n## Examples\n\n- one\n\nEX\n\n## Summary\n\nShort.\n\nSUM\n\n## Disclaimer\n\nNone.\n",
    );
  });

  test("puts it before the last section of a lesson with other sections, and at the end of one without", () => {
    expect(weave("# A\n\ntext\n\n# B\n\nend", { examples: "EX" }, headings)).toBe(
      "# A\n\ntext\n\nEX\n\n# B\n\nend",
    );
    expect(weave("# A\n\ntext\n", { examples: "EX" }, headings)).toBe("# A\n\ntext\n\nEX\n");
    expect(weave("text", { examples: "EX" }, headings)).toBe("text\n\nEX");
  });

  test("takes a heading inside of code for code", () => {
    const code = "# A\n\n```\n## Examples\n```\n\n## Examples ##\n\nreal\n";
    expect(weave(code, { examples: "EX" }, headings)).toBe(
      "# A\n\n```\n## Examples\n```\n\n## Examples ##\n\nreal\n\nEX\n",
    );
  });

  test("keeps sub-sections together with their section", () => {
    const nested = "## Examples\n\n### First\n\na\n\n## Summary\n\nb\n";
    expect(weave(nested, { examples: "EX" }, headings)).toBe(
      "## Examples\n\n### First\n\na\n\nEX\n\n## Summary\n\nb\n",
    );
  });

  test("changes nothing when there is nothing to add", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(weave(text, {}, headings)).toBe(text);
      }),
    );
  });
});

describe("enhancements of the templates", () => {
  const requests = languages.flatMap((language) =>
    ["Zeit gut einteilen", "Alternativen zu Banken"].map((title) => [language, title] as const),
  );

  test.each(requests)("pass the checks for every lesson (%s, %s)", async (language, title) => {
    for (const target_audiences of [["employees"], ["parents", "students"], [...audiences]]) {
      const brief = briefFor({ language, title, target_audiences });
      for (let index = 0; index < 12; index += 1) {
        const { result, markdown, additions } = await enhanced(brief, index, enhancementTypes);
        expect(result.problems).toEqual([]);
        expect(result.flashcards).toHaveLength(3);
        for (const card of result.flashcards) expect(flashcard.parse(card)).toEqual(card);
        expect(new Set(result.flashcards.map((card) => card.question)).size).toBe(3);
        const added = Object.values(additions.paragraphs);
        expect(added).toHaveLength(3);
        for (const paragraph of added) {
          expect(paragraph).not.toMatch(/[{}\n]/);
          expect(markdown).not.toContain(paragraph);
          expect(result.markdown).toContain(paragraph);
        }
        const removed = result.diff.match(/^-(?!--)/gm);
        expect(removed).toBeNull();
      }
    }
  });

  test("fit the limits for titles and descriptions of any length", async () => {
    for (const title of ["x".repeat(200), "{lesson} {about} $& <b>"]) {
      const { result } = await enhanced(briefFor({ title, description: "y".repeat(2000) }), 0, [
        "flashcards",
      ]);
      expect(result.flashcards).toHaveLength(3);
      expect(result.diff).toBe("");
    }
  });

  test("make only what was asked for", async () => {
    const { additions, result } = await enhanced(briefFor({}), 1, ["summaries"]);
    expect(Object.keys(additions.paragraphs)).toEqual(["summaries"]);
    expect(additions.flashcards).toEqual([]);
    expect(result.diff.match(/^\+(?!\+\+)./gm)).toHaveLength(1);
  });

  test("have the same fingerprint for the same, in whatever order the types come, and another for others", async () => {
    const brief = briefFor({});
    const one = await enhanced(brief, 0, ["examples", "summaries"]);
    const same = await enhanced(brief, 0, ["summaries", "examples"]);
    const other = await enhanced(brief, 0, ["summaries"]);
    expect(one.result.fingerprint).toBe(same.result.fingerprint);
    expect(one.result.fingerprint).not.toBe(other.result.fingerprint);
    expect(one.result.diffHash).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe("a text that breaks a rule", () => {
  test("is reported when it is to be checked, and only then", async () => {
    const brief = briefFor({});
    const { outline } = await templateGenerator.outline(brief, null);
    const [lesson] = lessonsOf(outline);
    if (lesson === undefined) throw new Error("no lesson");
    const order = orderFor("# A\n\nshort\n", ["examples"]);
    const additions = { paragraphs: { examples: "far too long for such a lesson" }, flashcards: [] };
    const checked = await enhanceLesson(brief, lesson, order, additions, true);
    expect(checked.problems).toEqual([expect.stringContaining("grew by")]);
    expect((await enhanceLesson(brief, lesson, order, additions, false)).problems).toEqual([]);
  });
});

describe("what a content service answers", () => {
  const card = {
    question: "What is it about?",
    answer: "It is about time.",
    difficulty: "easy",
    keywords: [],
  };

  test("has to hold what was asked for; the rest is dropped", () => {
    const schema = additionsSchema({ types: ["examples", "flashcards"] });
    expect(schema.safeParse({ flashcards: [card, card, card] }).success).toBe(false);
    const answer = schema.parse({
      examples: "One example\nover two\u0000 lines, no more.",
      summaries: 7,
      flashcards: [card, card, card],
    });
    expect(additionsOf(answer)).toEqual({
      paragraphs: { examples: "One example over two lines, no more." },
      flashcards: [card, card, card],
    });
  });

  test("has exactly three flashcards within their limits", () => {
    const schema = additionsSchema({ types: ["flashcards"] });
    expect(schema.safeParse({ flashcards: [card, card] }).success).toBe(false);
    expect(schema.safeParse({ flashcards: [card, card, { ...card, question: "short" }] }).success).toBe(
      false,
    );
  });

  test("is asked for with the lesson as data", async () => {
    const { outline } = await templateGenerator.outline(briefFor({}), null);
    const task = additionsTask(outline, 0, orderFor('text "in quotes"', ["analogies", "flashcards"]));
    expect(task).toContain(String.raw`text \"in quotes\"`);
    expect(task.split("\n").at(-1)).toMatch(/"analogies".*"flashcards"/);
    expect(task).not.toContain('"examples"');
  });
});
