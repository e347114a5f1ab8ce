/**
 * Builds both workers for a deployment, into `dist/workers/`: wrangler calls it (`[build]` in wrangler.toml) and uploads
 * what it finds there.
 */

import { rm } from "node:fs/promises";
import { build } from "esbuild";
import { root, workerOptions } from "../workers/local/bundle.ts";

for (const name of ["api", "consumer"]) {
  const outdir = `${root}dist/workers/${name}`;
  // Parts of an earlier build have other names and would be uploaded too.
  await rm(outdir, { recursive: true, force: true });
  await build({
    ...workerOptions,
    entryPoints: [`${root}workers/${name}.ts`],
    outdir,
    define: { "process.env.NODE_ENV": '"production"' },
    // Small scripts start faster; the source maps keep stack traces readable.
    minify: true,
    sourcemap: true,
    logLevel: "error",
  });
}
