import { expect, test } from "vitest";
import { readTemplate } from "./templates.ts";

test("npm run check of an app asks for types, rules, generated parts and changes of events", () => {
  const { scripts } = JSON.parse(readTemplate("app/package.json"));
  expect(scripts.check.split(" && ")).toEqual([
    "tsc",
    "charter check",
    "charter generate --check",
    "charter breaking --against last",
  ]);
});
