import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { newFile, type PlannedFile, writePlan } from "./plan.ts";
import { addImport, appendTo, callsOf, checkWritten, editedText, listIn, openSource } from "./source-edit.ts";

function folder(): string {
  const root = mkdtempSync(join(tmpdir(), "brain-plan-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  return root;
}

const write = (root: string, files: readonly PlannedFile[]) =>
  writePlan({ root, files, steps: [], notes: [] });

describe("a plan", () => {
  test("writes no file over another, and none at all when one is there", () => {
    const root = folder();
    writeFileSync(join(root, "b.ts"), "mine");
    expect(() => write(root, [newFile("a.ts", "1;"), newFile("b.ts", "2;")])).toThrow(/b\.ts stands already/);
    expect(readdirSync(root)).toEqual(["b.ts"]);
    expect(readFileSync(join(root, "b.ts"), "utf8")).toBe("mine");
  });

  test("changes no file that was changed meanwhile", () => {
    const root = folder();
    writeFileSync(join(root, "b.md"), "now");
    const files = [newFile("a.md", "1"), { path: "b.md", before: "then", content: "2" }];
    expect(() => write(root, files)).toThrow(/b\.md, which was changed meanwhile/);
    expect(readdirSync(root)).toEqual(["b.md"]);
  });

  test("takes back what it wrote when the disk refuses the rest", () => {
    const root = folder();
    writeFileSync(join(root, "b.md"), "then");
    mkdirSync(join(root, "c"));
    writeFileSync(join(root, "c/d"), "a file where a folder would have to be");
    const files = [
      newFile("a.md", "1"),
      { path: "b.md", before: "then", content: "2" },
      newFile("c/d/e.md", "3"),
    ];
    expect(() => write(root, files)).toThrow(/EEXIST|ENOTDIR/);
    expect(readdirSync(root).sort()).toEqual(["b.md", "c"]);
    expect(readFileSync(join(root, "b.md"), "utf8")).toBe("then");
  });

  test("holds no TypeScript that is none", () => {
    const reserved = "export const class = 1;\n";
    expect(() => checkWritten("a.ts", reserved)).toThrow(/a\.ts cannot be written/);
    expect(() => checkWritten("a.ts", 'import * as on from "x";\nexport const on = 1;\n')).toThrow(
      /"on" would be declared twice/,
    );
  });
});

describe("a list in a file", () => {
  const added = (text: string) => {
    const edit = openSource("a.ts", text);
    const list = listIn(callsOf(edit.source, "make", /^e$/)[0]?.arguments[0]);
    if (list === undefined) return null;
    addImport(edit, { local: "b", imported: "b", from: "./b.ts" });
    appendTo(edit, list, "b");
    return editedText(edit);
  };
  const head = 'import { make } from "e";\n';
  const withB = 'import { make } from "e";\nimport { b } from "./b.ts";\n';

  test("is found by what is called, under whatever name, and keeps its form", () => {
    expect(added(`${head}make([a]);\n`)).toBe(`${withB}make([a, b]);\n`);
    expect(added(`${head}make([\n  a, // first\n  c,\n]);\n`)).toBe(
      `${withB}make([\n  a, // first\n  c,\n  b,\n]);\n`,
    );
    expect(added(`${head}make([]);\n`)).toBe(`${withB}make([b]);\n`);
    const renamed = 'import { make as other } from "e";\nother(() => {\n  return [a];\n});\n';
    expect(added(renamed)).toContain("return [a, b];");
    expect(added(`${head}const text = "make([a])";\nmake((s) => [a] as const);\n`)).toContain(
      "(s) => [a, b] as const",
    );
  });

  test("of another function of that name is none, and one that is made otherwise neither", () => {
    expect(added('import { make } from "f";\nmake([a]);\n')).toBeNull();
    expect(added(`${head}make([...of()].filter(Boolean));\n`)).toBeNull();
  });

  test("gets no import of a name that the file has for something else", () => {
    expect(() => added(`${head}const b = 1;\nmake([b]);\n`)).toThrow(/a name that a\.ts does not use/);
    expect(added(`${head}import { b } from "./b.ts";\nmake([a]);\n`)).toBe(
      `${head}import { b } from "./b.ts";\nmake([a, b]);\n`,
    );
  });
});
