import type ts from "typescript";
import type { Project } from "../../project.ts";
import type { Report, Rule } from "../rule.ts";
import { sourcesWith } from "../scope-of-rules.ts";

/** What comes before every other rule. */
export const reading: readonly Rule[] = [
  {
    id: "TS-1",
    title: "A file of TypeScript can be read",
    severity: "error",
    why: "What cannot be read is judged by no other rule.",
    mend: "Correct the syntax where it is told.",
    caughtBy: ["types"],
    check: unreadable,
  },
];

/** The parser goes on behind an error, and what it finds then follows from the first. */
function unreadable(project: Project, report: Report): void {
  for (const { file } of sourcesWith(project, /./)) {
    const { ast } = project.typescript.source(file);
    const [first] = errorsOf(ast);
    if (first === undefined) continue;
    const line = ast.getLineAndCharacterOfPosition(first.start).line + 1;
    report({
      at: { file, start: first.start, end: first.start + first.length },
      message: `${file} is no TypeScript from line ${line} on: ${textOf(first.messageText)}`,
    });
  }
}

const textOf = (text: string | ts.DiagnosticMessageChain) =>
  typeof text === "string" ? text : text.messageText;

/** The compiler's own list; its public way to it makes a program of the project. */
const errorsOf = (ast: ts.SourceFile) =>
  (ast as ts.SourceFile & { readonly parseDiagnostics?: readonly ts.DiagnosticWithLocation[] })
    .parseDiagnostics ?? [];
