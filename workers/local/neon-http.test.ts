import { expect, test } from "vitest";
import { leavesSessionState } from "./neon-http.ts";

test.each([
  "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true), pg_advisory_xact_lock_shared(1, 2)",
  "SELECT set_config('role', 'reader', true), set_config('search_path', $1, true)",
  "SELECT pg_advisory_xact_lock($1)",
  "SELECT 1",
])("%s leaves nothing in its session", (query) => {
  expect(leavesSessionState(query, "SELECT")).toBe(false);
});

test.each([
  "SELECT set_config('enable_seqscan', 'off', false)",
  "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', false)",
  "SELECT set_config('search_path', 'a', $1)",
  "SELECT set_config($1, 'a', true)",
  "SELECT set_config('search_path', 'a', true AND false)",
  "SELECT set_config(name, 'x', true) FROM settings",
  "SELECT SET_CONFIG('a', 'b', false)",
  "SELECT pg_advisory_lock(1)",
  "CREATE TEMP TABLE t ()",
])("%s may leave something", (query) => {
  expect(leavesSessionState(query, "SELECT")).toBe(true);
});
