/** `charter check` as a function: reads, judges, mends and reports. */

import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError, rethrownAs, ToolError } from "../errors.ts";
import { ForeignFileError, requireOwnFile } from "../files/own-file.ts";
import { type Finding, type Severity, severities } from "../finding.ts";
import { type Project, readProject } from "../project.ts";
import { type Format, reportOf, summaryOf } from "../report/index.ts";
import { rules } from "../rules/index.ts";
import type { Rule } from "../rules/rule.ts";
import { findRoot } from "../tree/files.ts";
import { TreeError } from "../tree/workspaces.ts";
import { BaselineError, baselineOf, compareWith, isBaseline, parseBaseline } from "./baseline.ts";
import { addedLines, ChangeError, inAddedLines } from "./changed-lines.ts";
import { checkProject, suppressionRule } from "./check.ts";
import { applyFixes } from "./fix.ts";
import { remembered } from "./result-cache.ts";

export interface CheckOptions {
  readonly path: string;
  readonly format: Format;
  readonly failOn: Severity;
  /** Ids of rules; left out: all. */
  readonly rule?: readonly string[];
  /** A revision of git. */
  readonly since?: string;
  readonly staged?: boolean;
  readonly fix?: boolean;
  readonly baseline?: string;
  readonly writeBaseline?: boolean;
  /** A file that is no baseline is written over, too. */
  readonly force?: boolean;
  /** False: also what did not change since the last look is looked at. */
  readonly cache?: boolean;
  /** `2026-11-26`, UTC; suppressions end. */
  readonly today: string;
}

export interface CheckResult {
  /** In the form that was asked for. */
  readonly text: string;
  /** One line about it all. */
  readonly note: string;
  readonly failed: boolean;
  /** Those that are told. */
  readonly findings: readonly Finding[];
}

/** As reports know it. */
export const suppressionFacts = { ...suppressionRule, severity: "error" } as const;

/** For what looks at what the user gave. */
export const asInputError = rethrownAs(InputError, TreeError, ChangeError, BaselineError, ForeignFileError);
/** For what reads a project that was found. */
const asToolError = rethrownAs(ToolError, TreeError);

const usualBaseline = "charter-baseline.json";

/**
 * @throws {InputError} no such path, rule, revision or baseline
 * @throws {ToolError} there is too much to judge
 */
export async function runCheck(options: CheckOptions): Promise<CheckResult> {
  const chosen = chooseRules(options.rule);
  const { root, within } = await asInputError(() => findRoot(options.path));
  let project = await asToolError(() => readProject(root));
  const judge = async () => {
    const look = () => checkProject(project, chosen, options.today);
    const about = [options.today, ...chosen.map(({ id }) => id)];
    const { findings, suppressed } = await asToolError(async () =>
      options.cache === false ? look() : remembered(project.files, about, look),
    );
    const inPath = findings.filter(({ file }) => isWithin(file, within));
    const since = options.staged === true ? "staged" : options.since;
    const told =
      since === undefined ? inPath : inAddedLines(inPath, await asInputError(() => addedLines(root, since)));
    return { told, suppressed };
  };
  let { told, suppressed } = await judge();
  let mended = 0;
  if (options.fix === true) {
    // What one mend hid, or made, is found by the next look; each look mends something, so this ends.
    for (let round = 0; round < 5 && told.some(({ fix }) => fix !== null); round++) {
      const { texts, count } = applyFixes(told, project.files.files);
      await Promise.all([...texts].map(([path, text]) => writeFile(join(root, path), text)));
      mended += count;
      project = await readProject(root);
      ({ told, suppressed } = await judge());
    }
  }
  const isWhole = within === "" && options.staged !== true && options.since === undefined;
  return withBaseline(options, { root, project, told, suppressed, mended, chosen, isWhole });
}

interface Judged {
  readonly root: string;
  readonly project: Project;
  readonly told: readonly Finding[];
  readonly suppressed: number;
  readonly mended: number;
  readonly chosen: readonly Rule[];
  /** False: only a folder or added lines were looked at, so what the baseline has besides is no news. */
  readonly isWhole: boolean;
}

