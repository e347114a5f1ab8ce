import { html, raw } from "hono/html";
import { audienceLine } from "../../pages/audiences.ts";
import { courseFooter, courseParts } from "../../pages/course-parts.ts";
import { documentOf, inlineStyle } from "../../pages/document.ts";
import { jsonForScript } from "../../pages/json-for-script.ts";
import type { CoursePage } from "../../pages/model.ts";
import { styleSheet } from "../../pages/style.ts";
import { wordsOf } from "../../pages/texts.ts";
import { decimalAmount, isoDuration } from "../../pages/values.ts";
import type { Distribution } from "./model.ts";
import { type PageFacts, publicPage, searchTexts, type Translation } from "./public-page.ts";

/** The public page of a course, as HTML. Every value is escaped where it is put; the page runs no script. */

interface PageInput extends PageFacts {
  /** Absolute URL of this page; null: nobody told where we are. */
  readonly canonicalUrl: string | null;
  /** Path that the button posts to. */
  readonly buttonPath: string;
  /** Allows the one inline style sheet; a fresh one for each answer. */
  readonly nonce: string;
}

/** The course as schema.org describes it: https://schema.org/Course */
function structuredData({ row, canonicalUrl, made }: PageInput, page: CoursePage) {
  const seo = searchTexts(row, made);
  const duration = page.minutes === null || page.minutes === 0 ? null : isoDuration(page.minutes);
  return {
    "@context": "https://schema.org",
    "@type": "Course",
    name: page.title,
    description: page.description,
    ...(canonicalUrl === null ? {} : { url: canonicalUrl }),
    inLanguage: page.language,
    version: row.version,
    audience: page.audiences.map((name) => ({
      "@type": "Audience",
      audienceType: audienceLine(page.language, name),
    })),
    provider: { "@type": "Organization", name: "BRAiN" },
    ...(seo.keywords.length > 0 ? { keywords: seo.keywords.join(", ") } : {}),
    ...(seo.og_image_url === null ? {} : { image: seo.og_image_url }),
    ...(duration === null
      ? {}
      : {
          timeRequired: duration,
          hasCourseInstance: { "@type": "CourseInstance", courseMode: "online", courseWorkload: duration },
        }),
    ...(page.modules.length === 0 ? {} : { syllabusSections: page.modules.map(syllabus) }),
    ...(page.certificate ? { educationalCredentialAwarded: wordsOf(page.language).certificate } : {}),
    offers: offerData(page, canonicalUrl),
    ...(row.publishedAt === null ? {} : { datePublished: row.publishedAt.toISOString() }),
    dateModified: row.updatedAt.toISOString(),
  };
}

function syllabus(part: CoursePage["modules"][number]) {
  return {
    "@type": "Syllabus",
    name: part.title,
    ...(part.description === null ? {} : { description: part.description }),
    ...(part.minutes === null ? {} : { timeRequired: isoDuration(part.minutes) }),
  };
}

/** https://schema.org/Offer */
function offerData({ price }: CoursePage, url: string | null) {
  return {
    "@type": "Offer",
    category: price === null ? "Free" : "Paid",
    ...(price === null
      ? {}
      : { price: decimalAmount(price.cents, price.currency), priceCurrency: price.currency }),
    ...(url === null ? {} : { url }),
  };
}

/** Search engines want each language named on each page, this one's own too, with whole addresses. */
function alternates(own: string, canonicalUrl: string | null, translations: readonly Translation[]) {
  const absolute = translations.filter(({ url }) => URL.canParse(url));
  if (absolute.length === 0) return "";
  const all = [...(canonicalUrl === null ? [] : [{ language: own, url: canonicalUrl }]), ...absolute];
  return html`${all.map(
    ({ language, url }) => html`<link rel="alternate" hreflang="${language}" href="${url}">\n`,
  )}`;
}

function head(input: PageInput, page: CoursePage) {
  const { row, canonicalUrl, nonce, translations } = input;
  const seo = searchTexts(row, input.made);
  const image = seo.og_image_url;
  return html`<meta name="description" content="${seo.meta_description}">
${seo.keywords.length > 0 ? html`<meta name="keywords" content="${seo.keywords.join(", ")}">` : ""}
<meta name="robots" content="${row.visibility === "public" ? "index, follow" : "noindex"}">
${canonicalUrl === null ? "" : html`<link rel="canonical" href="${canonicalUrl}">`}
${alternates(row.language, canonicalUrl, translations)}
<meta property="og:type" content="website">
<meta property="og:title" content="${seo.meta_title}">
<meta property="og:description" content="${seo.meta_description}">
${canonicalUrl === null ? "" : html`<meta property="og:url" content="${canonicalUrl}">`}
<meta property="og:locale" content="${row.language.replace("-", "_")}">
${image === null ? "" : html`<meta property="og:image" content="${image}">`}
<meta name="twitter:card" content="${image === null ? "summary" : "summary_large_image"}">
<meta name="twitter:title" content="${seo.meta_title}">
<meta name="twitter:description" content="${seo.meta_description}">
${image === null ? "" : html`<meta name="twitter:image" content="${image}">`}
<script type="application/ld+json">${raw(jsonForScript(structuredData(input, page)))}</script>
${inlineStyle(styleSheet(page.theme), nonce)}`;
}

/** The page of a course; its button posts to `buttonPath`. */
export async function coursePage(input: PageInput): Promise<string> {
  const { row, buttonPath } = input;
  const page = publicPage(input);
  return documentOf({
    language: row.language,
    title: searchTexts(row, input.made).meta_title,
    head: head(input, page),
    main: courseParts(page, { kind: "form", label: row.cta.label, action: buttonPath }),
    footer: courseFooter(page),
  });
}

/** What a person sees after the button when the call to action leads nowhere else. */
export async function nextStepsPage(input: {
  readonly row: Distribution;
  readonly page: CoursePage;
  readonly pagePath: string;
  readonly nonce: string;
}): Promise<string> {
  const { row, page, pagePath, nonce } = input;
  const words = wordsOf(row.language);
  return documentOf({
    language: row.language,
    title: `${words.thanksTitle}: ${row.title}`,
    head: html`<meta name="robots" content="noindex">${inlineStyle(styleSheet(page.theme), nonce)}`,
    main: html`<div class="wide text"><h1>${words.thanksTitle}</h1>
<p class="lead">${row.title}</p>
<p>${page.price === null ? words.thanksEnrol : words.thanksBuy}</p>
<p><a class="button" href="${pagePath}">${words.backToCourse}</a></p></div>`,
  });
}

/**
 * Headers of a page: no script, no frame, nothing loaded but its own style. The button's target may be on another
 * site, and browsers check `form-action` against the redirect too.
 */
export function pageHeaders(nonce: string, buttonUrl: string | null): Record<string, string> {
  const formTargets = buttonUrl === null ? "'self'" : `'self' ${new URL(buttonUrl).origin}`;
  return {
    "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; form-action ${formTargets}; base-uri 'none'; frame-ancestors 'none'`,
    "x-content-type-options": "nosniff",
    // Each view is counted, so each is asked for.
    "cache-control": "no-store",
  };
}
