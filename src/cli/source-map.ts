import { readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { UsageError } from "./errors.ts";
import { fileError } from "./file-errors.ts";

/** A place in a bundle, as stacks name it. */
const place = /(?<![^\s()])([^\s()]+\.m?js):(\d+):(\d+)/g;

/**
 * A stack whose places in a bundle are places in the source. Of a deployment: Cloudflare maps what nobody caught, and
 * not the stacks that a worker stores.
 *
 * @param file the map beside the bundle, `dist/workers/{api,consumer}/index.js.map` after `wrangler deploy`
 */
export function mapStack(stack: string, file: string): string {
  const map = readMap(file);
  return stack.replace(place, (found: string, _bundle: string, line: string, column: string) => {
    const entry = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!("originalSource" in entry)) return found;
    const source = entry.originalSource.replace(/^(\.{1,2}\/)+/, "");
    return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
  });
}

function readMap(file: string): SourceMap {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw fileError(`--source-map: ${file} cannot be read`, error);
  }
  try {
    return new SourceMap(JSON.parse(text) as SourceMapPayload);
  } catch (error) {
    throw new UsageError(`--source-map: ${file} is no source map (${(error as Error).message}).`);
  }
}
