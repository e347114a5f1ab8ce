import { defineConfig } from "vitest/config";
import { hangMs } from "./test/wait-for.ts";

/** Tests beside the code need no servers of the whole run, and none are started for them. */
const beside = ["schemas/**/*.test.ts", "src/**/*.test.ts", "workers/**/*.test.ts"];

export default defineConfig({
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
      { extends: true, test: { name: "pure", include: beside } },
      {
        extends: true,
        test: {
          name: "real",
          include: ["test/**/*.test.ts"],
          globalSetup: ["./test/services.setup.ts"],
        },
      },
    ],
  },
});
