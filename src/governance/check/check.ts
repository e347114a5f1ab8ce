/** Runs the rules over a project. */

import type ts from "typescript";
import type { Finding, Place } from "../finding.ts";
import { severities } from "../finding.ts";
import { findingAt } from "../finding-at.ts";
import type { Project } from "../project.ts";
import { rules as allRules } from "../rules/index.ts";
import type { Rule, RuleFinding } from "../rules/rule.ts";
import { withinDepth } from "../tree/depth.ts";
import { isPlainCall } from "../tree/syntax/plain-calls.ts";
import { placeOf } from "../tree/syntax/source.ts";
import { covers, type Suppression, suppressionsOf } from "./suppressions.ts";

export interface Checked {
  /** By file and line. */
  readonly findings: readonly Finding[];
  /** How many were suppressed. */
  readonly suppressed: number;
}

/** The rule that judges suppressions themselves. It cannot be suppressed. */
export const suppressionRule = {
  id: "S-1",
  title: "A suppression names a rule, has a reason and an end",
  why: "A rule that is switched off for ever and for no reason is a rule that nobody has.",
  mend: "Mend what the rule found, or write `charter-ignore <rule> until <yyyy-mm-dd>: <reason>` with a day within a year.",
} as const;

/**
 * @param today `2026-11-26`, UTC
 * @throws {TreeError} a file is nested too deep
 */
export function checkProject(project: Project, rules: readonly Rule[], today: string): Checked {
  const found = withinDepth(project.files, () => rules.flatMap((rule) => findingsOf(project, rule)));
  const suppressions = new Map(
    [...project.files.files.values()].map((file) => [file.path, suppressionsOf(file, today)] as const),
  );
  const namesOf = new Map(rules.map(({ id, also = [] }) => [id, [id, ...also]] as const));
  const isSuppressed = ({ rule, file, line }: Finding) =>
    (suppressions.get(file) ?? []).some(
      (suppression) =>
        suppression.fault === null &&
        (namesOf.get(rule) ?? [rule]).some((name) => covers(suppression, name, line)),
    );
  const open = found.filter((finding) => !isSuppressed(finding));
  // All rules, not only those that judge now: a suppression of another one is right.
  const ids = new Set(
    [...allRules, ...rules].flatMap(({ id, also = [] }) => [id, ...also].map((name) => name.toUpperCase())),
  );
  const faults = [...suppressions.values()]
    .flat()
    .flatMap((suppression) => faultOf(project, suppression, ids) ?? []);
  return { findings: [...open, ...faults].sort(inOrder), suppressed: found.length - open.length };
}

function findingsOf(project: Project, rule: Rule): readonly Finding[] {
  const found = new Map<
    string,
    { readonly at: string; readonly isPlain: boolean; readonly finding: Finding }
  >();
  const report = (given: RuleFinding) => {
    const finding = toFinding(project, rule, given);
    const { file, line, column, endLine, endColumn, message } = finding;
    found.set(`${file}:${line}:${column}:${message}`, {
      at: `${file}:${line}:${column}-${endLine}:${endColumn}`,
      isPlain: isNode(given.at) && isPlainCall(given.at),
      finding,
    });
  };
  rule.check(project, report);
  if (project.python.modules.length > 0) rule.python?.(project, report);
  const all = [...found.values()];
  // A call in roundabout words is judged as it stands, too, which says less of what it is given.
  const plain = new Set(all.flatMap(({ at, isPlain }) => (isPlain ? [at] : [])));
  return all.flatMap(({ at, isPlain, finding }) => (isPlain || !plain.has(at) ? [finding] : []));
}

const isNode = (at: RuleFinding["at"]): at is ts.Node => "kind" in at;

function toFinding(
  project: Project,
  rule: Pick<Rule, "id" | "severity" | "why" | "mend">,
  report: RuleFinding,
): Finding {
  const place: Place = isNode(report.at) ? placeOf(report.at) : report.at;
  const facts = {
    id: rule.id,
    severity: report.severity ?? rule.severity,
    why: rule.why,
    mend: report.mend ?? rule.mend,
  };
  const file = project.files.files.get(place.file);
  return { ...findingAt(facts, file, place, report.message), fix: report.fix ?? null };
}

function faultOf(
  project: Project,
  { rule, fault, place }: Suppression,
  ids: ReadonlySet<string>,
): Finding | null {
  const unknown = ids.has(rule)
    ? null
    : `The suppression names ${rule || "no rule"}, and there is no such rule.`;
  const message = fault ?? unknown;
  if (message === null) return null;
  return toFinding(project, { ...suppressionRule, severity: "error" }, { at: place, message });
}

function inOrder(left: Finding, right: Finding): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1;
  if (left.line !== right.line) return left.line - right.line;
  if (left.column !== right.column) return left.column - right.column;
  const worse = severities.indexOf(left.severity) - severities.indexOf(right.severity);
  return worse !== 0 ? worse : left.rule < right.rule ? -1 : 1;
}
