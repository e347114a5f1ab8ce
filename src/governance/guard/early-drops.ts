/** What a migration takes away while the release before still uses it: in a rolling deploy both run side by side. */

import ts from "typescript";
import { type AddedLines, inAddedLines } from "../check/changed-lines.ts";
import type { Finding } from "../finding.ts";
import { findingAt } from "../finding-at.ts";
import type { Project } from "../project.ts";
import { definitionsOf } from "../rules/modules/table-owners.ts";
import { type Drop, dropsOf, madeBy } from "../tree/sql/drops.ts";
import { isMigration } from "../tree/sql/migrations.ts";
import { statementsOf } from "../tree/sql/statements.ts";
import { bare, nameOf, stringOf } from "../tree/syntax/source.ts";

/** As reports know it. */
export const earlyDropFacts = {
  id: "early-drop",
  title: "A migration takes away what the release before still uses",
  severity: "warning",
  why: "While the new release comes, the one before still runs, and each of its queries of that table fails.",
  mend: "First release the code that does without it; drop it with the release after. Instead of renaming, add the new one, write both, and drop the old one later.",
} as const;

export interface PlannedDrop extends Drop {
  readonly finding: Finding;
}

/** In migrations that a change adds or changes. */
export function plannedDrops({ files }: Project, added: AddedLines): readonly PlannedDrop[] {
  const found = [...files.files.values()]
    .filter(({ path }) => added.has(path) && isMigration(path, files.paths))
    .flatMap((file) => {
      const statements = statementsOf(file.text);
      const made = new Set(statements.flatMap(({ text }) => madeBy(text)));
      return statements.flatMap(({ text, start }) =>
        dropsOf(text)
          .filter(({ table, column }) => !made.has(column === null ? table : `${table}.${column}`))
          .map((drop): PlannedDrop => {
            const at = start + drop.at;
            const name = drop.column === null ? drop.table : `${drop.table}.${drop.column}`;
            const message = `${name} is ${drop.isRenamed ? "called otherwise" : "gone"}, and the release before uses it.`;
            const place = { file: file.path, start: at, end: at };
            return { ...drop, finding: findingAt(earlyDropFacts, file, place, message) };
          }),
      );
    });
  const fresh = new Set(
    inAddedLines(
      found.map(({ finding }) => finding),
      added,
    ),
  );
  return found.filter(({ finding }) => fresh.has(finding));
}

/** @param before the project as it was: what its modules define, drizzle names in each of its queries */
export function earlyDrops(before: Project, drops: readonly PlannedDrop[]): readonly Finding[] {
  if (drops.length === 0) return [];
  const used = new Map([...definitionsOf(before)].map(({ table, at }) => [table, columnsOf(at)]));
  return drops
    .filter(({ table, column }) =>
      column === null ? used.has(table) : used.get(table)?.has(column) === true,
    )
    .map(({ finding }) => finding);
}

/** Their names in the database, as far as they are written in the definition of the table. */
function columnsOf(table: ts.Node): ReadonlySet<string> {
  const given = ts.isCallExpression(table) ? table.arguments[1] : undefined;
  const shape = given === undefined ? null : bare(given);
  if (shape === null || !ts.isObjectLiteralExpression(shape)) return new Set();
  return new Set(
    shape.properties.flatMap((property) => {
      const key = property.name === undefined ? null : nameOf(property.name);
      if (key === null || !ts.isPropertyAssignment(property)) return [];
      return [(nameGiven(property.initializer) ?? key).toLowerCase()];
    }),
  );
}

/** `"added_at"` of `timestamp("added_at").notNull()`; null: the key is its name. */
function nameGiven(node: ts.Expression): string | null {
  let at = bare(node);
  while (ts.isCallExpression(at)) {
    const callee = bare(at.expression);
    if (!ts.isPropertyAccessExpression(callee)) return stringOf(at.arguments[0]);
    const inner = bare(callee.expression);
    // pg.uuid("id")
    if (ts.isIdentifier(inner)) return stringOf(at.arguments[0]);
    at = inner;
  }
  return null;
}
