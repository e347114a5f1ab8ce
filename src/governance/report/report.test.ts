import { expect, test } from "vitest";
import type { Finding } from "../finding.ts";
import { reportOf, summaryOf } from "./index.ts";

const finding: Finding = {
  rule: "P-2",
  severity: "warning",
  file: "src/modules/päy ment/a,b:c.ts",
  line: 3,
  column: 5,
  endLine: 3,
  endColumn: 9,
  message: 'The key "e\u001b[31mmail\u202e\n::error::100%" names a person.',
  why: "Payloads live for ever.",
  mend: "Give the id instead.",
  fix: null,
};
const rule = { id: "P-2", title: "No personal data", severity: "error", why: "why.", mend: "mend." } as const;
const source = { tool: "charter check", rules: [{ ...rule, id: "P-1" }, rule] };
const write = (format: Parameters<typeof reportOf>[0]) => reportOf(format, [finding], source);

test("people read where, what, why and how to mend, and no character that a terminal obeys", () => {
  const lines = write("human").split("\n");
  expect(lines).toEqual([
    "src/modules/päy ment/a,b:c.ts:3:5  warning  P-2",
    '  The key "e\\u001b[31mmail\\u202e\\u000a::error::100%" names a person.',
    "  why:  Payloads live for ever.",
    "  mend: Give the id instead.",
    "",
  ]);
});

test("GitHub reads one command, whatever stands in the message", () => {
  const text = write("github");
  expect(text.trimEnd().split("\n")).toHaveLength(1);
  expect(text).toMatch(
    /^::warning file=src\/modules\/päy ment\/a%2Cb%3Ac\.ts,line=3,endLine=3,col=5,endColumn=9,title=P-2::/,
  );
  expect(text).toContain("%0A::error::100%25");
});

test("programs read JSON, and SARIF with the rule of each result", () => {
  expect(JSON.parse(write("json"))).toEqual({ findings: [finding] });
  const sarif = JSON.parse(write("sarif"));
  const [run] = sarif.runs;
  expect(sarif.version).toBe("2.1.0");
  expect(run.tool.driver.rules[run.results[0].ruleIndex].id).toBe("P-2");
  expect(run.results[0]).toMatchObject({
    ruleId: "P-2",
    level: "warning",
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri: "src/modules/p%C3%A4y%20ment/a,b:c.ts" },
          region: { startLine: 3, startColumn: 5, endLine: 3, endColumn: 9 },
        },
      },
    ],
  });
});

test("nothing found is nothing for people and GitHub, and an empty list for programs", () => {
  expect(["human", "github"].map((format) => reportOf(format as "human", [], source))).toEqual(["", ""]);
  expect(JSON.parse(reportOf("json", [], source))).toEqual({ findings: [] });
  expect(JSON.parse(reportOf("sarif", [], source)).runs[0].results).toEqual([]);
  expect(summaryOf([])).toBe("nothing found");
  const info = { ...finding, severity: "info" } as const;
  expect(summaryOf([finding, finding, info])).toBe("2 warnings, 1 info");
});
