import { defineConfig } from "vitest/config";

// Tests on real servers take seconds on a busy machine.
export default defineConfig({ test: { testTimeout: 120_000, hookTimeout: 120_000 } });
