/** The parts of a README may have English or German headings. Messages name the English one first, whoever reads them. */

import { expect, test } from "vitest";
import { checkProject } from "../../check/check.ts";
import { applyFixes } from "../../check/fix.ts";
import { projectOf } from "../../project.ts";
import { inLanguage } from "../../scaffold/documents.ts";
import { rules } from "../index.ts";
import { readmes } from "./readme.ts";

const source = {
  "src/events.ts": `import { defineEvent } from "@brain/schemas";
import * as z from "zod";

export const libraryBookLent = defineEvent("library.book.lent", {
  version: 1,
  module: "library",
  criticality: "INFO",
  when: "A book was lent",
  payload: z.strictObject({ book_id: z.uuid().describe("The book.") }),
});
`,
  "src/modules/library/index.ts": `import { defineModule } from "@brain/engine";
import { libraryBookLent } from "../../events.ts";

export const library = defineModule({ name: "library", events: [libraryBookLent] });
`,
  "src/modules/library/consumer.ts": `import { defineConsumer, on } from "@brain/engine";
import { libraryBookLent } from "../../events.ts";

export const libraryConsumer = defineConsumer({
  subscriber: "library",
  handlers: [on(libraryBookLent, async () => {})],
});
`,
};

const path = "src/modules/library/README.md";

function look(readme: string) {
  const files = new Map(
    Object.entries({ ...source, [path]: readme }).map(([name, text]) => [name, { path: name, text }]),
  );
  const project = projectOf({ root: "/", workspaces: [], paths: new Set(files.keys()), files });
  const { findings } = checkProject(
    project,
    rules.filter((rule) => readmes.includes(rule)),
    "2026-11-26",
  );
  return { messages: findings.map(({ message }) => message), mends: applyFixes(findings, files) };
}

const messagesOf = (readme: string) => look(readme).messages;

/** Mended until there is no more to mend: of mends that touch each other one waits. */
function mended(readme: string): string {
  const { texts, count } = look(readme).mends;
  return count === 0 ? readme : mended(texts.get(path) ?? "");
}

const bare = `# Module: library

**Version:** 1.0.0
**Owner:** Reading Rooms
**Last Updated:** 2026-11-21
`;
const headings = (text: string) => text.match(/^## .*$/gm);
const english = [
  "## Purpose",
  "## Events Published",
  "## Events Consumed",
  "## Dependencies",
  "## Operations",
  "## Migration Notes",
];

test("a document that says nothing of its language gets English headings", () => {
  expect(headings(mended(bare))).toEqual(english);
  expect(messagesOf(bare)).toContain('There is no "## Purpose" behind "Module: library".');
});

test.each([
  ["English", "## Operations", english],
  [
    "German",
    "## Betriebs-Hinweise",
    english.map((title) => title.replace("Purpose", "Zweck").replace("Operations", "Betriebs-Hinweise")),
  ],
])("a document with a heading in %s stays in that language", (_language, heading, expected) => {
  expect(headings(mended(`${bare}\n${heading}\n\nNothing.\n`))).toEqual(expected);
});

const parts = `${bare}
## Events Published

### 1. library.book.lent

**EventType:** \`library.book.lent\`

## Events Consumed

### 1. library.book.lent

**EventType:** \`library.book.lent\`
`;

test("what is left out of an event is named in English first", () => {
  const messages = messagesOf(parts);
  expect(messages).toContain('"**When:**" (or "**Wann:**") of "library.book.lent" is not told.');
  expect(messages).toContain('"**Action:**" (or "**Aktion:**") of "1. library.book.lent" is not told.');
});

test.each(["en", "de"] as const)("both are told in the labels of %s", (language) => {
  const labels = inLanguage("**Wann:** A book was lent.\n\n**Aktion:** Counts it.\n", language);
  const told = `${parts.replace("## Events Consumed", `${labels}\n## Events Consumed`)}\n${labels}`;
  expect(messagesOf(parts).join("\n")).toMatch(/Wann.*Aktion/s);
  expect(messagesOf(told).join("\n")).not.toMatch(/Wann|Aktion/);
});

test("no rule asks for a German word before the English one", () => {
  for (const { mend } of readmes)
    expect(mend).not.toMatch(/^[^(]*\b(?:Zweck|Betriebs-Hinweise|Wann|Aktion)\b/);
});
