/** Findings as people and programs read them. */

import { type Finding, severities } from "../finding.ts";
import { githubReport } from "./github.ts";
import { sarifReport } from "./sarif.ts";
import type { Source } from "./source.ts";

export const formats = ["human", "json", "sarif", "github"] as const;
export type Format = (typeof formats)[number];

/** Ends with a line break, or is empty. */
export function reportOf(format: Format, findings: readonly Finding[], source: Source): string {
  if (format === "json") return `${JSON.stringify({ findings }, null, 2)}\n`;
  if (format === "sarif") return `${JSON.stringify(sarifReport(findings, source), null, 2)}\n`;
  return format === "github" ? githubReport(findings) : humanReport(findings);
}

/** One finding after the other: where, what, why, how to mend. */
function humanReport(findings: readonly Finding[]): string {
  return findings
    .map(({ file, line, column, severity, rule, message, why, mend, fix }) =>
      [
        `${printable(file)}:${line}:${column}  ${severity}  ${rule}`,
        `  ${printable(message)}`,
        `  why:  ${why}`,
        `  mend: ${mend}${fix === null ? "" : " (--fix does it)"}`,
        "",
      ].join("\n"),
    )
    .join("\n");
}

/** Without characters that a terminal would obey. */
const printable = (text: string) =>
  text.replace(
    /\p{Cc}|\p{Cf}/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );

/** `3 errors, 1 warning`; `nothing found`. */
export function summaryOf(findings: readonly Finding[]): string {
  const parts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 || severity === "info" ? "" : "s"}`];
  });
  return parts.length === 0 ? "nothing found" : parts.join(", ");
}
