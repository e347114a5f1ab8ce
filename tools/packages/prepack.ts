/** What `npm pack` runs in the folder of a package, before it packs and (with `end`) behind it. */

import { relative } from "node:path";
import { build } from "./compile.ts";
import { packages, root } from "./manifest.ts";
import { putBack, putPublished, requirePackable } from "./swap.ts";

const here = relative(root, process.cwd()).replaceAll("\\", "/");
const folder = packages.find((name) => name === here);
if (folder === undefined) {
  throw new Error(`"${here}" is no package that is packed; expected ${packages.join(" or ")}.`);
}

if (process.argv[2] === "end") {
  if (!putBack(folder)) {
    throw new Error(
      `Another npm pack of ${folder} ended at the same time. Pack again: the tarball may hold the wrong package.json.`,
    );
  }
} else {
  requirePackable(folder);
  build(folder);
  putPublished(folder);
}
