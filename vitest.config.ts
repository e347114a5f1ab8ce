import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    globalSetup: ["./test/services.setup.ts"],
    include: ["schemas/**/*.test.ts", "src/**/*.test.ts", "test/**/*.test.ts", "workers/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 120_000,
    // Two cores also run Redis, Postgres and the gateways.
    maxWorkers: 2,
  },
});
