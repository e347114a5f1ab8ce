import { describe, expect, test } from "vitest";
import { newNonce } from "../../pages/document.ts";
import { jsonForScript } from "../../pages/json-for-script.ts";
import type { MadeCourse } from "../ports/course-showcase.ts";
import type { Distribution } from "./model.ts";
import { coursePage, nextStepsPage, pageHeaders } from "./page.ts";
import { type PageFacts, publicPage } from "./public-page.ts";
import { defaultSeo } from "./seo.ts";

const at = new Date("2026-11-21T10:00:00.000Z");
const hostile = `</script><script>alert(1)</script>`;
const attribute = `" onmouseover="alert(1)`;

function entry(overrides: Partial<Distribution> = {}): Distribution {
  return {
    distributionId: "dist_0123456789abcdef",
    courseId: "3f2a9c10-7b44-4d3e-9a51-0c5d8e6f7a21",
    tenantId: null,
    slug: "bank-alternatives",
    language: "de-AT",
    title: "Alternativen zu Banken",
    description: "Wie man Geld ohne Bank verwaltet, Schritt für Schritt & für alle.",
    targetGroup: ["students", "parents"],
    version: "v2",
    derivedFrom: null,
    derivedContent: null,
    seo: {
      meta_title: "Alternativen zu Banken",
      meta_description: "Wie man Geld ohne Bank verwaltet, Schritt für Schritt & für alle.",
      keywords: ["Geld", "Banken"],
      og_image_url: "https://cdn.example/og.png",
      hreflang_alternates: { en: "https://courses.example/en?a=1&b=2" },
    },
    cta: { label: "Jetzt starten", action: "open_course", url: null },
    visibility: "public",
    publishedAt: at,
    stagingUrl: "https://staging.example/secret",
    stagingDeployedAt: at,
    createdAt: at,
    updatedAt: at,
    viewCount: 1,
    enrollmentCount: 0,
    countedMinute: null,
    countedInMinute: 0,
    untoldViews: 0,
    untoldClicks: 0,
    ...overrides,
  };
}

const canonicalUrl = "https://courses.example/api/courses/public/bank-alternatives/page";
const facts = (row: Distribution, more: Partial<PageFacts> = {}): PageFacts => ({
  row,
  access: null,
  made: null,
  outline: { modules: [], total_chapters: 0, total_duration_minutes: null },
  translations: Object.entries(row.seo.hreflang_alternates).map(([language, url]) => ({ language, url })),
  certificates: true,
  ...more,
});
const madeHere: MadeCourse = {
  language: "de",
  title: "Alternativen zu Banken",
  description: "Wie man Geld ohne Bank verwaltet.",
  audiences: ["students"],
  theme: { primary: "#0066cc", secondary: "#6c757d", accent: "#ffc107" },
  landing: {
    subtitle: "Ein Kurs",
    valueTitle: "Was gelernt wird",
    value: "Alles Wichtige.",
    forWhomTitle: "Für wen?",
    forWhom: ["Für alle"],
    notForWhomTitle: "Für wen nicht?",
    notForWhom: ["Für niemanden"],
    features: ["Beispiele"],
    disclaimer: "Ohne Gewähr.",
  },
  modules: [],
  lessonsCount: 0,
  minutes: 0,
  previews: [],
  faq: [],
  faqTitle: null,
  questionsCount: 0,
  search: { meta_title: "Made for search", meta_description: "Made for search engines.", keywords: ["made"] },
};
const buttonPath = "/api/courses/public/bank-alternatives/track-enrollment";
const render = (row: Distribution, more: Partial<PageFacts> = {}) =>
  coursePage({ ...facts(row, more), canonicalUrl, buttonPath, nonce: "n0nce" });

function structuredDataOf(page: string): Record<string, unknown> {
  const match = /<script type="application\/ld\+json">(.*?)<\/script>/s.exec(page);
  return JSON.parse(match?.[1] ?? "null") as Record<string, unknown>;
}

