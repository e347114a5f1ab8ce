import { existsSync } from "node:fs";
import { type ResolveFnOutput, type ResolveHookContext, registerHooks } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, URL } from "node:url";

/** Of a module within a package: what a package exports plays no part in where it is. */
function siblingOf(specifier: string, parent: string): URL | null {
  if (!/^\.{1,2}\//.test(specifier) || !parent.includes("/node_modules/")) return null;
  return new URL(specifier, parent);
}

/**
 * The folder that decides where a bare name leads for whoever imports it in `folder`: the next one upwards that is a
 * package or holds packages. Those between have no say.
 */
function decidingFolder(folder: string, known: Map<string, string>): string {
  const kept = known.get(folder);
  if (kept !== undefined) return kept;
  const above = dirname(folder);
  const decides = ["package.json", "node_modules"].some((name) => existsSync(join(folder, name)));
  const deciding = decides || above === folder ? folder : decidingFolder(above, known);
  known.set(folder, deciding);
  return deciding;
}

/**
 * From here on this process asks Node once where a package is, and once for each folder of a package of which format its
 * files are. Node parses the `exports` of a package.json again at each import in that package and of it: those of
 * drizzle-orm are 180 KB and imported some thousand times, which was two thirds of a start.
 *
 * Call it before the modules are imported that need it, with `import()`: an `import` statement is resolved before anything
 * runs. On a Node without hooks in the same thread (before 22.15) it does nothing.
 *
 * @see https://nodejs.org/api/module.html#moduleregisterhooksoptions
 * @see https://github.com/nodejs/node/blob/main/lib/internal/modules/package_json_reader.js
 */
export function keepResolutions(): void {
  if (typeof registerHooks !== "function") return;
  const found = new Map<string, ResolveFnOutput>();
  const formats = new Map<string, string>();
  const deciding = new Map<string, string>();

  /** What the folder of a file and its extension decide: only a package.json says more, and it counts for a folder. */
  function resolveSibling(url: URL): ResolveFnOutput | null {
    const path = fileURLToPath(url);
    const format = formats.get(`${dirname(path)}|${extname(path)}`);
    // Node itself says best what is not there.
    if (format === undefined || !existsSync(path)) return null;
    return { url: url.href, format, shortCircuit: true };
  }

  function noteFormat({ url, format }: ResolveFnOutput): void {
    if (typeof format !== "string" || !url.startsWith("file:")) return;
    const path = fileURLToPath(url);
    formats.set(`${dirname(path)}|${extname(path)}`, format);
  }

  registerHooks({
    resolve(specifier, context, next) {
      const { parentURL: parent } = context;
      if (parent === undefined || !parent.startsWith("file:") || !isPlainImport(context)) {
        return next(specifier, context);
      }
      const sibling = siblingOf(specifier, parent);
      if (sibling !== null) {
        const kept = resolveSibling(sibling);
        if (kept !== null) return kept;
        const answer = next(specifier, context);
        noteFormat(answer);
        return answer;
      }
      if (/^[./]|:/.test(specifier)) return next(specifier, context);
      const key = `${decidingFolder(dirname(fileURLToPath(parent)), deciding)}|${specifier}`;
      const kept = found.get(key);
      if (kept !== undefined) return kept;
      const answer = next(specifier, context);
      noteFormat(answer);
      found.set(key, { ...answer, shortCircuit: true });
      return answer;
    },
  });
}

/** By `import`, and of nothing but JavaScript or TypeScript: `require` has an order of its own. */
function isPlainImport({ conditions, importAttributes }: ResolveHookContext): boolean {
  return conditions.includes("import") && Object.keys(importAttributes).length === 0;
}
