/** Reports of gate and phases, as a team reads them together and as programs do. */

import type { Gate } from "./gate.ts";
import type { Judged } from "./judged.ts";
import type { Line, State } from "./line.ts";
import { currentPhase, type Phase } from "./phases.ts";

export const reportFormats = ["human", "markdown", "json"] as const;
export type ReportFormat = (typeof reportFormats)[number];

export interface PhaseReport {
  readonly judged: Judged;
  readonly phases: readonly Phase[];
  readonly acceptance: readonly Line[];
}

const marks: Readonly<Record<State, string>> = { pass: "ok", fail: "NO", unknown: "?", "not needed": "-" };

/** Without characters that a terminal or a table would obey. */
const printable = (text: string) =>
  text
    .replaceAll(/\s+/g, " ")
    .replace(
      /\p{Cc}|\p{Cf}/gu,
      (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
    );

/** Ends with a line break. */
export function phaseText(format: ReportFormat, report: PhaseReport): string {
  if (format === "json") return `${JSON.stringify(phaseJson(report), null, 2)}\n`;
  return format === "markdown" ? phaseMarkdown(report) : phaseHuman(report);
}

/** `course_access is compliant`, `booking is in phase 2, Producer: 3 things are missing`. */
export function summaryOf({ judged, phases, acceptance }: PhaseReport): string {
  const { name } = judged.facts;
  const phase = currentPhase(phases);
  if (phase !== null) {
    const missing = phase.lines.filter(({ state }) => state === "fail").length;
    return `${name} is in phase ${phase.number}, ${phase.title}: ${missing} ${missing === 1 ? "thing is" : "things are"} missing`;
  }
  const failed = acceptance.filter(({ state }) => state === "fail").map(({ id }) => id);
  return failed.length === 0
    ? `${name} is compliant`
    : `${name} has done all phases, and fails ${failed.join(", ")}`;
}

function phaseJson(report: PhaseReport) {
  const { judged, phases, acceptance } = report;
  const { facts } = judged;
  const phase = currentPhase(phases);
  return {
    module: facts.name,
    folder: facts.folder,
    language: facts.language,
    phase: phase?.number ?? null,
    compliant: isCompliant(report),
    missing: (phase?.lines ?? []).filter(({ state }) => state === "fail"),
    phases,
    acceptance,
    planned: judged.plan.events.map(({ type, when, payload, consumers }) => ({
      type,
      when,
      payload,
      consumers,
    })),
  };
}

/** All phases are done, and no criterion fails. What nobody could look at here is no failure. */
export const isCompliant = ({ phases, acceptance }: PhaseReport) =>
  currentPhase(phases) === null && acceptance.every(({ state }) => state !== "fail");

function phaseHuman(report: PhaseReport): string {
  const { judged, phases, acceptance } = report;
  const current = currentPhase(phases);
  const lines = phases.flatMap((phase) => [
    `Phase ${phase.number}  ${phase.title.padEnd(14)} ${phase.state}`,
    ...linesShown(phase, current).flatMap(humanLine),
  ]);
  return [
    `${summaryOf(report)}. ${judged.facts.folder}, ${judged.facts.language}.`,
    "",
    ...lines,
    "",
    "Acceptance",
    ...acceptance.flatMap(humanLine),
    "",
  ].join("\n");
}

/** Of phases behind the current one only what is missing: they come later. */
function linesShown(phase: Phase, current: Phase | null): readonly Line[] {
  if (phase.state === "not needed") return [];
  const isLater = current !== null && phase.number > current.number;
  return isLater ? phase.lines.filter(({ state }) => state === "fail") : phase.lines;
}

function humanLine({ id, title, state, evidence, todo }: Line): readonly string[] {
  return [
    `  ${marks[state].padEnd(2)}  ${id.padEnd(5)} ${title}: ${printable(evidence)}`,
    ...(todo === null ? [] : [`            → ${printable(todo)}`]),
  ];
}

const cell = (text: string) => printable(text).replaceAll("|", "\\|");

function markdownTable(lines: readonly Line[]): readonly string[] {
  return [
    "| | | What must hold | What was seen | What to do |",
    "|---|---|---|---|---|",
    ...lines.map(
      ({ id, title, state, evidence, todo }) =>
        `| ${id} | ${marks[state]} | ${cell(title)} | ${cell(evidence)} | ${todo === null ? "" : cell(todo)} |`,
    ),
  ];
}

function phaseMarkdown(report: PhaseReport): string {
  const { judged, phases, acceptance } = report;
  return [
    `# Migration of ${judged.facts.name}`,
    "",
    `**${summaryOf(report)}.** \`${judged.facts.folder}\`, ${judged.facts.language}.`,
    "",
    ...phases.flatMap((phase) => [
      `## Phase ${phase.number}: ${phase.title} (${phase.state})`,
      "",
      ...markdownTable(phase.lines),
      "",
    ]),
    "## Acceptance",
    "",
    ...markdownTable(acceptance),
    "",
  ].join("\n");
}

export interface GateReport {
  readonly judged: Judged;
  readonly url: string;
  readonly gate: Gate;
}

/** Ends with a line break. */
export function gateText(format: ReportFormat, { judged, url, gate }: GateReport): string {
  const { name, folder } = judged.facts;
  const head = `${gate.verdict}: ${name}, ${verdictWords(gate)}`;
  if (format === "json")
    return `${JSON.stringify({ module: name, folder, url, verdict: gate.verdict, lines: gate.lines }, null, 2)}\n`;
  if (format === "markdown")
    return [`# Gate of ${name}`, "", `**${head}.** ${url}`, "", ...markdownTable(gate.lines), ""].join("\n");
  return [`${head}. ${url}`, "", ...gate.lines.flatMap(humanLine), ""].join("\n");
}

export function verdictWords({ verdict, lines }: Gate): string {
  if (verdict === "GO") return "the migration may begin";
  const failed = lines.filter(({ state }) => state === "fail").map(({ id }) => id);
  const open = lines.filter(({ state }) => state === "unknown").map(({ id }) => id);
  const parts = [
    ...(failed.length > 0 ? [`${failed.join(", ")} ${failed.length === 1 ? "fails" : "fail"}`] : []),
    ...(open.length > 0 ? [`${open.join(", ")} must be shown by hand`] : []),
  ];
  return parts.join("; ");
}
