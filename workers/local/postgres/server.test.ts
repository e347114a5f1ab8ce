import { expect, test } from "vitest";
import { serverSettings } from "./server.ts";

const durable = ["fsync", "synchronous_commit", "full_page_writes"];
const named = (fsync: boolean) => serverSettings(1, fsync).map((argument) => argument.split("=", 1)[0]);

test("what was committed is on the disk: nothing turns that off", () => {
  for (const name of durable) expect(named(true)).not.toContain(name);
});

test("control: where data is thrown away, all of it is off", () => {
  expect(serverSettings(1, false)).toEqual(expect.arrayContaining(durable.map((name) => `${name}=off`)));
});
