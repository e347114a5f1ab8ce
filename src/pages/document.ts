import { html, raw } from "hono/html";
import { wordsOf } from "./texts.ts";

export type Html = ReturnType<typeof html>;

interface Document {
  readonly language: string;
  readonly title: string;
  /** Elements of the head, beside those that every page has. */
  readonly head: Html | string;
  /** Between skip link and main part. */
  readonly notice?: string | null;
  readonly main: Html;
  readonly footer?: Html | string;
}

/** A whole page: landmarks, language, and a link that skips to the content. */
export async function documentOf({ language, title, head, notice, main, footer }: Document): Promise<string> {
  return String(
    await html`<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
${head}
</head>
<body>
<a class="skip" href="#content">${wordsOf(language).skipToContent}</a>
${notice == null ? "" : html`<aside class="notice">${notice}</aside>`}
<main id="content">
${main}
</main>
${footer ?? ""}
</body>
</html>`,
  );
}

/** A style sheet within the page; the nonce allows it. */
export function inlineStyle(css: string, nonce: string): Html {
  return html`<style nonce="${nonce}">${raw(css)}</style>`;
}

/** One use: it names what this very answer may run. */
export function newNonce(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(18))));
}
