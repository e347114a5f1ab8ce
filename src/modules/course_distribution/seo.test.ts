import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { catalogueDescription, catalogueTitle, codePoints, defaultCta, defaultSeo } from "./seo.ts";

const anyText = fc.string({ unit: "binary", maxLength: 1200 });
const anyLanguage = fc.constantFrom("de", "en", "fr", "es", "de-AT", "it");

/** Both measures: Postgres counts code points, the charter's limits count UTF-16 units. */
function expectWithin(text: string, min: number, max: number): void {
  expect(codePoints(text)).toBeGreaterThanOrEqual(min);
  expect(text.length).toBeLessThanOrEqual(max);
  expect(text.isWellFormed()).toBe(true);
  expect(text).not.toMatch(/\p{Cc}/u);
}

describe("search texts", () => {
  test("are the title and the description when these fit", () => {
    const description = "How to manage money without a bank, step by step and for everybody.";
    expect(defaultSeo("Alternatives to banks", description, "en")).toEqual({
      meta_title: "Alternatives to banks",
      meta_description: description,
      keywords: [],
      og_image_url: null,
      hreflang_alternates: {},
    });
  });

  test("are cut at 60 and 160 characters", () => {
    const seo = defaultSeo("t".repeat(80), "d".repeat(500), "en");
    expect(seo.meta_title).toBe("t".repeat(60));
    expect(seo.meta_description).toBe("d".repeat(160));
  });

  test("are completed in the language of the course when they are short", () => {
    expect(defaultSeo("Geld", "Kurz.", "de").meta_title).toBe("Geld Online-Kurs");
    expect(defaultSeo("Geld", "Kurz.", "de").meta_description).toBe(
      "Kurz. Ein Online-Kurs mit Lektionen, Beispielen und Übungen.",
    );
  });

  test("keep their limits for every title and description", () => {
    fc.assert(
      fc.property(anyText, anyText, anyLanguage, (title, description, language) => {
        const seo = defaultSeo(title, description, language);
        expectWithin(seo.meta_title, 10, 60);
        expectWithin(seo.meta_description, 50, 160);
        expectWithin(catalogueTitle(title, language), 10, 200);
        expectWithin(catalogueDescription(description, language), 50, 1000);
      }),
      { numRuns: 300 },
    );
  });

  test("never end in half of an emoji", () => {
    const seo = defaultSeo(`${"a".repeat(59)}😀`, "d".repeat(60), "en");
    expect(seo.meta_title).toBe("a".repeat(59));
  });
});

describe("call to action", () => {
  test("opens the course, in the language of the course", () => {
    expect(defaultCta("de-AT", null)).toEqual({ label: "Jetzt starten", action: "open_course", url: null });
    expect(defaultCta("it", { mode: "open" }).label).toBe("Start now");
    const paid = { mode: "paid" as const, price_cents: 4_900, currency: "EUR", free_lessons: 1 };
    expect(defaultCta("es", paid).label).toBe("Comprar ahora");
  });
});
