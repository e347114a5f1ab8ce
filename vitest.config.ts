import { configDefaults, defineConfig } from "vitest/config";
import { hangMs } from "./test/wait-for.ts";

/** Tests beside the code need no servers of the whole run, and none are started for them. */
const beside = ["schemas/**/*.test.ts", "src/**/*.test.ts", "workers/**/*.test.ts"];

/** Those that take a minute and longer, by their names: see `test/README.md`. One that is named runs as any other. */
const long = "**/*.long.test.ts";
const isNamed = process.argv.some((one) => one.includes(".long.test"));

export default defineConfig(({ mode }) => {
  const include = (patterns: readonly string[]) =>
    patterns.map((pattern) => (mode === "long" ? pattern.replace("*.test.ts", "*.long.test.ts") : pattern));
  const exclude = [...configDefaults.exclude, ...(mode === "long" || isNamed ? [] : [long])];
  return {
    test: {
      // Files share the modules of their worker: loading the product for each again took a fifth of the whole time.
      isolate: false,
      // One more than a small machine has cores: many tests wait for processes, and two of three compute.
      maxWorkers: 3,
      // Only what hangs ends by these: a machine may be several times slower than the one where a test was written.
      testTimeout: 180_000,
      hookTimeout: 240_000,
      expect: { poll: { timeout: hangMs, interval: 20 } },
      setupFiles: ["./test/property-seed.ts"],
      projects: [
        { extends: true, test: { name: "pure", include: include(beside), exclude } },
        {
          extends: true,
          test: {
            name: "real",
            include: include(["test/**/*.test.ts"]),
            exclude,
            globalSetup: ["./test/services.setup.ts"],
          },
        },
      ],
    },
  };
});