const baselineRefused = (path: string, done: string, error: NodeJS.ErrnoException) =>
  new InputError(
    `The baseline ${path} cannot be ${done} (${error.code}). Expected a file in a folder that is there; give its path with --baseline.`,
    { cause: error },
  );

async function withBaseline(options: CheckOptions, judged: Judged): Promise<CheckResult> {
  const { root, project, told, suppressed, mended, chosen, isWhole } = judged;
  const path = options.baseline ?? join(root, usualBaseline);
  if (options.writeBaseline === true) {
    const baseline = baselineOf(told, project.files.files);
    // One that was not named has its own name, and is no other file by mistake.
    if (options.baseline !== undefined && options.force !== true)
      await asInputError(() => requireOwnFile(path, isBaseline, "a baseline"));
    await writeFile(path, `${JSON.stringify(baseline, null, 2)}\n`).catch((error: NodeJS.ErrnoException) => {
      throw baselineRefused(path, "written", error);
    });
    return {
      text: "",
      note: `${told.length} findings are noted in ${path}, and are not told again.`,
      failed: false,
      findings: [],
    };
  }
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return null;
    throw baselineRefused(path, "read", error);
  });
  if (text === null && options.baseline !== undefined) {
    throw new InputError(`There is no baseline ${options.baseline}. Write it with --write-baseline.`);
  }
  const compared =
    text === null
      ? { fresh: told, known: 0, gone: 0 }
      : compareWith(await asInputError(async () => parseBaseline(text, path)), told, project.files.files);
  const parts = [
    summaryOf(compared.fresh),
    ...(mended > 0 ? [`${mended} mended`] : []),
    ...(suppressed > 0 ? [`${suppressed} suppressed`] : []),
    ...(compared.known > 0 ? [`${compared.known} known from the baseline`] : []),
    ...(isWhole && compared.gone > 0 ? [`${compared.gone} of the baseline are gone: write it anew`] : []),
  ];
  const worst = severities.indexOf(options.failOn);
  return {
    text: reportOf(options.format, compared.fresh, {
      tool: "charter check",
      rules: [...chosen, suppressionFacts],
    }),
    note: `${parts.join(", ")} (${lookedAt(project)}).`,
    failed: compared.fresh.some(({ severity }) => severities.indexOf(severity) <= worst),
    findings: compared.fresh,
  };
}

/** Nothing found where nothing is says nothing. */
function lookedAt({ typescript, python, files }: Project): string {
  const modules = typescript.modules.length + python.modules.length;
  return `${modules === 0 ? "no module" : count(modules, "module")} in ${count(files.files.size, "file")}`;
}

const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;

const isWithin = (file: string, within: string) =>
  within === "" || file === within || file.startsWith(`${within}/`);

function chooseRules(ids: readonly string[] | undefined): readonly Rule[] {
  if (ids === undefined) return rules;
  const chosen = ids.flatMap((id) => {
    const found = rules.filter(({ id: own, also = [] }) =>
      [own, ...also].some((name) => name.toUpperCase() === id.toUpperCase()),
    );
    if (found.length > 0) return found;
    throw new InputError(`There is no rule "${id}". charter check --list names them all.`);
  });
  return [...new Set(chosen)];
}

/** A line for each rule. */
export function ruleList(): string {
  const named = ({ id, also = [] }: Rule) => [id, ...also].join(" ");
  const width = Math.max(...rules.map((rule) => named(rule).length));
  return rules
    .map((rule) => `${named(rule).padEnd(width)}  ${rule.severity.padEnd(7)}  ${rule.title}\n`)
    .join("");
}

/** The page of a rule, as Markdown. @throws {InputError} there is no such rule */
export async function explainRule(id: string): Promise<string> {
  const [rule] = chooseRules([id]);
  const page = new URL(`../rules/pages/${rule?.id.toLowerCase()}.md`, import.meta.url);
  return readFile(fileURLToPath(page.href), "utf8");
}
