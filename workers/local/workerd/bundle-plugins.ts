/** What is left out of bundles, or written otherwise in them, so that a worker that starts has less to read and to do. */

import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

const lost = /^((?:export )?(?:abstract )?class (\w+) extends \w+(?: implements \w+)? \{)/gm;

/**
 * Classes that others are derived from, errors in the first place, say their names themselves: those stand in logs, and
 * with dead letters in the database. Esbuild could keep all names, by a call for each class and function of a bundle, which
 * are a tenth of what a start costs.
 */
export function sayingNames(source: string): string {
  return source.replace(lost, '$1 static { Object.defineProperty(this, "name", { value: "$2" }); }');
}

/** The names of own classes. Lines stay where they are. */
export const keepClassNames: Plugin = {
  name: "keep-class-names",
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, async ({ path }) =>
      path.includes("node_modules")
        ? undefined
        : { contents: sayingNames(await readFile(path, "utf8")), loader: "ts" },
    );
  },
};

/** Routes of modules are loaded when somebody asks for them, which nobody can where no requests come. */
export const withoutRoutes: Plugin = {
  name: "without-routes",
  setup(build) {
    build.onResolve({ filter: /(?:^|\/)routes\.ts$/ }, ({ kind, path }) =>
      kind === "dynamic-import" ? { path, external: true } : undefined,
    );
  },
};
