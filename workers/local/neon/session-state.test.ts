import { describe, expect, test } from "vitest";
import { mayLeaveState, messageMayLeaveState } from "./session-state.ts";

test.each([
  "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true), pg_advisory_xact_lock_shared(1, 2)",
  "SELECT set_config('role', 'reader', true), set_config('search_path', $1, true)",
  "SELECT pg_advisory_xact_lock($1), pg_try_advisory_xact_lock_shared(1)",
  "SELECT 1",
  "select temperature, template FROM t WHERE name = 'the set; SELECT'",
  "BEGIN; SET LOCAL statement_timeout = 30000; SET LOCAL idle_in_transaction_session_timeout = 32000",
  "UPDATE t SET a = 1 WHERE b = $1; COMMIT;",
  "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2",
  "-- one\n /* two */ WITH x AS (SELECT 1) DELETE FROM t USING x",
  "/* a\ncomment */SET\n LOCAL jit = off",
  "ROLLBACK TO SAVEPOINT a; RELEASE a; end; abort",
  "",
  " ; ",
])("%s leaves nothing in its session", (text) => {
  expect(mayLeaveState(text)).toBe(false);
});

test.each([
  "SELECT set_config('enable_seqscan', 'off', false)",
  "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', false)",
  "SELECT set_config('search_path', 'a', $1)",
  "SELECT set_config($1, 'a', true)",
  "SELECT set_config('search_path', 'a', true AND false)",
  "SELECT set_config(name, 'x', true) FROM settings",
  "SELECT SET_CONFIG('a', 'b', false)",
  "SELECT pg_catalog.set_config/**/('a', 'b', false)",
  "SELECT U&\"set\\005Fconfig\"('a', 'b', false)",
  "SELECT pg_advisory_lock(1)",
  "SELECT pg_advisory_lock_shared(1)",
  "SELECT pg_try_advisory_lock(1, 2), pg_advisory_xact_lock(3)",
  "CREATE TEMP TABLE t ()",
  "SELECT 1 INTO TEMPORARY t",
  "SELECT 1 INTO pg_temp.t",
  "SET jit = off",
  "set session jit = off",
  "SET LOCALE = 'a'",
  "SET\nROLE reader",
  "/* a */ SET jit = off",
  "/* a /* b */ */ SET jit = off",
  "/* ; */ SET jit = off",
  "-- ; SELECT 1\nSET jit = off",
  "BEGIN; SET LOCAL jit = off; SET jit = off; COMMIT",
  "SELECT ';'; SET jit = off",
  "SELECT $$; $$; SET jit = off",
  "UPDATE pg_settings SET setting = 'off' WHERE name = 'jit'",
  "LISTEN news",
  "PREPARE p AS SELECT 1",
  "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
  "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT 1; COMMIT",
  "DO $$ BEGIN PERFORM 1; END $$",
  "CALL p()",
  "LOAD 'auto_explain'",
  "EXPLAIN ANALYZE SELECT 1",
  "EXECUTE p",
  "RESET ALL",
  "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS 'SELECT 1'",
  "selection",
])("%s may leave something", (text) => {
  expect(mayLeaveState(text)).toBe(true);
});

describe("a message of a client", () => {
  const payload = (text: string) => Buffer.from(text);

  test.each([
    ["Q", "SELECT 1\0"],
    ["P", "\0SELECT 1\0\0\0"],
    ["B", "\0\0\0\0\0\0\0\0"],
    ["E", "\0\0\0\0\0"],
    ["S", ""],
  ])("%s %j leaves nothing", (type, text) => {
    expect(messageMayLeaveState(type, payload(text))).toBe(false);
  });

  test.each([
    ["Q", "SET jit = off\0"],
    ["P", "\0SET jit = off\0\0\0"],
    ["P", "name\0SELECT 1\0\0\0"],
    ["F", ""],
  ])("%s %j may leave something", (type, text) => {
    expect(messageMayLeaveState(type, payload(text))).toBe(true);
  });

  test.each([
    ["Q", true],
    ["P", true],
    ["B", false],
    ["D", false],
  ])("%s in pieces: %s", (type, may) => {
    expect(messageMayLeaveState(type, null)).toBe(may);
  });
});
