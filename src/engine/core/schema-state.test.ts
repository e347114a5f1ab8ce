import { expect, test } from "vitest";
import { migrations } from "../db/migration-list.ts";
import { describeMissing, judgeSchema, type MigrationSet } from "./schema-state.ts";

const product: MigrationSet = {
  owner: null,
  journal: { schema: "drizzle", table: "__drizzle_migrations" },
  migrations: [
    { tag: "0000_init", when: 10 },
    { tag: "0001_more", when: 20 },
    { tag: "0002_last", when: 30 },
  ],
};
const engine: MigrationSet = {
  owner: "the engine",
  journal: { schema: "own", table: "migrations" },
  migrations: [
    { tag: "0000_init", when: 5 },
    { tag: "0001_later", when: 25 },
  ],
};

const judge = (ofProduct: number | null, ofEngine: number | null = 25) =>
  judgeSchema([
    { set: engine, newestMs: ofEngine },
    { set: product, newestMs: ofProduct },
  ]);

test.each([
  [null, { kind: "behind", missing: ["0000_init", "0001_more", "0002_last"] }],
  [10, { kind: "behind", missing: ["0001_more", "0002_last"] }],
  [25, { kind: "behind", missing: ["0002_last"] }],
  [30, { kind: "current" }],
  [31, { kind: "newer" }],
])("with the newest migration of %s it is %o", (newest, state) => {
  expect(judge(newest)).toEqual(state);
});

test("each set is judged by its own newest, and what is missing says whose it is", () => {
  expect(judge(10, 5)).toEqual({
    kind: "behind",
    missing: ["0001_later of the engine", "0001_more", "0002_last"],
  });
  expect(judge(31, 5)).toEqual({ kind: "behind", missing: ["0001_later of the engine"] });
  expect(judge(30, 26)).toEqual({ kind: "newer" });
});

test("names what is missing and what to run, and only then says anything", () => {
  expect(describeMissing(judge(20))).toBe(
    "The schema of the database is behind the code: migration 0002_last is missing. Run npm run migrate",
  );
  expect(describeMissing(judge(10))).toContain("migrations 0001_more, 0002_last are missing");
  for (const newest of [30, 40]) expect(describeMissing(judge(newest))).toBeNull();
});

test("the list is in order, which the migrator goes by", () => {
  const times = migrations.map(({ when }) => when);
  expect(times).toEqual([...times].sort((a, b) => a - b));
  expect(new Set(times).size).toBe(times.length);
});
