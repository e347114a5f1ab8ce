import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { CourseBrief } from "../content/generator.ts";
import { generationRequest, languages, type Outline } from "../content/model.ts";
import { templateGenerator, templateLandingPage } from "../content/template-generator.ts";
import { loadTexts } from "../content/texts/load.ts";
import { newStagingToken, stagingAddress, stagingTokenShape } from "../staging/token.ts";
import { customColors } from "./model.ts";
import { requestedVersion, versionNumber } from "./preview.ts";
import { buildSections, excerptOf } from "./sections.ts";
import { fitted, seoPackOf } from "./seo.ts";
import { findTheme, themes, themeWith } from "./themes.ts";

function briefFor(fields: Readonly<Record<string, unknown>> = {}): CourseBrief {
  return {
    course_id: "6f1f9f4e-2b47-4d0c-9a5e-0d7c3f1b2a10",
    created_at: "2026-11-21T08:00:00.000Z",
    request: generationRequest.parse({
      tenant_id: "tenant-1",
      title: "Zeit gut einteilen",
      description: "Wie man den Tag plant.",
      language: "de",
      target_audiences: ["employees"],
      ...fields,
    }),
  };
}

async function outlineFor(fields: Readonly<Record<string, unknown>> = {}): Promise<Outline> {
  return (await templateGenerator.outline(briefFor(fields), null)).outline;
}

describe("themes", () => {
  test("are three, and unknown ones are none", () => {
    expect(themes.map(({ theme_id, colors }) => [theme_id, colors.primary, colors.secondary])).toEqual([
      ["course-minimal", "#0066cc", "#6c757d"],
      ["course-professional", "#1a237e", "#455a64"],
      ["course-modern", "#6200ea", "#03dac6"],
    ]);
    expect(findTheme("toString")).toBeNull();
  });

  test("stay as they are when a course has colours of its own", () => {
    const [first] = themes;
    if (first === undefined) throw new Error("no theme");
    const own = themeWith(first, { accent: "#000000" });
    expect(own.colors).toEqual({ primary: "#0066cc", secondary: "#6c757d", accent: "#000000" });
    expect(findTheme("course-minimal")?.colors.accent).not.toBe("#000000");
    expect(() => Object.assign(first.colors, { accent: "#000000" })).toThrow(TypeError);
  });

  test("take colours as #rrggbb only", () => {
    expect(customColors.parse({ accent: "#AbCdEf" })).toEqual({ accent: "#abcdef" });
    for (const wrong of [{}, { accent: "red" }, { accent: "#fff" }, { shadow: "#000000" }]) {
      expect(customColors.safeParse(wrong).success).toBe(false);
    }
  });
});

describe("the sections of a page", () => {
  test.each(languages)("stand in their places (%s)", async (language) => {
    const brief = briefFor({ language, full_lessons_count: 5 });
    const { outline } = await templateGenerator.outline(brief, null);
    const page = templateLandingPage(brief, outline, await loadTexts(brief.request.language));
    const sections = buildSections({ outline, page, textOf: () => "Some text." });
    expect(sections.map(({ kind, order_index }) => [kind, order_index])).toEqual([
      ["hero", 0],
      ["syllabus", 1],
      ["lesson_preview", 2],
      ["lesson_preview", 3],
      ["lesson_preview", 4],
      ["faq", 100],
      ["cta", 200],
      ["footer", 999],
    ]);
    expect(new Set(sections.map(({ section_id }) => section_id)).size).toBe(sections.length);
    expect(JSON.stringify(sections)).not.toMatch(/\{(course|lessons|minutes)\}/);
  });

  test("show lessons that have a text, and no more than there are", async () => {
    const brief = briefFor({ full_lessons_count: 2 });
    const { outline } = await templateGenerator.outline(brief, null);
    const page = templateLandingPage(brief, outline, await loadTexts(brief.request.language));
    const shown = (textOf: () => string | null) =>
      buildSections({ outline, page, textOf }).filter(({ kind }) => kind === "lesson_preview");
    expect(shown(() => "text")).toHaveLength(2);
    expect(shown(() => null)).toHaveLength(0);
  });
});

