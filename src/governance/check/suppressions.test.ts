import { expect, test } from "vitest";
import { projectOf } from "../project.ts";
import { rules } from "../rules/index.ts";
import { checkProject } from "./check.ts";

const today = "2026-11-26";
const other = { path: "src/modules/payment/service.ts", text: "export const pay = 1;\n" };
const definition = (name: string) => ({
  path: `src/modules/${name}/index.ts`,
  text: `import { defineModule } from "@brain/engine";\nexport const m = defineModule({ name: "${name}", events: [] });\n`,
});

function foundIn(text: string, path = "src/modules/tasks/service.ts") {
  const files = [other, definition("payment"), definition("tasks"), { path, text }];
  const project = projectOf({
    root: "/",
    workspaces: [],
    paths: new Set(files.map((file) => file.path)),
    files: new Map(files.map((file) => [file.path, file])),
  });
  const only = rules.filter(({ id }) => id === "11.1");
  const { findings, suppressed } = checkProject(project, only, today);
  return { told: findings.map(({ rule, line, message }) => `${rule}:${line} ${message}`), suppressed };
}

const wrong = 'import { pay } from "../payment/service.ts";\n';
const reason = "the port comes with the next release";

test("without a suppression the finding is told: what the others are compared with", () => {
  expect(foundIn(wrong).told).toEqual([expect.stringMatching(/^11\.1:1 /)]);
});

test.each([
  ["above the line", `// charter-ignore 11.1 until 2027-01-31: ${reason}\n${wrong}`],
  ["in the line", `${wrong.trimEnd()} // charter-ignore 11.1 until 2027-01-31: ${reason}\n`],
  ["in a block comment", `/* charter-ignore 11.1 until 2027-01-31: ${reason} */\n${wrong}`],
  ["in lines of Windows", `// charter-ignore 11.1 until 2027-01-31: ${reason}\r\n${wrong}`],
  ["in a block comment of Windows", `/* charter-ignore 11.1 until 2027-01-31: ${reason} */\r\n${wrong}`],
  ["on its last day", `// charter-ignore 11.1 until ${today}: ${reason}\n${wrong}`],
])("a suppression with reason and day holds %s", (_, text) => {
  expect(foundIn(text)).toEqual({ told: [], suppressed: 1 });
});

test.each([
  ["has no reason", `// charter-ignore 11.1 until 2027-01-31:\n${wrong}`, "gives no reason"],
  ["has no day", `// charter-ignore 11.1: ${reason}\n${wrong}`, "has the form"],
  ["ends on a day that is none", `// charter-ignore 11.1 until 2027-02-30: ${reason}\n${wrong}`, "is no day"],
  ["has ended", `// charter-ignore 11.1 until 2026-11-25: ${reason}\n${wrong}`, "ended on"],
  ["lasts for ever", `// charter-ignore 11.1 until 2099-01-01: ${reason}\n${wrong}`, "more than a year"],
])("a suppression that %s holds nothing back, and is a finding", (_, text, message) => {
  const { told, suppressed } = foundIn(text);
  expect(suppressed).toBe(0);
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(/^S-1:1 /);
  expect(told[0]).toContain(message);
  expect(told[1]).toMatch(/^11\.1:2 /);
});

test("a suppression is of one rule, one place, and a rule that there is", () => {
  expect(foundIn(`// charter-ignore B-5 until 2027-01-31: ${reason}\n${wrong}`).told).toEqual([
    expect.stringMatching(/^11\.1:2 /),
  ]);
  expect(foundIn(`// charter-ignore B-99 until 2027-01-31: ${reason}\n${wrong}`).told).toEqual([
    expect.stringContaining("names B-99, and there is no such rule"),
    expect.stringMatching(/^11\.1:2 /),
  ]);
  expect(foundIn(`// charter-ignore 11.1 until 2027-01-31: ${reason}\n\n${wrong}`).told).toHaveLength(1);
});

test("a suppression of a rule that does not judge now is none of a rule that there is not", () => {
  expect(foundIn(`// charter-ignore L-4 until 2027-01-31: ${reason}\nexport const a = 1;\n`).told).toEqual(
    [],
  );
});

test("a text that quotes a suppression is none", () => {
  const quoted = `// charter-ignore 11.1 until 2020-01-01: ${reason}`;
  expect(foundIn(`export const text = ${JSON.stringify(quoted)};\n${wrong}`).told).toHaveLength(1);
  expect(foundIn(`export const text = \`a\n${quoted}\n\`;\n${wrong}`).told).toHaveLength(1);
  expect(foundIn(`export const text = "charter-ignore 11.1";\n${wrong}`).told).toHaveLength(1);
});
