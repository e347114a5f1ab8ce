/** `charter breaking` as a function: loads, compares, tries old payloads, names who is hurt, and proposes the step. */

import { writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { InputError, rethrownAs, ToolError } from "../errors.ts";
import { makeFolder } from "../files/make-folder.ts";
import { ForeignFileError, isJsonWith, requireOwnFile } from "../files/own-file.ts";
import { type Severity, severities } from "../finding.ts";
import { readProject } from "../project.ts";
import { type Format, reportOf, summaryOf } from "../report/index.ts";
import type { RuleFacts } from "../report/source.ts";
import { findRoot } from "../tree/files.ts";
import { type PayloadReads, readPayloads } from "../tree/product/payload-reads.ts";
import { TreeError } from "../tree/workspaces.ts";
import {
  type AcceptedBreak,
  AcceptedError,
  acceptedFile,
  parseAccepted,
  withoutAccepted,
} from "./accepted.ts";
import { catalogueText } from "./catalogue.ts";
import { type Comparison, compareCatalogues } from "./compare/compare.ts";
import { type Break, decideBreaks, planTrials } from "./decide.ts";
import { type BreakFinding, findingsOf } from "./findings.ts";
import { withoutFinishedRenames } from "./finished-renames.ts";
import { readAgainst } from "./load/against.ts";
import { type LoadedCatalogue, loadCatalogue } from "./load/load.ts";
import { readOptional } from "./load/product-facts.ts";
import { CatalogueError } from "./load/read-catalogue.ts";
import { rules } from "./rules.ts";
import type { Observed } from "./whom.ts";

export interface BreakingOptions {
  readonly path: string;
  /** A file with a catalogue, or a revision of git. */
  readonly against: string;
  readonly format: Format;
  readonly failOn: Severity;
  /** `2026-11-27`, UTC. */
  readonly today: string;
  /** Where the catalogue is, `<file>#<export>`; left out: as the product says. */
  readonly catalogue?: string;
  /** A file of accepted breaks; left out: `charter-breaking.json` of the project, if it is there. */
  readonly accepted?: string;
  /** Who was seen handling which type. */
  readonly observed?: Observed;
}

export interface BreakingResult {
  readonly text: string;
  readonly note: string;
  readonly failed: boolean;
  readonly findings: readonly BreakFinding[];
}

const asInputError = rethrownAs(InputError, TreeError, AcceptedError, CatalogueError, ForeignFileError);
const asToolError = rethrownAs(ToolError, TreeError, CatalogueError);

/**
 * @throws {InputError} no such path, file, revision; what is compared with is no catalogue; accepted breaks without a reason
 * @throws {ToolError} the catalogue of this tree cannot be loaded
 */
export async function runBreaking(options: BreakingOptions): Promise<BreakingResult> {
  const root = await asInputError(() => productRoot(options.path));
  const catalogue = options.catalogue ?? null;
  const accepted = await asInputError(() => readAccepted(root, options));
  const against = await asInputError(() => readAgainst(root, options.against, catalogue));
  const now = await asToolError(() => loadCatalogue(root, catalogue));
  try {
    const comparisons = compareCatalogues(against.record, now.record);
    const trials = planTrials(comparisons);
    const results = await asToolError(() => now.read(trials.cases));
    const { left, unused } = withoutAccepted(decideBreaks(comparisons, trials, results), accepted);
    const findings = await tell(root, now, left, comparisons, options.observed ?? new Map());
    return resultOf(options, findings, against.name, accepted.length - unused.length, unused);
  } finally {
    now.close();
  }
}

/** A folder with a `package.json` is a product of its own, also inside of a larger project. */
async function productRoot(path: string): Promise<string> {
  const folder = resolve(path);
  if ((await readOptional(join(folder, "package.json"))) !== null) return folder;
  return (await findRoot(path)).root;
}

export interface WriteCatalogueOptions {
  /** From where the command runs; `-` gives the text back. */
  readonly file: string;
  /** Null: as the product says. */
  readonly catalogue: string | null;
  /** What is there is written over, whoever made it. */
  readonly isForced: boolean;
}

/**
 * Writes the catalogue of a tree as JSON.
 *
 * @throws {InputError} no such path; the file is there, and is no catalogue
 */
export async function writeCatalogue(
  path: string,
  { file, catalogue, isForced }: WriteCatalogueOptions,
): Promise<{ readonly text: string; readonly note: string }> {
  const root = await asInputError(() => productRoot(path));
  const { record, close } = await asToolError(() => loadCatalogue(root, catalogue));
  close();
  const text = catalogueText(record);
  const note = `${Object.keys(record.events).length} events of ${record.product} ${record.release}`;
  if (file === "-") return { text, note };
  const isOurs = (there: string) => isJsonWith(there, "catalogue", "events");
  if (!isForced)
    await asInputError(() => requireOwnFile(file, isOurs, "a catalogue of charter breaking --write"));
  makeFolder(dirname(file));
  await writeFile(file, text);
  return { text: "", note: `${note} are in ${file}` };
}

/** The rules, as reports know them. */
export const breakingFacts = (): readonly RuleFacts[] =>
  Object.entries(rules).map(([id, { what, severity, why, mend }]) => ({
    id,
    title: what,
    severity,
    why,
    mend,
  }));

/** A line for each rule. */
export function breakingRuleList(): string {
  const width = Math.max(...Object.keys(rules).map((id) => id.length));
  return Object.entries(rules)
    .map(([id, { severity, what }]) => `${id.padEnd(width)}  ${severity.padEnd(7)}  ${what}\n`)
    .join("");
}

async function readAccepted(
  root: string,
  { accepted: path, today }: BreakingOptions,
): Promise<readonly AcceptedBreak[]> {
  const file = path === undefined ? join(root, acceptedFile) : resolve(path);
  const text = await readOptional(file);
  if (text === null && path !== undefined)
    throw new InputError(`There is no ${path}. Expected a file of accepted breaks.`);
  return text === null ? [] : parseAccepted(text, path ?? acceptedFile, today);
}

/** The sources are read only when there is something to tell. */
async function tell(
  root: string,
  now: LoadedCatalogue,
  breaks: readonly Break[],
  comparisons: readonly Comparison[],
  observed: Observed,
): Promise<readonly BreakFinding[]> {
  if (breaks.length === 0) return [];
  const project = await asToolError(() => readProject(root));
  const code: readonly PayloadReads[] = readPayloads(project.typescript);
  return findingsOf({
    breaks: withoutFinishedRenames(breaks, project),
    comparisons,
    project,
    catalogueFile: now.file,
    code,
    observed,
  });
}

function resultOf(
  options: BreakingOptions,
  findings: readonly BreakFinding[],
  against: string,
  acceptedCount: number,
  unused: readonly AcceptedBreak[],
): BreakingResult {
  const worst = severities.indexOf(options.failOn);
  const gone = unused.map(({ rule, event }) => `${rule} of ${event}`);
  const parts = [
    summaryOf(findings),
    ...(acceptedCount > 0 ? [`${acceptedCount} accepted`] : []),
    ...(gone.length > 0 ? [`accepted, but not there any more: ${gone.join(", ")}`] : []),
  ];
  const told = reportOf(options.format, findings, { tool: "charter breaking", rules: breakingFacts() });
  const proposals = findings.flatMap(({ proposal }) => proposal ?? []);
  const steps =
    options.format === "human" ? proposals.map((code) => `\nproposed step:\n\n${code}`).join("") : "";
  return {
    text: `${told}${steps}`,
    note: `${parts.join(", ")}. Compared with ${against}.`,
    failed: findings.some(({ severity }) => severities.indexOf(severity) <= worst),
    findings,
  };
}
