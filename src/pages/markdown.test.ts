import { expect, test } from "vitest";
import { lessonHtml } from "./markdown.ts";

test("the first heading is the page's, and the others follow without a gap", () => {
  expect(lessonHtml("# Title\n\n### Deep\n\ntext\n\n###### Deeper\n\n# Back")).toBe(
    "<h2>Deep</h2>\n<p>text</p>\n<h3>Deeper</h3>\n<h2>Back</h2>\n",
  );
});

test.each([
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "[a](javascript:alert(1))",
  "[a](JaVaScRiPt:alert(1))",
  "[a](data:text/html,<script>alert(1)</script>)",
  "[a](vbscript:x)",
  "[a](file:///etc/passwd)",
  "<javascript:alert(1)>",
  "![a](https://elsewhere.example/a.png)",
  '[a](https://a.example "" onmouseover="alert(1)")',
  "<!-- comment --><iframe src=x>",
  "```\n</code></pre><script>alert(1)</script>\n```",
])("nothing of %j becomes a program, a picture or a link that runs", (markdown) => {
  const html = lessonHtml(markdown);
  expect(html).not.toMatch(/<(?:script|img|iframe|!--)/i);
  expect(html).not.toMatch(/href="(?!https?:|mailto:|#)/i);
  expect(html).not.toMatch(/<[^>]*" on\w+=/i);
});

test("an ordinary link stays one, and tells the other side nothing", () => {
  expect(lessonHtml("[a](https://a.example/x?y=1&z=2)")).toBe(
    '<p><a href="https://a.example/x?y=1&amp;z=2" rel="nofollow noopener noreferrer">a</a></p>\n',
  );
});
