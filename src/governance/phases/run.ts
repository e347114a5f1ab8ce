/** `charter gate` and `charter phase` as functions. */

import { writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { InputError, rethrownAs, ToolError } from "../errors.ts";
import { makeFolder } from "../files/make-folder.ts";
import type { Project } from "../project.ts";
import { readProject } from "../project.ts";
import { rules } from "../rules/index.ts";
import type { Rule } from "../rules/rule.ts";
import { findRoot } from "../tree/files.ts";
import { TreeError } from "../tree/workspaces.ts";
import { acceptanceOf } from "./acceptance.ts";
import { shownTests } from "./evidence/shown-tests.ts";
import { readTestReport, type TestReport } from "./evidence/test-report.ts";
import { findModule } from "./facts/module-facts.ts";
import { pythonModules } from "./facts/python-facts.ts";
import { typescriptModules } from "./facts/typescript-facts.ts";
import { gateOf } from "./gate.ts";
import { type Judged, judgeModule, purposeOf } from "./judged.ts";
import { phasesOf } from "./phases.ts";
import { planMarkdown } from "./plan.ts";
import {
  gateText,
  isCompliant,
  type PhaseReport,
  phaseText,
  type ReportFormat,
  summaryOf,
  verdictWords,
} from "./report.ts";
import { type Ask, askSystem, type System } from "./system.ts";

export interface Result {
  /** In the form that was asked for. */
  readonly text: string;
  /** One line about it all. */
  readonly note: string;
  readonly failed: boolean;
}

export interface Server {
  readonly url: string;
  readonly ask: Ask;
}

const readers = [typescriptModules, pythonModules];

/** @throws {InputError} there is no such path or module @throws {ToolError} there is too much to judge */
async function judge(
  path: string,
  module: string,
  report: TestReport | null,
  today: string,
): Promise<Judged> {
  const project = await readTree(path);
  return judgeNamed(project, module, report, { today });
}

/** @param today `2026-11-26`, UTC; suppressions end @throws {InputError} there is no such module */
export function judgeNamed(
  project: Project,
  module: string,
  report: TestReport | null,
  { today, chosen = rules }: { readonly today: string; readonly chosen?: readonly Rule[] },
): Judged {
  const facts = findModule(project, module, readers);
  const evidence = { shown: shownTests(project, facts), report };
  return judgeModule(project, facts, { rules: chosen, today, evidence });
}

async function readTree(path: string): Promise<Project> {
  const { root } = await rethrownAs(InputError, TreeError)(() => findRoot(path));
  return rethrownAs(ToolError, TreeError)(() => readProject(root));
}

export interface GateOptions {
  readonly path: string;
  /** `2026-11-26`, UTC. */
  readonly today: string;
  readonly format: ReportFormat;
  /** What a person showed, by the id of the line. */
  readonly shown: ReadonlyMap<string, string>;
}

/** @throws as `judge` */
export async function runGate(module: string, options: GateOptions, server: Server): Promise<Result> {
  const [judged, system] = await Promise.all([
    judge(options.path, module, null, options.today),
    askSystem(server.url, server.ask),
  ]);
  const gate = gateOf(judged, system, options.shown);
  return {
    text: gateText(options.format, { judged, url: server.url, gate }),
    note: `${gate.verdict}: ${verdictWords(gate)}.`,
    failed: gate.verdict !== "GO",
  };
}

export interface PhaseOptions {
  readonly path: string;
  /** `2026-11-26`, UTC. */
  readonly today: string;
  readonly format: ReportFormat;
  /** A report of the run of its tests. */
  readonly tests?: string;
  /** Where the planned events are written; nothing else is then told. */
  readonly plan?: string;
}

/** @param server null: only the tree is looked at @throws as `judge` */
export async function runPhase(
  module: string,
  options: PhaseOptions,
  server: Server | null,
): Promise<Result> {
  const report = options.tests === undefined ? null : await readTestReport(options.tests);
  const [judged, system] = await Promise.all([
    judge(options.path, module, report, options.today),
    server === null ? null : askSystem(server.url, server.ask),
  ]);
  if (options.plan !== undefined) return writePlan(judged, options.plan);
  const phased = reportPhases(judged, system);
  return {
    text: phaseText(options.format, phased),
    note: `${summaryOf(phased)}.`,
    failed: !isCompliant(phased),
  };
}

export function reportPhases(judged: Judged, system: System | null): PhaseReport {
  const phases = phasesOf(judged);
  return { judged, phases, acceptance: acceptanceOf(judged, phases, system) };
}

/** A plan that people filled in is not written over. */
async function writePlan(judged: Judged, path: string): Promise<Result> {
  const { project, facts, plan } = judged;
  makeFolder(dirname(path));
  try {
    await writeFile(path, planMarkdown(project, facts, plan, purposeOf(judged)), { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw new InputError(`${path} is there already. Give another name, or delete it first.`);
  }
  const count = plan.events.length;
  return {
    text: "",
    note: `${count} planned ${count === 1 ? "event is" : "events are"} in ${path}. Fill in each "?".`,
    failed: false,
  };
}
