/**
 * Fails when a regular expression of the product may take more than linear time, which a text from outside could make
 * minutes of. Written as literals; those made at run time are not seen.
 *
 * Fails too when code of `src` reads the clock of the machine itself: it is read in one place, and handed down from
 * there, so that a test can move time. The command line has no such place.
 */

import { globSync, readFileSync } from "node:fs";
import { analyse } from "scslre";
import ts from "typescript";
import { root } from "../root.ts";

/** Where the clock of the machine is made a `Clock`. */
const clockFile = "src/engine/core/clock.ts";

interface Pattern {
  readonly place: string;
  readonly text: string;
}

/** `Date.now`, called or handed on, and `new Date()`. */
function readsClock(node: ts.Node): boolean {
  const isDate = (one: ts.Node) => ts.isIdentifier(one) && one.text === "Date";
  if (ts.isPropertyAccessExpression(node)) return isDate(node.expression) && node.name.text === "now";
  return ts.isNewExpression(node) && isDate(node.expression) && (node.arguments ?? []).length === 0;
}

const patterns: Pattern[] = [];
const clockReads: Pattern[] = [];

function look(file: string): void {
  const source = ts.createSourceFile(file, readFileSync(`${root}${file}`, "utf8"), ts.ScriptTarget.Latest);
  // A browser has no clock but its own.
  const inBrowser = file.startsWith("src/console/client/");
  const mayRead = !file.startsWith("src/") || file.startsWith("src/cli/") || inBrowser || file === clockFile;
  const visit = (node: ts.Node): void => {
    const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
    const place = `${file}:${line + 1}`;
    if (ts.isRegularExpressionLiteral(node)) patterns.push({ place, text: node.text });
    if (!mayRead && readsClock(node)) clockReads.push({ place, text: node.getText(source) });
    ts.forEachChild(node, visit);
  };
  visit(source);
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
for (const file of files) look(file);
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
if (!files.includes(clockFile)) throw new Error(`${clockFile} is gone; say here where the clock is made.`);
if (clockReads.length > 0) {
  console.error(clockReads.map(({ place, text }) => `✗ ${place} reads the clock itself: ${text}`).join("\n"));
  console.error(
    "Take the time from the invocation, the services or the context, or as an argument of the type Clock.",
  );
  process.exitCode = 1;
}