describe("course page", () => {
  test("carries language, search, social and alternate data", async () => {
    const page = await render(entry());
    expect(page).toContain('<html lang="de-AT">');
    expect(page).toContain("<title>Alternativen zu Banken</title>");
    expect(page).toContain(`<link rel="canonical" href="${canonicalUrl}">`);
    expect(page).toContain('hreflang="en" href="https://courses.example/en?a=1&amp;b=2"');
    expect(page).toContain('<meta property="og:locale" content="de_AT">');
    expect(page).toContain('<meta property="og:image" content="https://cdn.example/og.png">');
    expect(page).toContain('<meta name="twitter:card" content="summary_large_image">');
    expect(page).toContain(`<form method="post" action="${buttonPath}">`);
    expect(page).toContain("Schritt für Schritt &amp; für alle.");
  });

  test("describes the course for machines without HTML escapes in the JSON", async () => {
    expect(structuredDataOf(await render(entry()))).toMatchObject({
      "@context": "https://schema.org",
      "@type": "Course",
      name: "Alternativen zu Banken",
      description: "Wie man Geld ohne Bank verwaltet, Schritt für Schritt & für alle.",
      url: canonicalUrl,
      inLanguage: "de-AT",
      datePublished: "2026-11-21T10:00:00.000Z",
    });
  });

  test("shows nothing of the staging deployment", async () => {
    expect(await render(entry())).not.toContain("staging.example");
  });

  test("keeps an unlisted entry out of search engines and a public one in", async () => {
    expect(await render(entry({ visibility: "unlisted" }))).toContain(
      '<meta name="robots" content="noindex">',
    );
    expect(await render(entry())).not.toContain("noindex");
  });

  test.each([hostile, attribute, "<!--<script>", "<img src=x onerror=alert(1)>", "]]>\u2028\u2029"])(
    "is harmless when every text is %j",
    async (text) => {
      const page = await render(
        entry({
          title: text,
          description: text,
          targetGroup: [text],
          version: text,
          seo: {
            meta_title: text,
            meta_description: text,
            keywords: [text],
            og_image_url: `https://cdn.example/${text}`,
            hreflang_alternates: { en: `https://courses.example/${text}` },
          },
          cta: { label: text, action: "custom", url: null },
        }),
      );
      expect(page.match(/<script/g)).toHaveLength(1);
      expect(page.match(/<\/script>/g)).toHaveLength(1);
      expect(page).not.toMatch(/<img|<!--/);
      // A raw quote would end the attribute that the text stands in.
      expect(page).not.toContain('" onmouseover="alert');
      expect(structuredDataOf(page)).toMatchObject({ name: text, description: text });
    },
  );

  test("says harmlessly what comes next, too", async () => {
    const row = entry({ title: hostile });
    const page = await nextStepsPage({
      row,
      page: publicPage(facts(row)),
      pagePath: "/page",
      nonce: "n0nce",
    });
    expect(page).not.toContain("<script");
    expect(page).toContain("So geht es weiter");
  });

  test("names audiences, durations and price as the language does, and what is free to read", async () => {
    const outline = {
      modules: [
        {
          module_id: null,
          title: "Grundlagen",
          description: null,
          chapter_count: 2,
          estimated_duration_minutes: 90,
          lessons: [
            { title: "Was ist ein Konto?", estimated_duration_minutes: 45 },
            { title: "Was ist Geld?", estimated_duration_minutes: 45 },
          ],
        },
      ],
      total_chapters: 2,
      total_duration_minutes: 90,
    };
    const access = { mode: "paid" as const, price_cents: 4_900, currency: "EUR", free_lessons: 1 };
    const page = await render(entry({ language: "de" }), { outline, access });
    for (const text of ["Studierende", "Eltern", "1 Stunde 30 Minuten", "2 Lektionen", "Was ist Geld?"]) {
      expect(page).toContain(text);
    }
    expect(page).toMatch(/49,00\s€/);
    expect(page.match(/Kostenlose Lektion/g)).toHaveLength(1);
    expect(page).not.toContain("students");
    expect(structuredDataOf(page)).toMatchObject({
      timeRequired: "PT90M",
      audience: [{ audienceType: "Studierende" }, { audienceType: "Eltern" }],
      offers: { category: "Paid", price: "49.00", priceCurrency: "EUR" },
      syllabusSections: [{ name: "Grundlagen", timeRequired: "PT90M" }],
    });
  });

  test("promises a certificate only where the course is learned here and certificates are issued", async () => {
    const words = "Zertifikat";
    const made = { ...madeHere, language: "de" };
    expect(await render(entry(), { made })).toContain(words);
    expect(await render(entry(), { made, certificates: false })).not.toContain(words);
    expect(await render(entry())).not.toContain(words);
  });

  test("keeps the words of an operator, and of a variant, before those that were made for the course", async () => {
    const untouched = entry({ seo: defaultSeo("Alternativen zu Banken", entry().description, "de-AT") });
    expect(await render(untouched, { made: madeHere })).toContain("<title>Made for search</title>");
    expect(await render(entry(), { made: madeHere })).toContain("<title>Alternativen zu Banken</title>");
    expect(await render(untouched, { made: madeHere })).toContain("Was gelernt wird");
    const variant = entry({ derivedFrom: "dist_fedcba9876543210" });
    expect(await render(variant, { made: madeHere })).not.toContain("Was gelernt wird");
    expect(await render(entry({ language: "fr" }), { made: madeHere })).not.toContain("Was gelernt wird");
  });

  test("links its other languages for readers and for search engines", async () => {
    const translations = [
      { language: "fr", url: "https://courses.example/fr" },
      { language: "x-default", url: "https://courses.example/any" },
    ];
    const page = await render(entry(), { translations });
    expect(page).toContain('<link rel="alternate" hreflang="fr" href="https://courses.example/fr">');
    expect(page).toContain(`<link rel="alternate" hreflang="de-AT" href="${canonicalUrl}">`);
    expect(page).toContain('hreflang="x-default"');
    expect(page).toContain(
      '<a href="https://courses.example/fr" hreflang="fr"><span lang="fr">français</span></a>',
    );
  });
});

describe("jsonForScript", () => {
  test("writes nothing that could end a script element, and reads back the same", () => {
    const value = { text: `${hostile}<!-- & \u2028 \u2029` };
    const text = jsonForScript(value);
    expect(text).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(text)).toEqual(value);
    expect(jsonForScript("\u2028<")).toBe('"\\u2028\\u003c"');
  });
});

describe("page headers", () => {
  test("allow no script and no frame, and the style of this answer only", () => {
    const policy = pageHeaders("abc", null)["content-security-policy"] ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("style-src 'nonce-abc'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self';");
    expect(policy).not.toContain("script-src");
  });

  test("let the form lead to the origin of the call to action, and put no other text in the policy", () => {
    const policy =
      pageHeaders("abc", "https://shop.example/buy;script-src *?x=1")["content-security-policy"] ?? "";
    expect(policy).toContain("form-action 'self' https://shop.example;");
    expect(policy).not.toContain("script-src");
  });

  test("use a fresh nonce each time", () => {
    expect(newNonce()).not.toBe(newNonce());
  });
});
