/** Envelopes that are written by hand, and what stands in their fields. */

import type ts from "typescript";
import type { Project } from "../../project.ts";
import { envelopesOf } from "../../tree/product/envelopes.ts";
import { bare } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";

export const eventsOf = ({ typescript, files }: Project) => envelopesOf(typescript, files).events;
export const metasOf = ({ typescript, files }: Project) => envelopesOf(typescript, files).metas;

/** Several events may take in the same text: each of its faults is told once. */
export function once(report: Report): Report {
  const told = new Map<unknown, Set<string>>();
  return (found) => {
    const messages = told.get(found.at) ?? new Set();
    told.set(found.at, messages);
    if (messages.has(found.message)) return;
    messages.add(found.message);
    report(found);
  };
}

export function* given(
  project: Project,
  name: string,
): Generator<{ readonly file: string; readonly value: ts.Expression }> {
  for (const { fields, later } of eventsOf(project))
    for (const value of [
      fields.get(name)?.value,
      ...later.flatMap((field) => (field.key === name ? [field.value] : [])),
    ])
      if (value != null) yield { file: value.getSourceFile().fileName, value: bare(value) };
}
