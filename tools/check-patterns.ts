/**
 * Fails when a regular expression of the product may take more than linear time, which a text from outside could make
 * minutes of. Written as literals; those made at run time are not seen.
 */

import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { analyse } from "scslre";
import ts from "typescript";

const root = fileURLToPath(new URL("../", import.meta.url).href);

interface Pattern {
  readonly place: string;
  readonly text: string;
}

function patternsOf(file: string): Pattern[] {
  const source = ts.createSourceFile(file, readFileSync(`${root}${file}`, "utf8"), ts.ScriptTarget.Latest);
  const found: Pattern[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      found.push({ place: `${file}:${line + 1}`, text: node.text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** Null when it takes linear time; else what of it can be read in many ways. */
function slownessOf({ text }: Pattern): string | null {
  const end = text.lastIndexOf("/");
  const { reports } = analyse(new RegExp(text.slice(1, end), text.slice(end + 1)));
  if (reports.length === 0) return null;
  return reports.some(({ exponential }) => exponential) ? "exponential" : "polynomial";
}

const files = globSync("{schemas,src,workers,tools}/**/*.{ts,tsx,mjs}", {
  cwd: root,
  exclude: ["**/node_modules/**", "**/*.test.ts"],
});
const patterns = files.flatMap(patternsOf);
if (patterns.length === 0) throw new Error("There are no regular expressions here, which cannot be.");
const slow = patterns.flatMap((pattern) => {
  const slowness = slownessOf(pattern);
  return slowness === null ? [] : [`✗ ${pattern.place} takes ${slowness} time: ${pattern.text}`];
});
if (slow.length > 0) {
  console.error(slow.join("\n"));
  console.error(
    'Begin where nothing of the kind stands before ("(?<!x)x+$"), bound the repetition, or slice instead of matching.',
  );
  process.exitCode = 1;
} else console.log(`✓ ${patterns.length} regular expressions take linear time`);
