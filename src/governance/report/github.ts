import type { Finding, Severity } from "../finding.ts";

/** @see https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions#setting-an-error-message */
const commands: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "notice" };

const escapeData = (text: string) =>
  text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
const escapeProperty = (text: string) => escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** One command, without a line break at its end. */
export function githubLine(
  command: string,
  properties: Readonly<Record<string, string | number>>,
  message: string,
): string {
  const given = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${command} ${given.join(",")}::${escapeData(message)}`;
}

/** Lines that GitHub shows beside the change. */
export function githubReport(findings: readonly Finding[]): string {
  return findings
    .map(({ severity, file, line, endLine, column, endColumn, rule, message, mend }) => {
      const columns = line === endLine ? { col: column, endColumn } : {};
      const properties = { file, line, endLine, ...columns, title: rule };
      return `${githubLine(commands[severity], properties, `${message} ${mend}`)}\n`;
    })
    .join("");
}