describe("an excerpt", () => {
  test("is plain text without headings, lists, emphasis, links and code", () => {
    const markdown =
      "# Title\n\n## Overview\n\nSome **bold** and `code` [link](https://x.example/) text.\n\n- item\n2. second\n\n```js\nlet x;\n```\n\nEnd.";
    expect(excerptOf(markdown, 300)).toBe("Some bold and code link text. item second End.");
    expect(excerptOf("a\n```\nnever closed", 300)).toBe("a");
  });

  test("ends behind a word and says that there is more", () => {
    expect(excerptOf("one two three", 13)).toBe("one two three");
    expect(excerptOf("one two three", 12)).toBe("one two…");
    expect(excerptOf("x".repeat(20), 10)).toBe(`${"x".repeat(9)}…`);
    expect(excerptOf(`${"x".repeat(8)}😀${"x".repeat(9)}`, 10)).toBe(`${"x".repeat(8)}…`);
  });

  test("is never longer than allowed and never broken text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 600 }), (text) => {
        const excerpt = excerptOf(text, 300);
        expect(excerpt.length).toBeLessThanOrEqual(300);
        if (text.isWellFormed()) expect(excerpt.isWellFormed()).toBe(true);
      }),
    );
  });

  test("is quick for hostile Markdown", () => {
    const started = performance.now();
    for (const text of [
      "`".repeat(300_000),
      "**a ".repeat(75_000),
      "[".repeat(300_000),
      "~~~\n".repeat(75_000),
    ]) {
      excerptOf(text, 300);
    }
    // Quadratic time would be minutes.
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

describe("the texts for search engines", () => {
  const bounds = [
    ["meta_title", 10, 70],
    ["meta_description", 50, 160],
    ["og_title", 10, 70],
    ["og_description", 50, 200],
    ["twitter_title", 10, 70],
    ["twitter_description", 50, 200],
  ] as const;

  test.each(languages)("keep their limits for any title and description (%s)", async (language) => {
    for (const title of ["Zehn Teile", "x".repeat(200), "Kurs ".repeat(30)]) {
      for (const description of ["x", "y".repeat(2000), "Ein Satz. ".repeat(30)]) {
        const pack = seoPackOf(await outlineFor({ language, title, description }), []);
        for (const [field, min, max] of bounds) {
          expect(pack[field].length).toBeGreaterThanOrEqual(min);
          expect(pack[field].length).toBeLessThanOrEqual(max);
        }
        expect(pack.keywords.length).toBeLessThanOrEqual(10);
        expect(pack.robots).toBe("index, follow");
      }
    }
  });

  test("complete a short text in the language of the course", async () => {
    const pack = seoPackOf(await outlineFor({ language: "fr", description: "Court." }), []);
    expect(pack.meta_description).toBe(
      "Court. Un cours en ligne avec des leçons, des exemples et des exercices.",
    );
    expect(fitted("", 10, 20, "ab")).toBe("ab ab ab ab");
  });

  test("take the keywords of the author, each once, or else words of the course", async () => {
    const outline = await outlineFor();
    expect(seoPackOf(outline, ["Zeit", "zeit", "Plan"]).keywords).toEqual(["Zeit", "Plan"]);
    expect(seoPackOf(outline, []).keywords).toContain("Zeit");
    expect(
      seoPackOf(
        outline,
        Array.from({ length: 30 }, (_, n) => `word${n}`),
      ).keywords,
    ).toHaveLength(10);
  });

  test("describe the course after schema.org, so that no text of it can end the script element", async () => {
    const title = "Tags </script><script>alert(1)</script> & <!-- more";
    const pack = seoPackOf(await outlineFor({ title }), []);
    expect(pack.json_ld).toMatchObject({ "@context": "https://schema.org", "@type": "Course", name: title });
    const inner = pack.json_ld_script.slice(
      '<script type="application/ld+json">'.length,
      -"</script>".length,
    );
    expect(inner).not.toMatch(/[<>&]/);
    expect(JSON.parse(inner)).toEqual(pack.json_ld);
  });
});

describe("the address of a preview", () => {
  test("is below the staging path, under the public origin or else the staging domain", () => {
    const courseId = "6f1f9f4e-2b47-4d0c-9a5e-0d7c3f1b2a10";
    const domain = "course-factory.staging";
    const address = (publicUrl: string | null) =>
      stagingAddress({ publicUrl, domain }, courseId, "abcd", "2.1.0");
    expect(address("http://127.0.0.1:8787")).toBe(`http://127.0.0.1:8787/staging/${courseId}/abcd/v2/`);
    expect(address(null)).toBe(`https://${domain}/staging/${courseId}/abcd/v2/`);
  });

  test("holds 160 bits that nobody can guess, as letters", () => {
    const tokens = Array.from({ length: 100 }, newStagingToken);
    expect(new Set(tokens).size).toBe(100);
    for (const token of tokens) expect(token).toMatch(stagingTokenShape);
  });

  test.each([
    ["latest", 3],
    ["3", 3],
    ["v3", 3],
    ["3.1.0", 3],
    ["2", null],
    ["v3.0.0", null],
    ["", null],
    ["toString", null],
  ])("takes version %s of a course at 3.1.0 for %s", (asked, expected) => {
    expect(requestedVersion(asked, "3.1.0")).toBe(expected);
    expect(versionNumber("3.1.0")).toBe(3);
  });
});
