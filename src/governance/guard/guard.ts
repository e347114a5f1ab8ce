/** `charter guard` as a function: what a change adds, judged by all that is quick enough to run before each commit. */

import { hadCatalogue, placesOfCatalogue } from "../breaking/load/product-facts.ts";
import { type BreakingResult, breakingFacts, runBreaking } from "../breaking/run-breaking.ts";
import { changedFiles, hasCommit, textsBefore } from "../check/changed-lines.ts";
import { asInputError, runCheck, suppressionFacts } from "../check/run-check.ts";
import { type Finding, type Severity, severities } from "../finding.ts";
import { type Project, readProject } from "../project.ts";
import { type Format, reportOf, summaryOf } from "../report/index.ts";
import { rules } from "../rules/index.ts";
import { findRoot, textsOf } from "../tree/files.ts";
import { weakenedBy, weakenings } from "../weakened/weakened.ts";
import { earlyDropFacts } from "./early-drops.ts";
import { goneRouteFacts } from "./gone-routes.ts";
import { idempotencyTests, runTests } from "./idempotency-tests.ts";
import { madeByRemoval } from "./removed.ts";

/** `weakened`: errors, and whatever the change makes weaker; a warning and an info take that along. */
export type FailLevel = Severity | "weakened";

export interface GuardOptions {
  readonly path: string;
  readonly format: Format;
  readonly failOn: FailLevel;
  /** A revision of git, or `"staged"`. */
  readonly since: string;
  /** False: the tests are only named. */
  readonly tests: boolean;
  /** `2026-11-26`, UTC; suppressions and accepted breaks end. */
  readonly today: string;
  /** Runs files of tests, which stand behind it: `npm test --`. */
  readonly testCommand: readonly string[];
}

interface Out {
  readonly text: (text: string) => void;
  readonly note: (line: string) => void;
}

/** Names of the parts that failed; empty: none. */
export type Failed = readonly ("check" | "removed" | "weakened" | "breaking" | "tests")[];

/** A form that is one document: it is written when all parts have told. */
const isDocument = (format: Format) => format === "json" || format === "sarif";

/**
 * All parts run, also after a failure.
 *
 * @throws as {@link runCheck} and {@link runBreaking}
 */
export async function runGuard(options: GuardOptions, out: Out): Promise<Failed> {
  const { root } = await asInputError(() => findRoot(options.path));
  const changed = await asInputError(() => changedFiles(root, options.since));
  const all: Finding[] = [];
  const told = {
    tool: "charter guard",
    rules: [...rules, suppressionFacts, ...weakenings, goneRouteFacts, earlyDropFacts],
  };
  const tell = (findings: readonly Finding[], text?: string) => {
    all.push(...findings);
    if (!isDocument(options.format)) out.text(text ?? reportOf(options.format, findings, told));
  };
  const worst = severities.indexOf(options.failOn === "weakened" ? "error" : options.failOn);
  const isBad = ({ severity }: Finding) => severities.indexOf(severity) <= worst;

  const source = options.since === "staged" ? { staged: true } : { since: options.since };
  const { path, today, format } = options;
  const check = await runCheck({ ...source, path, today, format, failOn: "error" });
  tell(check.findings, check.text);
  out.note(`rules, lines added since ${options.since}: ${check.note}`);
  const project = await readProject(root);
  const removed = await asInputError(() => madeByRemoval(project, changed, options.since, today));
  tell(removed);
  out.note(`rules, elsewhere by what was removed since ${options.since}: ${summaryOf(removed)}.`);
  const weakened = await weakenedPart(project, changed, options, out);
  tell(weakened);
  const isWeaker =
    weakened.length > 0 ||
    removed.some(({ rule }) => rule === goneRouteFacts.id || rule === earlyDropFacts.id);
  const breaking = await breakingPart(root, changed, options, out);
  tell(breaking?.findings ?? [], breaking?.text);
  const tests = await testsPart(project, changed, options, out);
  if (isDocument(format))
    out.text(reportOf(format, all, { ...told, rules: [...told.rules, ...breakingFacts()] }));
  return [
    ...(check.findings.some(isBad) ? (["check"] as const) : []),
    ...(removed.some(isBad) ? (["removed"] as const) : []),
    ...(isWeaker && options.failOn !== "error" ? (["weakened"] as const) : []),
    ...(breaking?.findings.some(isBad) === true ? (["breaking"] as const) : []),
    ...(tests ? (["tests"] as const) : []),
  ];
}

/** For whoever reviews it: each of it may be meant. */
async function weakenedPart(
  project: Project,
  changed: readonly string[],
  { since }: GuardOptions,
  { note }: Out,
): Promise<readonly Finding[]> {
  const { root } = project.files;
  if (since === "staged" && !(await hasCommit(root))) return [];
  const judged = changed.filter((path) => /\.(?:[cm]?[jt]sx?|jsonc?|ya?ml|py|sql|md)$/.test(path));
  const before = await asInputError(() => textsBefore(root, since, judged));
  const found = weakenedBy(before, await textsOf(project.files, judged));
  note(`made weaker since ${since}: ${summaryOf(found)}.`);
  return found;
}

/** Null: there is nothing to compare. */
async function breakingPart(
  root: string,
  changed: readonly string[],
  { since, format, today }: GuardOptions,
  { note }: Out,
): Promise<BreakingResult | null> {
  if (!changed.some((path) => /\.[mc]?tsx?$|package(?:-lock)?\.json$/.test(path))) {
    note("events: no source changed.");
    return null;
  }
  if (since === "staged" && !(await hasCommit(root))) {
    note("events: nothing was committed before.");
    return null;
  }
  const places = changed.filter((path) => placesOfCatalogue.includes(path));
  if (!(await hadCatalogue(root, await asInputError(() => textsBefore(root, since, places))))) {
    note(`events: there was no catalogue of them in ${since === "staged" ? "HEAD" : since}.`);
    return null;
  }
  const against = since === "staged" ? "HEAD" : since;
  const found = await runBreaking({ path: root, against, today, format, failOn: "error" });
  note(`events, against ${against}: ${found.note}`);
  return found;
}

/** @returns true when it failed */
async function testsPart(
  project: Project,
  changed: readonly string[],
  { tests, testCommand, format }: GuardOptions,
  { note }: Out,
): Promise<boolean> {
  const files = idempotencyTests(project, changed);
  if (files.length === 0) {
    note("idempotency: nothing changed that a test of a second delivery is about.");
    return false;
  }
  note(`idempotency: ${files.join(" ")}`);
  if (!tests) return false;
  // A document on standard output is nothing else.
  const output = isDocument(format) ? "stderr" : "stdout";
  const code = await runTests(project.files.root, [...testCommand, ...files], output);
  note(`idempotency: ${code === 0 ? "passed" : `failed with exit code ${code}`}.`);
  return code !== 0;
}
