/** The modules of this project keep the charter, and the tool notices when one of them no longer does. */

import { beforeAll, expect, test } from "vitest";
import { root } from "../../../tools/root.ts";
import { type Project, projectOf } from "../project.ts";
import { rules } from "../rules/index.ts";
import type { Rule } from "../rules/rule.ts";
import { type ProjectFiles, readFiles } from "../tree/files.ts";
import { loadPython } from "../tree/python/parser.ts";
import { currentPhase } from "./phases.ts";
import { isCompliant, summaryOf } from "./report.ts";
import { judgeNamed, reportPhases } from "./run.ts";

let files: ProjectFiles;
let whole: Project;
beforeAll(async () => {
  [files] = await Promise.all([readFiles(root), loadPython()]);
  whole = projectOf(files);
});

/** Those that the losses below break; all of them over all of the project would take a minute. */
const some = rules.filter(({ id }) => id.startsWith("T-") || id === "11.1");
const look = (project: Project, module: string, chosen: readonly Rule[] = some) =>
  reportPhases(judgeNamed(project, module, null, { today: "2026-11-26", chosen }), null);

test("each module of this project is compliant", () => {
  const modules = whole.typescript.modules.map(({ name }) => name);
  expect(modules.length).toBeGreaterThan(10);
  expect(modules.map((name) => summaryOf(look(whole, name, rules)))).toEqual(
    modules.map((name) => `${name} is compliant`),
  );
});

const kept =
  /^(?:package\.json|schemas\/(?!.*\.test\.ts$).*\.ts|src\/modules\/(?:course_access|payment)\/.*|test\/modules\/course_access\/.*)$/;

/** This project with two of its modules only, and one change. */
function withChange(path: string, change: (text: string) => string | null): Project {
  const chosen = new Map([...files.files].filter(([name]) => kept.test(name)));
  const text = chosen.get(path)?.text;
  if (text === undefined) throw new Error(`There is no ${path}.`);
  const next = change(text);
  if (next === text) throw new Error(`Nothing was changed in ${path}.`);
  if (next === null) chosen.delete(path);
  else chosen.set(path, { path, text: next });
  return projectOf({ ...files, files: chosen, paths: new Set(chosen.keys()) });
}

const folder = "src/modules/course_access";

test("its course_access is compliant also beside payment alone", () => {
  const project = withChange("src/modules/payment/README.md", (text) => `${text}\n`);
  expect(summaryOf(look(project, "course_access"))).toBe("course_access is compliant");
});

test.each<[what: string, path: string, change: (text: string) => string | null, phase: number, id: string]>([
  [
    "its purpose",
    `${folder}/README.md`,
    (text) => text.replace(/## Zweck\n\n.*\n/, "").replace("# Module", "# The module"),
    5,
    "5.1",
  ],
  ["EVENTS.md", `${folder}/EVENTS.md`, () => null, 1, "1.3"],
  [
    "the payload of an event",
    `${folder}/EVENTS.md`,
    (text) => text.replace(/\*\*Payload:\*\*\n\n(?:\|.*\n)+/, ""),
    1,
    "1.3",
  ],
  [
    "a publish",
    `${folder}/announce.ts`,
    (text) => text.replaceAll("courseAccessRevoked", "courseAccessGranted"),
    2,
    "2.1",
  ],
  [
    "the list of its consumers",
    `${folder}/index.ts`,
    (text) => text.replace(/\n {2}consumers: [^\n]*\n/, "\n"),
    3,
    "3.3",
  ],
  [
    "a handler",
    `${folder}/consumer.ts`,
    (text) => text.replace(/on\(paymentRefundFailed,/, "keep("),
    3,
    "3.2",
  ],
  ["its tests of events", "test/modules/course_access/events.test.ts", () => null, 4, "T-1"],
  [
    "the second delivery",
    "test/modules/course_access/events.test.ts",
    (text) => text.replaceAll('"SETID"', '"HELP"').replaceAll("XADD", "XLEN"),
    4,
    "T-3",
  ],
  [
    "its walls",
    `${folder}/service.ts`,
    (text) =>
      `import { paymentConsumer } from "../payment/consumer.ts";\n${text}\nexport const other = paymentConsumer;\n`,
    5,
    "11.1",
  ],
])("a module that loses %s is no longer compliant", (_what, path, change, phase, id) => {
  const report = look(withChange(path, change), "course_access");
  expect(isCompliant(report)).toBe(false);
  const current = currentPhase(report.phases);
  expect(
    current?.lines.find((line) => line.id === id),
    JSON.stringify([summaryOf(report), current?.lines]),
  ).toMatchObject({
    state: "fail",
  });
  expect(current?.number).toBe(phase);
});
