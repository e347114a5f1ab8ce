/** What a change makes weaker, as a list for whoever reviews it: each may be meant, so none of it is an error. */

import type { Finding } from "../finding.ts";
import type { ProjectFiles } from "../tree/files.ts";
import { positionOf } from "../tree/text.ts";
import type { Side, Weakening } from "./fact.ts";
import { goneSteps, silencing } from "./lines.ts";
import { forgotten } from "./mentions.ts";
import { weakerValues } from "./numbers.ts";
import { weakerTests } from "./tests.ts";

const kinds: readonly (readonly [string, (before: Side, after: Side) => readonly Weakening[]])[] = [
  ["weaker-test", weakerTests],
  ["weaker-value", weakerValues],
  ["silenced", silencing],
  ["gone-step", goneSteps],
  ["forgotten", forgotten],
];

/**
 * @param before texts of the changed files; null: it was not there
 */
export function weakenedBy(
  files: ProjectFiles,
  before: ReadonlyMap<string, string | null>,
): readonly Finding[] {
  const was = [...before].flatMap(([path, text]) => (text === null ? [] : [{ path, text }]));
  const is = [...before.keys()].flatMap((path) => files.files.get(path) ?? []);
  return kinds.flatMap(([rule, find]) =>
    find(was, is).map(({ file, start, message }): Finding => {
      const text = files.files.get(file);
      const { line, column } = text === undefined ? { line: 1, column: 1 } : positionOf(text, start);
      return {
        rule,
        severity: "warning",
        file,
        line,
        column,
        endLine: line,
        endColumn: column,
        message,
        why: "What a change lets through besides its purpose is seen by nobody later.",
        mend: "Take it back, or say in the change why it is meant.",
        fix: null,
      };
    }),
  );
}
