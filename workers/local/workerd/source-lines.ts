/** Which line of a bundle comes from which line of the source: workerd does not map the stacks that a worker reads. */

import { SourceMap, type SourceMapPayload } from "node:module";
import { join, relative, sep } from "node:path";
import { type PartsLines, type SourceLines, sourceLinesName } from "@brain/engine";

/** The line of the project's own source for each line of the bundle; null for lines of packages. */
function linesOf(
  bundle: string,
  map: SourceMap,
): ({ readonly file: string; readonly line: number } | null)[] {
  return bundle.split("\n").map((text, row) => {
    const entry = map.findEntry(row, text.length - text.trimStart().length);
    if (!("originalSource" in entry) || entry.originalSource.includes("node_modules/")) return null;
    return { file: entry.originalSource, line: entry.originalLine + 1 };
  });
}

/**
 * @param bundle not minified: whole lines are mapped
 * @param mapText the source map as JSON
 * @param folder folder of the map, to which its paths are relative
 * @param root paths in the result are relative to it
 */
export function sourceLinesOf(bundle: string, mapText: string, folder: string, root: string): SourceLines {
  const map = new SourceMap(JSON.parse(mapText) as SourceMapPayload);
  const files = new Map<string, number>();
  // A name for each file, not for each line: there are tens of thousands of lines, and a start waits for this.
  const names = new Map<string, string>();
  const nameOf = (file: string): string => {
    const known = names.get(file);
    if (known !== undefined) return known;
    const name = relative(root, join(folder, file)).split(sep).join("/");
    names.set(file, name);
    return name;
  };
  const nowhere = -1;
  const runs: string[] = [];
  let last = { bundleLine: 0, file: 0, line: 0 };
  let expected = { file: nowhere, line: 0 };
  for (const [index, source] of linesOf(bundle, map).entries()) {
    const name = source === null ? null : nameOf(source.file);
    if (name !== null && !files.has(name)) files.set(name, files.size);
    const file = name === null ? nowhere : (files.get(name) ?? nowhere);
    const line = source?.line ?? 0;
    const goesOn = file === expected.file && (file === nowhere || line === expected.line);
    expected = { file, line: line + 1 };
    if (goesOn) continue;
    const bundleLine = index + 1;
    const run = [bundleLine - last.bundleLine, file - last.file, line - last.line];
    runs.push(run.map((number) => number.toString(36)).join(","));
    last = { bundleLine, file, line };
  }
  return { files: [...files.keys()], runs: runs.join(";") };
}

/** The bundle with what its stacks need behind it, so that no line of it moves; beside what another bundle has there. */
export function withSourceLines(bundle: string, lines: PartsLines): string {
  return `${bundle}\nObject.assign((globalThis.${sourceLinesName} ??= {}), ${JSON.stringify(lines)});\n`;
}
