/** A rule that has several names in the charter may be named by each of them. */

import { expect, test } from "vitest";
import { checkProject } from "../check/check.ts";
import { ruleList } from "../check/run-check.ts";
import { projectOf } from "../project.ts";
import { rules } from "./index.ts";

const shelf = (comment: string) => ({
  path: "src/shelf/index.ts",
  text: `import { defineModule } from "@brain/engine";
export const shelf = defineModule({ name: "shelf", events: [] });
${comment}
export const isOn = (env: Env) => env.USE_EVENTS;
`,
});

function found(comment: string) {
  const file = shelf(comment);
  const files = new Map([[file.path, file]]);
  const project = projectOf({ root: "/", workspaces: [], paths: new Set(files.keys()), files });
  const { findings } = checkProject(
    project,
    rules.filter(({ id }) => id === "C1b"),
    "2026-11-27",
  );
  return findings.map(({ rule, line }) => `${rule}:${line}`);
}

test("a suppression may name either", () => {
  const until = "until 2027-01-31: the shop reads it until its next release";
  expect(found("// Nothing.")).toEqual(["C1b:4"]);
  expect(found(`// charter-ignore C1b ${until}`)).toEqual([]);
  expect(found(`// charter-ignore L-4 ${until}`)).toEqual([]);
  expect(found(`// charter-ignore L-9 ${until}`)).toEqual(["S-1:3", "C1b:4"]);
});

test("the list of rules shows all names", () => {
  expect(ruleList()).toMatch(/^C1b L-4 /m);
  for (const { id, also = [] } of rules) expect(also, id).not.toContain(id);
});
