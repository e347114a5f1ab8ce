import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSlug, slugCandidates, slugify, variantSlug, withIdSuffix } from "./slug.ts";

const courseId = "3f2a9c10-7b44-4d3e-9a51-0c5d8e6f7a21";

describe("slugify", () => {
  test.each([
    ["Alternativen zu Banken & Sparkassen", "alternativen-zu-banken-sparkassen"],
    ["Größe, Überblick und Öl", "groesse-ueberblick-und-oel"],
    ["GRÖSSE UND ÄRGER", "groesse-und-aerger"],
    ["Grün, zerlegt geschrieben".normalize("NFD"), "gruen-zerlegt-geschrieben"],
    ["L'été à la française: œuvre", "lete-a-la-francaise-oeuvre"],
    ["¿Cómo enseñar español?", "como-ensenar-espanol"],
    ["Ærø og Łódź — đong", "aero-og-lodz-dong"],
    ["snake_case  and   spaces", "snake-case-and-spaces"],
    ["TypeScript 5.9 – was ist neu?", "typescript-59-was-ist-neu"],
    ["--- Rand ---", "rand-course"],
    ["İstanbul rehberi", "istanbul-rehberi"],
    ["Finance", "finance"],
  ])("turns %j into %j", (title, expected) => {
    expect(slugify(title)).toBe(expected);
  });

  test("gives a title without Latin letters a slug of its own", () => {
    expect(slugify("数据 课程")).toBe("course");
    expect(slugify("💥!?")).toBe("course");
  });

  test("makes a short title long enough", () => {
    expect(slugify("AI")).toBe("ai-course");
  });

  test("cuts a long title at 100 characters and leaves no hyphen at the end", () => {
    const slug = slugify(`${"a".repeat(99)} bcd`);
    expect(slug).toBe("a".repeat(99));
    expect(slugify("word ".repeat(60))).toHaveLength(99);
  });

  test("gives every text a valid slug, and the same one each time", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (title) => {
        const slug = slugify(title);
        expect(isSlug(slug)).toBe(true);
        expect(slugify(title)).toBe(slug);
      }),
      { numRuns: 500 },
    );
  });

  test("leaves a valid slug as it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 150 }), (title) => {
        expect(slugify(slugify(title))).toBe(slugify(title));
      }),
    );
  });
});

describe("slug of a course", () => {
  test("is tried with the title alone, then with parts of the course id", () => {
    expect(slugCandidates("Alternativen zu Banken", courseId)).toEqual([
      "alternativen-zu-banken",
      "alternativen-zu-banken-3f2a9c10",
      "alternativen-zu-banken-3f2a9c107b444d3e9a510c5d8e6f7a21",
    ]);
  });

  test("has only valid candidates, whatever the title and the id", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 250 }), fc.string({ minLength: 1, maxLength: 100 }), (title, id) => {
        for (const slug of slugCandidates(title, id)) expect(isSlug(slug)).toBe(true);
      }),
    );
  });

  test("differs for two courses with one title, also when the title fills the slug", () => {
    const long = "a".repeat(100);
    const other = "b7e1f204-1111-4222-8333-444455556666";
    expect(withIdSuffix(long, courseId, 8)).toHaveLength(100);
    expect(withIdSuffix(long, courseId, 8)).not.toBe(withIdSuffix(long, other, 8));
  });
});

describe("slug of a variant", () => {
  test("is the parent's and the first audience", () => {
    expect(variantSlug("bank-alternatives", ["self_employed", "students"])).toBe(
      "bank-alternatives-self-employed",
    );
    expect(variantSlug("bank-alternatives", ["Ältere Menschen"])).toBe("bank-alternatives-aeltere-menschen");
  });

  test("says variant when no audience can be written", () => {
    expect(variantSlug("bank-alternatives", [])).toBe("bank-alternatives-variant");
    expect(variantSlug("bank-alternatives", ["数据"])).toBe("bank-alternatives-variant");
  });

  test("is valid for every parent and audience", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 200 }),
        fc.array(fc.string(), { maxLength: 2 }),
        (title, audience) => {
          expect(isSlug(variantSlug(slugify(title), audience))).toBe(true);
        },
      ),
    );
  });
});
