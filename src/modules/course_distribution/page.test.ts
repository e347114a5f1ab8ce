import { describe, expect, test } from "vitest";
import type { Distribution } from "./model.ts";
import { coursePage, jsonForScript, newNonce, pageHeaders, thanksPage } from "./page.ts";

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
const render = (row: Distribution) => coursePage({ row, canonicalUrl, nonce: "n0nce" });

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
    expect(page).toContain('<form method="post" action="track-enrollment">');
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

  test("thanks harmlessly, too", async () => {
    const page = await thanksPage({ row: entry({ title: hostile }), nonce: "n0nce" });
    expect(page).not.toContain("<script");
    expect(page).toContain("Danke!");
  });
});

describe("jsonForScript", () => {
  test("writes nothing that could end a script element, and reads back the same", () => {
    const value = { text: `${hostile}<!-- & \u2028 \u2029` };
    const text = jsonForScript(value);
    expect(text).not.toMatch(/[<>&\u2028\u2029]/);
    expect(JSON.parse(text)).toEqual(value);
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
