import { describe, expect, test } from "vitest";
import { createRequest, listQuery, microNicheRequest, updateRequest } from "./model.ts";

const valid = {
  course_id: "3f2a9c10-7b44-4d3e-9a51-0c5d8e6f7a21",
  slug: "bank-alternatives",
  language: "de",
  title: "Alternativen zu Banken",
  description: "Wie man Geld ohne Bank verwaltet, Schritt für Schritt und für alle.",
  target_group: ["students"],
  seo: {
    meta_title: "Alternativen zu Banken",
    meta_description: "Wie man Geld ohne Bank verwaltet, Schritt für Schritt und für alle.",
  },
  cta: { label: "Jetzt starten", action: "open_course" },
};

const refusedPath = (input: unknown, schema: typeof createRequest | typeof updateRequest = createRequest) =>
  schema.safeParse(input).error?.issues.map((issue) => issue.path.join(".")) ?? [];

describe("create request", () => {
  test("is completed with version, keywords, image, alternates and url", () => {
    expect(createRequest.parse(valid)).toMatchObject({
      version: "v1",
      seo: { keywords: [], og_image_url: null, hreflang_alternates: {} },
      cta: { url: null },
    });
  });

  test.each([
    ["slug", { slug: "abcd" }],
    ["slug", { slug: "a".repeat(101) }],
    ["slug", { slug: "Bank-Alternatives" }],
    ["slug", { slug: "bank--alternatives" }],
    ["slug", { slug: "-bank-alternatives" }],
    ["language", { language: "deu" }],
    ["language", { language: "de-at" }],
    ["title", { title: "Too short" }],
    ["title", { title: "t".repeat(201) }],
    ["title", { title: "           x           " }],
    ["title", { title: "Nul \u0000 is not storable" }],
    ["title", { title: "Half a pair \ud83d here" }],
    ["title", { title: "😀😀😀😀😀" }],
    ["description", { description: "d".repeat(49) }],
    ["description", { description: "d".repeat(1001) }],
    ["target_group", { target_group: "students" }],
    ["version", { version: "1.0" }],
    ["course_id", { course_id: "" }],
    ["seo.meta_title", { seo: { ...valid.seo, meta_title: "t".repeat(61) } }],
    ["seo.meta_description", { seo: { ...valid.seo, meta_description: "short" } }],
    ["seo.keywords", { seo: { ...valid.seo, keywords: Array.from({ length: 11 }, () => "word") } }],
    ["seo.og_image_url", { seo: { ...valid.seo, og_image_url: "javascript:alert(1)" } }],
    ["seo.hreflang_alternates.en", { seo: { ...valid.seo, hreflang_alternates: { en: "/relative" } } }],
    ["cta.label", { cta: { ...valid.cta, label: "Go" } }],
    ["cta.action", { cta: { ...valid.cta, action: "buy" } }],
    ["cta.url", { cta: { ...valid.cta, url: "data:text/html,x" } }],
  ])("refuses %s in %j", (path, change) => {
    expect(refusedPath({ ...valid, ...change })).toEqual([path]);
  });

  test("refuses what it does not know", () => {
    expect(createRequest.safeParse({ ...valid, view_count: 5 }).success).toBe(false);
    expect(createRequest.safeParse({ ...valid, seo: { ...valid.seo, robots: "all" } }).success).toBe(false);
  });

  test.each(Object.keys(valid))("needs %s", (field) => {
    const { [field as keyof typeof valid]: _, ...rest } = valid;
    expect(refusedPath(rest)).toEqual([field]);
  });

  test("takes letters of all languages, and line breaks in the description", () => {
    const description = "第一行。第二行。\nWie man Geld ohne Bank verwaltet — schrittweise erklärt.";
    expect(createRequest.parse({ ...valid, description }).description).toBe(description);
  });
});

describe("update request", () => {
  test("takes single fields and refuses those that only events change", () => {
    expect(updateRequest.parse({ visibility: "unlisted" })).toEqual({ visibility: "unlisted" });
    for (const field of ["version", "staging_url", "view_count", "course_id", "published_at"]) {
      expect(updateRequest.safeParse({ [field]: "x" }).success, field).toBe(false);
    }
  });
});

describe("micro-niche request", () => {
  test("needs the parent only", () => {
    expect(microNicheRequest.parse({ parent_course_id: "dist_0123456789abcdef" }).derived_content).toEqual({
      title_override: null,
      description_override: null,
      target_group_override: null,
      example_replacements: {},
      module_filters: null,
      additional_context: null,
    });
  });
});

describe("list query", () => {
  test.each(["0", "101", "-1", "1.5", "ten", ""])("refuses the limit %j", (limit) => {
    expect(listQuery.safeParse({ limit }).success).toBe(false);
  });

  test("reads the limit as a number and leaves it open when absent", () => {
    expect(listQuery.parse({ limit: "100" }).limit).toBe(100);
    expect(listQuery.parse({}).limit).toBeUndefined();
  });
});
