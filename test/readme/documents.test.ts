import { describe, expect, test } from "vitest";
import { faultsOf } from "../../tools/checks/document-rules.ts";
import { parseDocument, readProject, sectionOf } from "../../tools/checks/documents.ts";

test("the documents of the project are in order", async () => {
  const { files, documents } = await readProject();
  expect(documents.length).toBeGreaterThan(20);
  expect(faultsOf(documents, files)).toEqual([]);
});

describe("the rules find", () => {
  const files = [
    "README.md",
    "src/room/README.md",
    "src/room/inner/drain.ts",
    "test/some.test.ts",
    "src/a.ts",
  ];
  const faults = (text: string, path = "src/room/README.md") =>
    faultsOf(
      [parseDocument("README.md", "# Front\n\n## Two words, here\n"), parseDocument(path, text)],
      files,
    );

  test.each([
    ["a language that nothing tests", "```yaml\na: 1\n```\n"],
    ["a block without a language", "- in a list\n\n  ```\n  npm start\n  ```\n"],
    ["an example that names no file", "```ts\nconst a = 1;\n```\n"],
    ["JSON that is none", '```json\n{"a":}\n```\n'],
    ["a diagram of an unknown kind", "```mermaid\ngraph TD\n  a --> b\n```\n"],
    ["a diagram with a line that Mermaid cannot read", "```mermaid\nstateDiagram-v2\n  a -> b\n```\n"],
    ["a link to no file", "[x](../nowhere.md)"],
    ["a link to no heading", "[x](../../README.md#two-words)"],
    ["a link to no heading of its own", "# A\n\n[x](#b)"],
    ["the name of no file", "See `inner/apply.ts`."],
    ["the name of no folder, in a table", "| a |\n|---|\n| `outer/` |\n"],
    ["the name of no test", "See `other.test.ts`."],
  ])("%s", (_, text) => {
    expect(faults(text)).toHaveLength(1);
  });

  test("the place of what is wrong", () => {
    expect(faults("# A\n\nText.\n\n```yaml\n```\n")[0]).toContain("src/room/README.md:5: ");
  });

  test("a README that is too long for five minutes", () => {
    expect(faultsOf([parseDocument("README.md", "word ".repeat(4_000))], files)).toHaveLength(1);
    expect(faultsOf([parseDocument("src/README.md", "word ".repeat(4_000))], files)).toEqual([]);
  });

  test.each([
    "[x](../../README.md#two-words-here), [y](inner/drain.ts), [z](https://example.com/#a), [w](inner)",
    "`drain.ts`, `inner/drain.ts`, `src/room/inner/drain.ts`, `inner/`, `src/a.ts`, `some.test.ts`, `README.md`",
    "`/api/events/stream`, `payload.email`, `{dir}/x.ts`, `npm start`, `…`",
    "<!-- generated:events -->\n\n```json\n{…}\n```\n\n<!-- /generated:events -->\n",
    "# A b\n\n# A b\n\n[x](#a-b-1)",
  ])("nothing in %s", (text) => {
    expect(faults(text)).toEqual([]);
  });
});

test("a section ends with the next heading of its level", () => {
  const document = parseDocument("a.md", "# A\n\n## B\n\none\n\n### C\n\ntwo\n\n## D\n\nthree\n");
  expect(sectionOf(document, "B").match(/\w+/g)).toEqual(["one", "C", "two"]);
  expect(() => sectionOf(document, "E")).toThrow('no heading "E"');
});
