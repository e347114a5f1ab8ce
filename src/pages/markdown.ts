import MarkdownIt from "markdown-it";

/**
 * Renders the Markdown of lessons: no raw HTML, no images (they would be loaded from elsewhere), links only to web
 * pages and mail addresses.
 */
const renderer = new MarkdownIt("default", { html: false, linkify: false, typographer: false }).disable(
  "image",
);
renderer.validateLink = (url) => /^(?:https?:|mailto:|#)/i.test(url.trim());
renderer.renderer.rules.link_open = (tokens, index, options, _env, self) => {
  tokens[index]?.attrSet("rel", "nofollow noopener noreferrer");
  return self.renderToken(tokens, index, options);
};

/**
 * A lesson's text as HTML. Its first heading, which repeats the lesson's title, is left out: the page has it. The
 * others begin at h2 and skip no level, so that the page has an outline that assistive programs can follow.
 *
 * @param markdown as a content service or an author wrote it; nothing of it is trusted
 */
export function lessonHtml(markdown: string): string {
  const tokens = renderer.parse(markdown, {});
  if (tokens[0]?.type === "heading_open" && tokens[0].tag === "h1") tokens.splice(0, 3);
  let level = 1;
  for (const [index, token] of tokens.entries()) {
    if (token.type !== "heading_open") continue;
    // A text that begins with ### begins with h2; one level deeper than the last heading at most.
    level = Math.min(Math.max(Number(token.tag.slice(1)), 2), level + 1);
    token.tag = `h${level}`;
    const close = tokens[index + 2];
    if (close?.type === "heading_close") close.tag = token.tag;
  }
  return renderer.renderer.render(tokens, renderer.options, {});
}
