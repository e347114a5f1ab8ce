/** `charter guard` as a function: what a change adds, judged by all that is quick enough to run before each commit. */

import { spawn } from "node:child_process";
import { runBreaking } from "./breaking/run-breaking.ts";
import { changedFiles, hasCommit, textsBefore } from "./changed-lines.ts";
import { type Project, readProject } from "./project.ts";
import { madeByRemoval } from "./removed.ts";
import { type Format, reportOf, summaryOf } from "./report/index.ts";
import { rules } from "./rules/index.ts";
import { GivenError, given, runCheck } from "./run-check.ts";
import { findRoot } from "./tree/files.ts";
import { weakenedBy } from "./weakened/weakened.ts";

export interface GuardOptions {
  readonly path: string;
  readonly format: Exclude<Format, "json" | "sarif">;
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
export type Failed = readonly ("check" | "removed" | "breaking" | "tests")[];

/**
 * All parts run, also after a failure.
 *
 * @throws as {@link runCheck} and {@link runBreaking}
 */
export async function runGuard(options: GuardOptions, out: Out): Promise<Failed> {
  const { root } = await given(() => findRoot(options.path));
  const changed = await given(() => changedFiles(root, options.since));
  const source = options.since === "staged" ? { staged: true } : { since: options.since };
  const check = await runCheck({
    ...source,
    path: options.path,
    today: options.today,
    format: options.format,
    failOn: "error",
  });
  out.text(check.text);
  out.note(`rules, lines added since ${options.since}: ${check.note}`);
  const project = await readProject(root);
  const removed = await removedPart(project, changed, options, out);
  await weakenedPart(project, changed, options, out);
  const breaking = await breakingPart(root, changed, options, out);
  const tests = await testsPart(project, changed, options, out);
  return [
    ...(check.failed ? (["check"] as const) : []),
    ...(removed ? (["removed"] as const) : []),
    ...(breaking ? (["breaking"] as const) : []),
    ...(tests ? (["tests"] as const) : []),
  ];
}

/** @returns true when it failed */
async function removedPart(
  project: Project,
  changed: readonly string[],
  { since, format, today }: GuardOptions,
  { text, note }: Out,
): Promise<boolean> {
  const found = await given(() => madeByRemoval(project, changed, since, today));
  text(reportOf(format, found, { tool: "charter guard", rules }));
  note(`rules, elsewhere by what was removed since ${since}: ${summaryOf(found)}.`);
  return found.some(({ severity }) => severity === "error");
}

/** For whoever reviews it: it never fails, because each of it may be meant. */
async function weakenedPart(
  project: Project,
  changed: readonly string[],
  { since, format }: GuardOptions,
  { text, note }: Out,
): Promise<void> {
  const { root } = project.files;
  if (since === "staged" && !(await hasCommit(root))) return;
  const judged = changed.filter((path) => /\.(?:[cm]?[jt]sx?|jsonc?|ya?ml|py|sql)$/.test(path));
  const found = weakenedBy(project.files, await given(() => textsBefore(root, since, judged)));
  text(reportOf(format, found, { tool: "charter guard", rules }));
  note(`made weaker since ${since}: ${summaryOf(found)}.`);
}

/** @returns true when it failed */
async function breakingPart(
  root: string,
  changed: readonly string[],
  { since, format, today }: GuardOptions,
  { text, note }: Out,
): Promise<boolean> {
  if (!changed.some((path) => /\.[mc]?tsx?$|package(?:-lock)?\.json$/.test(path))) {
    note("events: no source changed.");
    return false;
  }
  if (since === "staged" && !(await hasCommit(root))) {
    note("events: nothing was committed before.");
    return false;
  }
  const against = since === "staged" ? "HEAD" : since;
  const found = await runBreaking({ path: root, against, today, format, failOn: "error" });
  text(found.text);
  note(`events, against ${against}: ${found.note}`);
  return found.failed;
}

/** @returns true when it failed */
async function testsPart(
  project: Project,
  changed: readonly string[],
  { tests, testCommand }: GuardOptions,
  { note }: Out,
): Promise<boolean> {
  const files = idempotencyTests(project, changed);
  if (files.length === 0) {
    note("idempotency: nothing changed that a test of a second delivery is about.");
    return false;
  }
  note(`idempotency: ${files.join(" ")}`);
  if (!tests) return false;
  const code = await run(project.files.root, [...testCommand, ...files]);
  note(`idempotency: ${code === 0 ? "passed" : `failed with exit code ${code}`}.`);
  return code !== 0;
}

/**
 * Files whose tests deliver an entry a second time to a consumer that the change may have touched: its module changed, or
 * the definition of an event that it handles, or what all modules stand on.
 */
export function idempotencyTests(
  { typescript, tests }: Project,
  changed: readonly string[],
): readonly string[] {
  const touched = new Set(changed);
  const inModules = new Set(typescript.modules.flatMap(({ files }) => files));
  const definitions = new Set(typescript.events.map(({ file }) => file));
  const sources = changed.filter((path) => typescript.files.includes(path));
  // The engine, the composition, the kit: nobody can say which consumer does not stand on them.
  const isAll = sources.some((path) => !inModules.has(path) && !definitions.has(path));
  const touchedConsumers = typescript.consumers.filter(({ file }) => {
    const module = typescript.moduleOf(file);
    const own = module === null ? [file] : module.files;
    const handled = typescript.handled
      .filter((handler) => own.includes(handler.file))
      .flatMap(({ events }) => events.map((event) => event.file));
    return isAll || [...own, ...handled].some((path) => touched.has(path));
  });
  const concerned = new Set(touchedConsumers.map(({ subscriber }) => subscriber));
  return typescript.tests.filter((path) =>
    tests
      .testsIn(path)
      .some((fact) =>
        [...fact.subscribers].some(
          (name) => (touched.has(path) || concerned.has(name)) && fact.showsOf(name).has("redelivered"),
        ),
      ),
  );
}

/** Its output is ours. @throws {GivenError} there is no such program */
function run(root: string, [program, ...args]: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program ?? "", args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", (error) =>
      reject(new GivenError(`The tests cannot be run by "${program}": ${error.message}.`, { cause: error })),
    );
    child.on("close", (code) => resolve(code ?? 1));
  });
}
