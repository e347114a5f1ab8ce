import type { Finding, Severity } from "../finding.ts";

/** @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions#setting-an-error-message */
const commands: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "notice" };

const escapeData = (text: string) =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapeProperty = (text: string) => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** Lines that GitHub shows beside the change. */
export function githubReport(findings: readonly Finding[]): string {
  return findings
    .map(({ severity, file, line, endLine, column, endColumn, rule, message, mend }) => {
      const columns = line === endLine ? `,col=${column},endColumn=${endColumn}` : "";
      const place = `file=${escapeProperty(file)},line=${line},endLine=${endLine}${columns}`;
      return `::${commands[severity]} ${place},title=${escapeProperty(rule)}::${escapeData(`${message} ${mend}`)}\n`;
    })
    .join("");
}
