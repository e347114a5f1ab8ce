import { expect, test } from "vitest";
import { migrations } from "../db/migration-list.ts";
import { describeMissing, judgeSchema } from "./schema-state.ts";

const needed = [
  { tag: "0000_init", when: 10 },
  { tag: "0001_more", when: 20 },
  { tag: "0002_last", when: 30 },
];

test.each([
  [null, { kind: "behind", missing: ["0000_init", "0001_more", "0002_last"] }],
  [10, { kind: "behind", missing: ["0001_more", "0002_last"] }],
  [25, { kind: "behind", missing: ["0002_last"] }],
  [30, { kind: "current" }],
  [31, { kind: "newer" }],
])("with the newest migration of %s it is %o", (newest, state) => {
  expect(judgeSchema(needed, newest)).toEqual(state);
});

test("names what is missing and what to run, and only then says anything", () => {
  expect(describeMissing(judgeSchema(needed, 20))).toBe(
    "The schema of the database is behind the code: migration 0002_last is missing. Run DATABASE_URL=… npm run migrate",
  );
  expect(describeMissing(judgeSchema(needed, 10))).toContain("migrations 0001_more, 0002_last are missing");
  for (const newest of [30, 40]) expect(describeMissing(judgeSchema(needed, newest))).toBeNull();
});

test("the list is in order, which the migrator goes by", () => {
  const times = migrations.map(({ when }) => when);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(new Set(times).size).toBe(times.length);
});
