/**
 * `npm run build`: JavaScript and declarations of the packages that others can install, in `dist/` of each. Inside this
 * checkout nothing reads them: everything imports the TypeScript sources.
 */

import { build } from "./packages/compile.ts";
import { packages } from "./packages/manifest.ts";
import { putBack } from "./packages/swap.ts";
import { readToolOptions } from "./tool-options.ts";

readToolOptions("usage: npm run build", {});

for (const folder of packages) {
  if (putBack(folder))
    console.log(`${folder}/package.json: put back, an npm pack was ended before it did so`);
}
build("src/http");
for (const folder of packages) console.log(`${folder}/dist`);
