/** What a change makes weaker, as a list for whoever reviews it: each may be meant, so none of it is an error. */

import type { Finding } from "../finding.ts";
import { findingAt } from "../finding-at.ts";
import type { RuleFacts } from "../report/source.ts";
import type { TextFile } from "../tree/text.ts";
import { weakerAccess } from "./access.ts";
import type { Side, Weakening } from "./fact.ts";
import { goneSteps, silencing } from "./lines.ts";
import { forgotten } from "./mentions.ts";
import { weakerValues } from "./numbers.ts";
import { weakerTests } from "./tests.ts";

interface Kind {
  readonly id: string;
  readonly title: string;
  readonly find: (before: Side, after: Side) => readonly Weakening[];
}

const kinds: readonly Kind[] = [
  { id: "weaker-test", title: "A test is gone, does not run, or asserts less", find: weakerTests },
  {
    id: "weaker-value",
    title: "A bound, a level, a scope or a schema lets more through",
    find: (before, after) => [...weakerValues(before, after), ...weakerAccess(before, after)],
  },
  {
    id: "silenced",
    title: "A tool is silenced, a type is taken away, or a step may fail",
    find: silencing,
  },
  { id: "gone-step", title: "A pipeline runs a step no more", find: goneSteps },
  {
    id: "forgotten",
    title:
      "A function no longer asks for a tenant or a permission, guards or limits, gives a key, or tries again",
    find: forgotten,
  },
];

const told = {
  severity: "warning",
  why: "What a change lets through besides its purpose is seen by nobody later.",
  mend: "Take it back, or say in the change why it is meant.",
} as const;

/** The kinds, as reports know rules. */
export const weakenings: readonly RuleFacts[] = kinds.map(({ id, title }) => ({ id, title, ...told }));

/**
 * @param before texts of the changed files; null: it was not there
 * @param after those that are still there
 */
export function weakenedBy(
  before: ReadonlyMap<string, string | null>,
  after: readonly TextFile[],
): readonly Finding[] {
  const was = [...before].flatMap(([path, text]) => (text === null ? [] : [{ path, text }]));
  const now = new Map(after.map((file) => [file.path, file]));
  return kinds.flatMap(({ id, find }) =>
    find(was, after).map(({ file, start, message }) =>
      findingAt({ id, ...told }, now.get(file), { file, start, end: start }, message),
    ),
  );
}
