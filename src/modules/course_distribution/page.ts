import { html, raw } from "hono/html";
import { audienceLine } from "../../pages/audiences.ts";
import type { Distribution } from "./model.ts";

/** The public page of a course, as HTML. Every value is escaped where it is put; the page runs no script. */

interface PageInput {
  readonly row: Distribution;
  /** Absolute URL of this page. */
  readonly canonicalUrl: string | null;
  /** Allows the one inline style sheet; a fresh one for each answer. */
  readonly nonce: string;
}

interface Labels {
  readonly audience: string;
  readonly version: string;
  readonly thanks: string;
}

const english: Labels = {
  audience: "For",
  version: "Version",
  thanks: "Thank you! Your interest has been noted.",
};

const labelsByLanguage: Readonly<Record<string, Labels>> = {
  de: { audience: "Für", version: "Version", thanks: "Danke! Ihr Interesse wurde vermerkt." },
  en: english,
  fr: { audience: "Pour", version: "Version", thanks: "Merci ! Votre intérêt a été enregistré." },
  es: { audience: "Para", version: "Versión", thanks: "¡Gracias! Hemos registrado su interés." },
};

const labelsOf = (language: string): Labels => labelsByLanguage[language.slice(0, 2)] ?? english;

const style = `
body{margin:0;background:#f6f7f9;color:#1b1f24;font:1.0625rem/1.6 system-ui,sans-serif}
main{max-width:42rem;margin:0 auto;padding:3rem 1.25rem}
h1{font-size:2rem;line-height:1.2;margin:0 0 1rem;overflow-wrap:anywhere}
p{overflow-wrap:anywhere;white-space:pre-line}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem}
dt{color:#57606a}dd{margin:0}
button{margin-top:1.5rem;padding:.75rem 1.5rem;border:0;border-radius:.5rem;background:#0b57d0;color:#fff;font:inherit;font-weight:600;cursor:pointer}
button:focus-visible{outline:3px solid #1b1f24;outline-offset:2px}`;

const codes: Readonly<Record<string, string>> = {
  "<": "\\u003c",
  ">": "\\u003e",
  "&": "\\u0026",
  "\u2028": "\\u2028",
  "\u2029": "\\u2029",
};

/**
 * JSON that may stand inside a script element: nothing in it can end the element or open a comment. HTML escapes would
 * not be undone there, so the characters are written as JSON escapes.
 *
 * @see https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
 */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, (character) => codes[character] ?? "");
}

/** The course as schema.org describes it: https://schema.org/Course */
function structuredData({ row, canonicalUrl }: PageInput) {
  return {
    "@context": "https://schema.org",
    "@type": "Course",
    name: row.title,
    description: row.description,
    ...(canonicalUrl === null ? {} : { url: canonicalUrl }),
    inLanguage: row.language,
    version: row.version,
    audience: row.targetGroup.map((name) => ({
      "@type": "Audience",
      audienceType: audienceLine(row.language, name),
    })),
    provider: { "@type": "Organization", name: "BRAiN" },
    ...(row.seo.keywords.length > 0 ? { keywords: row.seo.keywords.join(", ") } : {}),
    ...(row.seo.og_image_url === null ? {} : { image: row.seo.og_image_url }),
    ...(row.publishedAt === null ? {} : { datePublished: row.publishedAt.toISOString() }),
    dateModified: row.updatedAt.toISOString(),
  };
}

function head(input: PageInput) {
  const { row, canonicalUrl, nonce } = input;
  const { seo } = row;
  const image = seo.og_image_url;
  return html`<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${seo.meta_title}</title>
<meta name="description" content="${seo.meta_description}">
${seo.keywords.length > 0 ? html`<meta name="keywords" content="${seo.keywords.join(", ")}">` : ""}
${row.visibility === "public" ? "" : html`<meta name="robots" content="noindex">`}
${canonicalUrl === null ? "" : html`<link rel="canonical" href="${canonicalUrl}">`}
${Object.entries(seo.hreflang_alternates).map(
  ([language, url]) => html`<link rel="alternate" hreflang="${language}" href="${url}">`,
)}
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
<script type="application/ld+json">${raw(jsonForScript(structuredData(input)))}</script>
<style nonce="${nonce}">${raw(style)}</style>`;
}

/** The page of a course; its one button posts to `track-enrollment` beside it. */
export async function coursePage(input: PageInput): Promise<string> {
  const { row } = input;
  const labels = labelsOf(row.language);
  const audience = row.targetGroup.map((name) => audienceLine(row.language, name)).join(", ");
  return String(
    await html`<!DOCTYPE html>
<html lang="${row.language}">
<head>
${head(input)}
</head>
<body>
<main>
<h1>${row.title}</h1>
<p>${row.description}</p>
<dl>
${audience === "" ? "" : html`<dt>${labels.audience}</dt><dd>${audience}</dd>`}
<dt>${labels.version}</dt><dd>${row.version}</dd>
</dl>
<form method="post" action="track-enrollment"><button type="submit">${row.cta.label}</button></form>
</main>
</body>
</html>`,
  );
}

/** What a person sees after the button when the call to action leads nowhere else. */
export async function thanksPage({ row, nonce }: Pick<PageInput, "row" | "nonce">): Promise<string> {
  return String(
    await html`<!DOCTYPE html>
<html lang="${row.language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${row.seo.meta_title}</title>
<style nonce="${nonce}">${raw(style)}</style>
</head>
<body>
<main>
<h1>${row.title}</h1>
<p>${labelsOf(row.language).thanks}</p>
</main>
</body>
</html>`,
  );
}

/**
 * Headers of a page: no script, no frame, nothing loaded but its own style. The button's target may be on another
 * site, and browsers check `form-action` against the redirect too.
 */
export function pageHeaders(nonce: string, ctaUrl: string | null): Record<string, string> {
  const formTargets = ctaUrl === null ? "'self'" : `'self' ${new URL(ctaUrl).origin}`;
  return {
    "content-security-policy": `default-src 'none'; style-src 'nonce-${nonce}'; form-action ${formTargets}; base-uri 'none'; frame-ancestors 'none'`,
    "x-content-type-options": "nosniff",
    // Each view is counted, so each is asked for.
    "cache-control": "no-store",
  };
}

export function newNonce(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18))));
}
