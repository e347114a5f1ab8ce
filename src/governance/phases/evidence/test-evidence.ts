/** Which tests show what the charter wants to see of a module. */

import type { Judged } from "../judged.ts";
import { counted, fail, type Line, lineOf, listed, notNeeded, pass, unknown } from "../line.ts";
import type { ShownTest, TestKind } from "./shown-test.ts";
import type { TestReport } from "./test-report.ts";

const titles: Readonly<Record<TestKind, string>> = {
  "T-1": "A test shows that an event is published, with its meta",
  "T-2": "A test shows that a consumer handles an event, over a real stream",
  "T-3": "A test delivers the same message again, and nothing happens twice",
  "T-4": "A test shows that a permanent error is acknowledged",
  "T-4b": "A test shows that a transient error is not acknowledged",
};

export const testKinds = Object.keys(titles) as readonly TestKind[];

const todos: Readonly<Record<TestKind, string>> = {
  "T-1":
    "Assert type, payload, schema_version, producer and source_module of the event that a change publishes.",
  "T-2":
    "Publish, let the consumer read, and assert its effect. Who only publishes does it with a probe consumer.",
  "T-3":
    "Deliver the message a second time under the same stream message id, and assert that the effect is there once.",
  "T-4": "Let the handler fail for good, and assert that the message is acknowledged (or a dead letter).",
  "T-4b": "Let the handler fail for the moment, and assert that the message is not acknowledged.",
};

/** A line for each of the four; what is not asked of the module needs no test. */
export function testLines(judged: Judged): readonly Line[] {
  const { shown, report } = judged.evidence;
  return testKinds.map((kind) => {
    const tests = shown.filter((test) => test.kind === kind);
    // One of several consumers may have its test, and another none.
    const found = judged.findings.find(({ rule, severity }) => rule === kind && severity === "error");
    if (found !== undefined) return lineOf(kind, titles[kind], fail(found.message, found.mend));
    if (tests.length === 0) return lineOf(kind, titles[kind], untested(judged, kind));
    const said = listed(tests.map(toldTest), 3);
    const red = tests.filter((test) => outcomeOf(report, test) === "failed");
    if (red.length > 0)
      return lineOf(kind, titles[kind], fail(`${listed(red.map(toldTest), 2)} failed`, "Make it green."));
    return lineOf(kind, titles[kind], pass(`${said}${greenOf(report, tests)}`));
  });
}

function untested({ facts, rules }: Judged, kind: TestKind) {
  // Over TypeScript the rule knows of whom it asks what: who only publishes is read and delivered again by the engine's tests.
  const isAsked = facts.language === "Python" || !rules.some(({ id }) => id === kind);
  return isAsked ? fail("no test does it", todos[kind]) : notNeeded("it has nothing of which this is asked");
}

/** Kinds that are asked of the module, and that no test shows. */
const missingKinds = (judged: Judged) =>
  testLines({ ...judged, evidence: { ...judged.evidence, report: null } })
    .filter(({ state }) => state === "fail")
    .map(({ id }) => id);

const outcomeOf = (report: TestReport | null, { file, title }: ShownTest) =>
  report === null || title === null ? null : report.outcomeOf(file, title);

export const toldTest = ({ file, line, title }: ShownTest) =>
  `${file}:${line}${title === null ? "" : ` "${title}"`}`;

function greenOf(report: TestReport | null, tests: readonly ShownTest[]): string {
  if (report === null) return "; not run here";
  const ran = tests.filter((test) => outcomeOf(report, test) === "passed").length;
  return ran === tests.length
    ? `; green in ${report.path}`
    : `; ${ran} of ${tests.length} ran in ${report.path}`;
}

/** 9.2: the four tests are there and green, and nothing else of the module is red. */
export function greenLine(judged: Judged): Line {
  const { shown, report } = judged.evidence;
  const missing = missingKinds(judged);
  const title = "Tests 1 to 4 are green, and none fails";
  const lineAbout = (judgedAs: Parameters<typeof lineOf>[2]) => lineOf("9.2", title, judgedAs);
  if (missing.length > 0) return lineAbout(fail(`no test for ${listed(missing)}`, "See phase 4."));
  if (report === null)
    return lineAbout(
      unknown(
        `${counted(shown.length, "test")} found; not run here`,
        "Give a report of the run with --tests: vitest's JSON or JUnit's XML.",
      ),
    );
  const failed = report.failedIn([...judged.facts.tests, ...shown.map(({ file }) => file)]);
  if (failed.length > 0)
    return lineAbout(fail(`failed in ${report.path}: ${listed(failed, 3)}`, "Make them green."));
  const unseen = testKinds.filter((kind) => {
    const tests = shown.filter((test) => test.kind === kind);
    return tests.length > 0 && !tests.some((test) => outcomeOf(report, test) === "passed");
  });
  if (unseen.length > 0)
    return lineAbout(
      fail(
        `${report.path} has no green test for ${listed(unseen)}`,
        "Run them all, and give the report of that run.",
      ),
    );
  return lineAbout(pass(`${listed(shown.map(toldTest), 3)}: green in ${report.path}`));
}
