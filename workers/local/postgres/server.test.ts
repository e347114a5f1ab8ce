import { expect, test } from "vitest";
import { notMade, serverSettings } from "./server.ts";

const durable = ["fsync", "synchronous_commit", "full_page_writes"];
const named = (fsync: boolean) => serverSettings(1, fsync).map((argument) => argument.split("=", 1)[0]);

test("what was committed is on the disk: nothing turns that off", () => {
  for (const name of durable) expect(named(true)).not.toContain(name);
});

test("control: where data is thrown away, all of it is off", () => {
  expect(serverSettings(1, false)).toEqual(expect.arrayContaining(durable.map((name) => `${name}=off`)));
});

test.each([
  [
    'initdb: note\n2026-11-28 17:58:40 UTC [1] FATAL:  could not extend file "base/1/2691"\n2026-11-28 [1] HINT:  Check\n',
    'FATAL:  could not extend file "base/1/2691"',
  ],
  ["initdb: error: could not write\nchild process exited\n", "initdb: error: could not write"],
  ["", "spawn initdb ENOENT"],
])("who has no room for a cluster learns where it was to be, and what to set", (stderr, said) => {
  const { message } = notMade("/data/postgres", Object.assign(new Error("spawn initdb ENOENT"), { stderr }));
  expect(message).toContain(`in /data/postgres (${said}). `);
  expect(message).toContain("BRAIN_DATA_DIR");
});
