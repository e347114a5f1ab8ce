/**
 * Builds both workers for a deployment, into `dist/workers/`: wrangler calls it (`[build]` in wrangler.toml) and uploads
 * what it finds there.
 */

import { build } from "esbuild";
import { consumerOptions, root, workerOptions } from "../workers/local/workerd/bundle.ts";
import { writeOutputs } from "./write-outputs.ts";

// Makes all events and modules once, as a start without the mark below would: what is wrong with one ends the build.
await import("../src/composition.ts");
const optionsOf = { api: workerOptions, consumer: consumerOptions };
for (const name of ["api", "consumer"] as const) {
  const outdir = `${root}dist/workers/${name}`;
  const { outputFiles } = await build({
    ...optionsOf[name],
    entryPoints: [`${root}workers/${name}.ts`],
    outdir,
    define: { "process.env.NODE_ENV": '"production"', BRAIN_EVENTS_CHECKED: "true" },
    // Small scripts start faster; the source maps keep stack traces readable.
    minify: true,
    sourcemap: true,
    logLevel: "error",
    write: false,
  });
  // Parts of an earlier build have other names and would be uploaded too.
  await writeOutputs(outdir, outputFiles);
}
