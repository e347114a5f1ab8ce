/** Consumers that got another name with all that belongs to it, so that nothing is to be told of them. */

import type { Project } from "../project.ts";
import type { TypeScriptTree } from "../tree/product/typescript.ts";
import type { Break } from "./decide.ts";

/**
 * Without renamings whose consumer says `formerly`, and whose claims a migration takes along. One that only says so is told, as
 * what it is.
 */
export function withoutFinishedRenames(breaks: readonly Break[], project: Project): readonly Break[] {
  if (!breaks.some(({ rule }) => rule === "CONSUMER_RENAMED")) return breaks;
  const formerly = formerlyOf(project.typescript);
  return breaks.flatMap((found) => {
    if (found.rule !== "CONSUMER_RENAMED") return [found];
    const names = found.is.split(" or ").filter((name) => formerly.get(name)?.includes(found.was) === true);
    const [name] = names;
    if (name === undefined) return [found];
    if (isMigrated(project, found.was)) return [];
    return [{ ...found, is: `${name}, formerly ${found.was}; no migration calls rename_subscriber` }];
  });
}

/** Subscriber → the names that it had. */
function formerlyOf({ consumers, values }: TypeScriptTree): ReadonlyMap<string, readonly string[]> {
  return new Map(
    consumers.flatMap(({ file, options, subscriber }) => {
      const option = options === null ? null : values.optionOf(file, options, "formerly");
      if (option === null || subscriber === null) return [];
      const value = values.valueOf(option.file, option.node);
      return [[subscriber, [value].flat().filter((name) => typeof name === "string")] as const];
    }),
  );
}

function isMigrated({ files }: Project, name: string): boolean {
  return [...files.files.values()].some(
    ({ path, text }) =>
      path.endsWith(".sql") &&
      [...text.matchAll(/\brename_subscriber\s*\(\s*'([^']*)'/g)].some(([, old]) => old === name),
  );
}
