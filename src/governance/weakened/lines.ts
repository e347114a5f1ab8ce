/** Comments and types that silence a tool, and steps of CI that are gone. */

import ts from "typescript";
import { isTestPath } from "../tree/product/typescript.ts";
import { isBetweenTokens, isTypeScript, walk } from "../tree/syntax/source.ts";
import type { TextFile } from "../tree/text.ts";
import { type Side, startOf, treeOf, type Weakening } from "./fact.ts";

const comment =
  /(?:\/\/|\/\*|#|--)\s*(?:biome-ignore|eslint-disable|oxlint-disable|prettier-ignore|@ts-(?:ignore|expect-error|nocheck)|charter-ignore|(?:v8|c8|istanbul) ignore|noqa|type:\s*ignore)\b/g;
const failing = /continue-on-error: {0,9}true\b|\|\| {0,9}true\b/g;

const placesOf = ({ text }: TextFile, pattern: RegExp) =>
  [...text.matchAll(pattern)].map(({ index }) => index);

/** Where each stands in a file, and what it does. */
const silencers: readonly (readonly [(file: TextFile) => readonly number[], string])[] = [
  [
    (file) =>
      /\.(?:[cm]?[jt]sx?|py|ya?ml|sql|md)$/.test(file.path)
        ? placesOf(file, comment).filter((at) => !isTypeScript(file.path) || isBetweenTokens(file, at))
        : [],
    "silences a tool",
  ],
  [
    (file) => (/\.[cm]?tsx?$/.test(file.path) && !isTestPath(file.path) ? untyped(file) : []),
    "takes a type away",
  ],
  [
    (file) =>
      /(?:^|\/)charter-(?:baseline|breaking)\.json$/.test(file.path) ? placesOf(file, /"rule"\s*:/g) : [],
    "is noted as known",
  ],
  [(file) => (isPipeline(file) ? placesOf(file, failing) : []), "lets a step fail"],
];

/** `any`, and `as unknown as …`. */
function untyped(file: TextFile): readonly number[] {
  if (!/\bany\b|\bas\s+unknown\b/.test(file.text)) return [];
  const found: number[] = [];
  walk(treeOf(file), (node) => {
    const isTwice =
      ts.isAsExpression(node) &&
      ts.isAsExpression(node.expression) &&
      node.expression.type.kind === ts.SyntaxKind.UnknownKeyword;
    if (node.kind === ts.SyntaxKind.AnyKeyword || isTwice) found.push(startOf(node));
  });
  return found;
}

const isPipeline = ({ path }: TextFile) =>
  /(?:^|\/)(?:\.github\/workflows\/.*\.ya?ml|\.gitlab-ci\.ya?ml|lefthook\.ya?ml|package\.json|\.ci\/.*)$/.test(
    path,
  );

export function silencing(before: Side, after: Side): readonly Weakening[] {
  return silencers.flatMap(([placesIn, what]) => {
    const find = (side: Side) =>
      side.flatMap((file) =>
        placesIn(file).map((start) => ({ file: file.path, start, line: lineAt(file.text, start) })),
      );
    const left = Map.groupBy(find(before), ({ line }) => line);
    const found = find(after);
    // What moves with its line is the same one; what only its line changed is one for one.
    const fresh = found.filter(({ line }) => left.get(line)?.pop() === undefined);
    const gone = [...left.values()].reduce((sum, { length }) => sum + length, 0);
    return fresh
      .slice(gone)
      .map(({ file, start, line }) => ({ file, start, message: `"${line.slice(0, 70)}" ${what}.` }));
  });
}

function lineAt(text: string, index: number): string {
  const start = text.lastIndexOf("\n", index) + (text[index] === "\n" ? 0 : 1);
  const from = text.slice(start).search(/\S/) + start;
  const end = text.indexOf("\n", from);
  return text.slice(from, end === -1 ? text.length : end).trim();
}

const programs =
  /\b(?:npm|npx|pnpm|yarn|bun|node|deno|bash|sh|make|pytest|ruff|mypy|tsc|vitest|biome|charter|gitleaks|semgrep)\b[^\n"|;&]*/g;

/** What a pipeline runs: by its program and the words that say what, without options. */
const stepsIn = (file: TextFile) =>
  [...file.text.matchAll(programs)].map(([step]) =>
    step
      .trim()
      .split(/\s+/)
      .filter((word) => !word.startsWith("-"))
      .slice(0, 3)
      .join(" "),
  );

export function goneSteps(before: Side, after: Side): readonly Weakening[] {
  const now = new Set(after.filter(isPipeline).flatMap(stepsIn));
  return before.filter(isPipeline).flatMap((file) => {
    const steps = stepsIn(file);
    // A file that is only called otherwise has them; one that changed as a whole says it by itself.
    const gone = [...new Set(steps)].filter(
      (step) =>
        !now.has(step) &&
        /\b(?:test|check|lint|audit|guard|breaking|typecheck|coverage|e2e|verify|vitest|tsc|biome|semgrep|gitleaks|mypy|ruff|pytest)\b/.test(
          step,
        ),
    );
    return gone.map((step) => ({ file: file.path, start: 0, message: `"${step}" is run no more.` }));
  });
}
