import type { Finding, Severity } from "../finding.ts";
import type { Source } from "./source.ts";

const levels: Readonly<Record<Severity, string>> = { error: "error", warning: "warning", info: "note" };

/** @see https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html */
export function sarifReport(findings: readonly Finding[], { tool, rules }: Source): object {
  const known = new Map(rules.map((rule, index) => [rule.id, index]));
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: tool,
            rules: rules.map(({ id, title, severity, why, mend }) => ({
              id,
              shortDescription: { text: title },
              fullDescription: { text: why },
              help: { text: mend },
              defaultConfiguration: { level: levels[severity] },
            })),
          },
        },
        columnKind: "utf16CodeUnits",
        results: findings.map(
          ({ rule, severity, message, mend, file, line, column, endLine, endColumn }) => ({
            ruleId: rule,
            ...(known.has(rule) ? { ruleIndex: known.get(rule) } : {}),
            level: levels[severity],
            message: { text: `${message} ${mend}` },
            locations: [
              {
                physicalLocation: {
                  artifactLocation: { uri: encodeURI(file), uriBaseId: "%SRCROOT%" },
                  region: { startLine: line, startColumn: column, endLine, endColumn },
                },
              },
            ],
          }),
        ),
      },
    ],
  };
}
