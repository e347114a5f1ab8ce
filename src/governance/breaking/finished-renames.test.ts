import { expect, test } from "vitest";
import { projectOf } from "../project.ts";
import type { Break } from "./decide.ts";
import { withoutFinishedRenames } from "./finished-renames.ts";

const renamed: Break = {
  rule: "CONSUMER_RENAMED",
  severity: "warning",
  type: "library.book.lent",
  version: 1,
  path: null,
  was: "reminders",
  is: "post_office or letters",
  hurts: ["meaning"],
  shown: "",
};

function told(formerly: string, migration: string, found: readonly Break[] = [renamed]): readonly string[] {
  const files = {
    "src/post.ts": `import { defineConsumer } from "@brain/engine";
const older = ["reminders", "reminder"];
export const post = defineConsumer({ subscriber: "post_office", ${formerly} handlers: [] });`,
    "migrations/0002_post.sql": migration,
  };
  const project = projectOf({
    root: "/",
    workspaces: [],
    paths: new Set(Object.keys(files)),
    files: new Map(Object.entries(files).map(([path, text]) => [path, { path, text }])),
  });
  return withoutFinishedRenames(found, project).map(({ is }) => is);
}

const taken = "SELECT rename_subscriber('reminders', 'post_office');";

test("a consumer whose former name is told, and taken along by a migration, is not told", () => {
  expect(told('formerly: "reminders",', taken)).toEqual([]);
  expect(
    told("formerly: older,", `SELECT 1;\nSELECT public.rename_subscriber( 'reminders', 'post_office');`),
  ).toEqual([]);
});

test("one of the two alone is told", () => {
  expect(told("", taken)).toEqual([renamed.is]);
  expect(told('formerly: "others",', taken)).toEqual([renamed.is]);
  const half = "post_office, formerly reminders; no migration calls rename_subscriber";
  expect(told('formerly: ["reminders"],', "SELECT rename_subscriber('others', 'post_office');")).toEqual([
    half,
  ]);
});

test("other breaks stay", () => {
  const gone: Break = { ...renamed, rule: "CONSUMER_REMOVED", is: "(gone)" };
  expect(told('formerly: "reminders",', taken, [gone, renamed])).toEqual(["(gone)"]);
});
