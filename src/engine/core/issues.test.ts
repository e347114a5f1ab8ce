import { expect, test } from "vitest";
import * as z from "zod";
import { issuesOf } from "./issues.ts";

test("names each refused field by its dotted path", () => {
  const schema = z.strictObject({ title: z.string(), groups: z.array(z.string().min(1)) });
  const { error } = schema.safeParse({ title: 1, groups: ["a", ""] });
  expect(error).toBeDefined();
  if (error !== undefined) {
    expect(issuesOf(error)).toEqual([
      { path: "title", message: expect.stringContaining("string") },
      { path: "groups.1", message: expect.any(String) },
    ]);
  }
});

test("uses the empty path for the value itself", () => {
  const { error } = z.string().safeParse(7);
  expect(error === undefined ? [] : issuesOf(error)).toEqual([{ path: "", message: expect.any(String) }]);
});
