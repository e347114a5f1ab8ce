/** Migrations, and other files of SQL in the folders of modules: their statements, and which tables these touch. */

import { posix } from "node:path";
import type { Place } from "../../finding.ts";
import type { ProjectFiles } from "../files.ts";
import { firstOf, firstWords, nameBehind, placeOfName, statementsOf } from "./statements.ts";
import { type SqlTables, tablesOf } from "./tables.ts";

export interface FileStatement extends SqlTables {
  readonly file: string;
  /** What it makes stays: a view, a trigger, a function, a key. Otherwise it is over when it has run. */
  readonly isLasting: boolean;
  /** Of a trigger: tables that its function touches. */
  readonly byTrigger: ReadonlySet<string>;
  /** Where a table is named; the statement's beginning when it is named elsewhere. */
  placeOf(table: string): Place;
}

/** Made of what stands in a folder `migrations`, or beside a journal of drizzle, and begins with a number; in its order. */
export const isMigration = (path: string, paths: ReadonlySet<string>): boolean =>
  /^\d[^/]*\.sql$/.test(posix.basename(path)) &&
  (posix.basename(posix.dirname(path)) === "migrations" ||
    paths.has(`${posix.dirname(path)}/meta/_journal.json`));

/** @param isMeant which of the project's files of SQL are looked at */
export function readStatements(
  { files }: Pick<ProjectFiles, "files">,
  isMeant: (path: string) => boolean,
): readonly FileStatement[] {
  const functions = new Map<string, ReadonlySet<string>>();
  const read = [...files.values()]
    .filter(({ path }) => path.endsWith(".sql") && isMeant(path))
    .sort((left, right) => (left.path < right.path ? -1 : 1))
    .flatMap(({ path, text }) =>
      statementsOf(text).map((statement) => ({ file: path, ...statement, tables: tablesOf(statement.text) })),
    );
  for (const { text, tables } of read) {
    const made = nameBehind(text, ["create", "replace"], ["function", "procedure"]);
    // The last one is the one that runs.
    if (made !== null) functions.set(made, new Set([...tables.read, ...tables.written]));
  }
  return read.map(({ file, text, start, tables }): FileStatement => {
    const words = firstWords(text, 5);
    const runs = words.includes("trigger") ? nameBehind(text, ["execute"], ["function", "procedure"]) : null;
    return {
      ...tables,
      file,
      isLasting: words[0] === "create" || words[0] === "alter",
      byTrigger: (runs === null ? undefined : functions.get(runs)) ?? new Set(),
      placeOf(table) {
        const at = placeOfName(text, table);
        const from = start + (at ?? firstOf(text));
        return { file, start: from, end: at === null ? from : from + table.length };
      },
    };
  });
}
