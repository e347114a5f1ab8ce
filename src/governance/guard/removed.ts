/** What a change breaks by what it takes away: findings in lines that it left alone, which were not there before. */

import { baselineOf, compareWith } from "../check/baseline.ts";
import { addedLines, inAddedLines, takesAway, textsBefore } from "../check/changed-lines.ts";
import { checkProject } from "../check/check.ts";
import type { Finding } from "../finding.ts";
import { type Project, projectOf } from "../project.ts";
import { rules } from "../rules/index.ts";
import { isPython, loadPython } from "../tree/python/parser.ts";
import { isDeclaration } from "../tree/syntax/source.ts";
import { earlyDrops, plannedDrops } from "./early-drops.ts";
import { calledGoneRoutes } from "./gone-routes.ts";

/**
 * @param changed paths of files that were added, changed or removed
 * @param since as `addedLines`
 * @throws {ChangeError} git does not know the revision
 */
export async function madeByRemoval(
  project: Project,
  changed: readonly string[],
  since: string,
  today: string,
): Promise<readonly Finding[]> {
  const { root, files } = project.files;
  const added = await addedLines(root, since);
  const drops = plannedDrops(project, added);
  const isTaking = await takesAway(root, since);
  if (!isTaking && drops.length === 0) return [];
  const before = await projectBefore(project, changed, since);
  const early = earlyDrops(before, drops);
  if (!isTaking) return early;
  const known = baselineOf(checkProject(before, rules, today).findings, before.files.files);
  const { fresh } = compareWith(known, checkProject(project, rules, today).findings, files);
  const told = new Set(inAddedLines(fresh, added));
  return [...fresh.filter((finding) => !told.has(finding)), ...calledGoneRoutes(before, project), ...early];
}

/** Files that did not change are the same ones, so what was read of them is not read again. */
async function projectBefore(project: Project, changed: readonly string[], since: string): Promise<Project> {
  const files = new Map(project.files.files);
  const paths = new Set(project.files.paths);
  const judged = changed.filter((path) =>
    /\.(?:tsx?|[cm]ts|jsx?|[cm]js|py|md|jsonc?|ya?ml|toml|sql)$/.test(path),
  );
  for (const [path, text] of await textsBefore(project.files.root, since, judged)) {
    files.delete(path);
    paths.delete(path);
    if (text === null) continue;
    if (!isDeclaration(path)) files.set(path, { path, text });
    paths.add(path);
  }
  if ([...files.keys()].some(isPython)) await loadPython();
  return projectOf({ ...project.files, files, paths });
}
