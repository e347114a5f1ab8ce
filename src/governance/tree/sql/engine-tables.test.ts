import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { engineTables } from "./engine-tables.ts";

test("are those that the engine's migrations make", () => {
  const schema = readFileSync(
    fileURLToPath(new URL("../../../engine/migrations/schema.sql", import.meta.url).href),
    "utf8",
  );
  const made = [...schema.matchAll(/^CREATE TABLE (?:public\.)?"?(\w+)/gm)].map(([, name]) => name);
  expect([...engineTables].toSorted()).toEqual(made.toSorted());
});
