import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { unifiedDiff } from "./diff.ts";

/** Applies a unified diff as `patch` does, strictly: context and removed lines must be there. */
function patched(base: string, diff: string): string {
  const source = base.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const result: string[] = [];
  let at = 0;
  const body = diff.split(/^(?=@@ )/m).slice(1);
  for (const hunk of body) {
    const [head = "", ...rest] = hunk.match(/[^\n]*\n/g) ?? [];
    const match = /^@@ -(\d+),(\d+) \+(\d+),(\d+) @@\n$/.exec(head);
    if (match === null) throw new Error(`no hunk: ${head}`);
    const start = Number(match[1]) - (Number(match[2]) === 0 ? 0 : 1);
    result.push(...source.slice(at, start));
    at = start;
    expect(result).toHaveLength(Number(match[3]) - (Number(match[4]) === 0 ? 0 : 1));
    rest.forEach((line, index) => {
      if (line.startsWith("\\")) return;
      const text = rest[index + 1]?.startsWith("\\") ? line.slice(1, -1) : line.slice(1);
      if (line[0] !== "+") {
        expect(source[at]).toBe(text);
        at += 1;
      }
      if (line[0] !== "-") result.push(text);
    });
  }
  return [...result, ...source.slice(at)].join("");
}

describe("a unified diff", () => {
  test("of equal texts is empty", () => {
    expect(unifiedDiff("a\nb\n", "a\nb\n")).toBe("");
    expect(unifiedDiff("", "")).toBe("");
  });

  test("looks as `diff -u` writes it", () => {
    const base = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    expect(unifiedDiff(base, base.replace("5\n", "5\n5a\n"))).toBe(
      "--- base\n+++ enhanced\n@@ -3,6 +3,7 @@\n 3\n 4\n 5\n+5a\n 6\n 7\n 8\n",
    );
    expect(unifiedDiff("", "a\n")).toBe("--- base\n+++ enhanced\n@@ -0,0 +1,1 @@\n+a\n");
  });

  test("has a hunk per group of changes", () => {
    const base = Array.from({ length: 30 }, (_, index) => `line ${index}\n`).join("");
    const changed = base.replace("line 2\n", "two\n").replace("line 25\n", "");
    expect(unifiedDiff(base, changed).match(/^@@/gm)).toHaveLength(2);
    expect(patched(base, unifiedDiff(base, changed))).toBe(changed);
  });

  test("tells a text that ends without a line end from one that has it", () => {
    expect(unifiedDiff("a", "a\n")).toBe(
      "--- base\n+++ enhanced\n@@ -1,1 +1,1 @@\n-a\n\\ No newline at end of file\n+a\n",
    );
  });

  test("leads from any text to any other", () => {
    const text = fc
      .array(fc.constantFrom("a", "b", "c", "", "d d"), { maxLength: 12 })
      .chain((lines) => fc.constantFrom(lines.join("\n"), `${lines.join("\n")}\n`));
    fc.assert(
      fc.property(text, text, (base, enhanced) => {
        expect(patched(base, unifiedDiff(base, enhanced))).toBe(enhanced);
      }),
      { numRuns: 500 },
    );
  });

  test("is quick for a long text with a small change", () => {
    const base = `${"x\ny\n".repeat(3_000)}`;
    const diff = unifiedDiff(base, `${base.slice(0, 6_000)}new\n${base.slice(6_000)}`);
    expect(diff.match(/^[+-](?![+-])/gm)).toHaveLength(1);
  });
});
