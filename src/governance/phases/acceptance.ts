/** The acceptance criteria 9.1 to 9.5, each with what shows it: a test, a place in the code, a fact of the running system. */

import { phaseOfRule } from "../rules/phase-of-rule.ts";
import type { TestKind } from "./evidence/shown-test.ts";
import { greenLine, testLines, toldTest } from "./evidence/test-evidence.ts";
import { whereOf } from "./facts/module-facts.ts";
import type { Judged } from "./judged.ts";
import { counted, fail, type Line, lineOf, listed, notNeeded, type Outcome, pass, unknown } from "./line.ts";
import type { Phase } from "./phases.ts";
import { observedOf, type System } from "./system.ts";

/** @param system null: none was asked */
export function acceptanceOf(
  judged: Judged,
  phases: readonly Phase[],
  system: System | null,
): readonly Line[] {
  const stateOf = (number: Phase["number"]) =>
    phases.find((phase) => phase.number === number)?.state ?? "open";
  const isIdle = (number: Phase["number"]) => stateOf(number) === "not needed";
  const lines = [
    lineOf(
      "9.1a",
      "Each state change of relevance emits its event, with full meta",
      isIdle(2) ? notNeeded("it publishes nothing") : emits(judged, system, phases),
    ),
    lineOf(
      "9.1b",
      "Its consumer runs",
      isIdle(3) ? notNeeded("it reacts to no other module") : runs(judged, system),
    ),
    lineOf(
      "9.1c",
      "A replay does no harm; the key is the stream message id",
      isIdle(4) ? notNeeded("it has no events at all") : idempotent(judged, system),
    ),
    isIdle(4)
      ? lineOf("9.2", "Tests 1 to 4 are green", notNeeded("it has no events at all"))
      : greenLine(judged),
    lineOf("9.3a", "README.md is up to date", documented(judged, "README")),
    lineOf(
      "9.3b",
      "EVENTS.md names all events, and the state of the migration",
      documented(judged, "EVENTS"),
    ),
    lineOf("9.4a", "What was there before is gone", byRules(judged, isLegacy, "See phase 5.")),
    lineOf(
      "9.4b",
      "Handlers and payloads are typed",
      byRules(judged, isTyping, "Give each payload a model, and each handler its types."),
    ),
  ];
  return [...lines, lineOf("9.5", "None of the reasons for NO-GO", noGo(judged, lines))];
}

const testsFor = ({ evidence }: Judged, kind: TestKind) =>
  evidence.shown.filter((test) => test.kind === kind).map(toldTest);

const parts = (...found: readonly (string | null)[]) =>
  found.filter((part) => part !== null && part !== "").join("; ");

/** @param isAbout by an id, or another name that the charter has for it */
function errorsOf({ findings, rules }: Judged, isAbout: (rule: string) => boolean): readonly string[] {
  const namesOf = (id: string) => [id, ...(rules.find((rule) => rule.id === id)?.also ?? [])];
  return findings
    .filter(({ rule, severity }) => severity === "error" && namesOf(rule).some(isAbout))
    .map(({ rule, file, line, message }) => `${rule} ${file}:${line} ${message}`);
}

function emits(judged: Judged, system: System | null, phases: readonly Phase[]): Outcome {
  const own = judged.wanted.filter(({ isOurs }) => isOurs);
  const silent = own.filter(({ published }) => published === null).map(({ type }) => type);
  if (silent.length > 0)
    return fail(`${listed(silent)} ${silent.length === 1 ? "is" : "are"} never published`, "See phase 2.");
  const wrong = errorsOf(judged, (rule) => phaseOfRule(rule) === 1 || phaseOfRule(rule) === 2);
  if (wrong.length > 0) return fail(listed(wrong, 1), "See phases 1 and 2.");
  if (phases.some(({ number, state }) => number === 2 && state === "open"))
    return fail("phase 2 is open", "See phase 2.");
  const tests = testsFor(judged, "T-1");
  if (tests.length === 0) return fail("no test shows a published event", "See T-1 in phase 4.");
  const places = own.flatMap(({ published }) =>
    published === null ? [] : whereOf(judged.project, published.place),
  );
  const seen =
    system === null
      ? null
      : observedOf(
          system,
          own.map(({ type }) => type),
        );
  return pass(
    parts(
      `code ${listed(places)}`,
      `test ${listed(tests, 2)}`,
      seen === null
        ? null
        : `${system?.url}/api/catalog has seen ${seen.types.length} of ${own.length} types, ${seen.count} events`,
    ),
  );
}

function runs({ facts, project }: Judged, system: System | null): Outcome {
  const names = facts.consumers.flatMap(({ type }) => type ?? []);
  if (facts.consumers.length === 0) return fail("no consumer is defined", "See phase 3.");
  if (facts.lifecycle.length === 0) return fail("nothing starts it", "See 3.3.");
  const code = `code ${listed(facts.lifecycle.map((place) => whereOf(project, place)))}`;
  if (system === null) return unknown(`${code}; no system was asked`, "Ask a running system with --url.");
  if ("why" in system.health)
    return unknown(`${code}; ${system.health.why}`, "Start the system, and ask again.");
  const running = system.health.answer.consumers;
  if (running === undefined)
    return unknown(
      `${code}; a system of the original does not tell its consumers`,
      "Show it by XINFO GROUPS of the stream.",
    );
  const missing = names.filter((name) => !running.includes(name));
  if (missing.length > 0)
    return fail(
      `${system.url}/api/health does not name ${listed(missing)}`,
      "Deploy the release that has it.",
    );
  return pass(parts(code, `${system.url}/api/health names ${listed(names)}`));
}

function idempotent(judged: Judged, system: System | null): Outcome {
  const tests = testsFor(judged, "T-3");
  const line = testLines(judged).find(({ id }) => id === "T-3");
  if (line?.state === "not needed")
    return notNeeded("it handles nothing: that its events can be delivered again is the engine's to show");
  if (tests.length === 0) return fail("no test delivers a message again", "See T-3 in phase 4.");
  const byId = errorsOf(judged, (rule) => rule === "11.3" || rule === "B-7" || rule === "C-3");
  if (byId.length > 0)
    return fail(listed(byId, 1), "Let the shared consumer guard by subscriber and stream message id.");
  const claims = system !== null && "answer" in system.settings ? system.settings.answer.claims : null;
  if (claims !== null && claims.unique_index === null)
    return fail(
      "the running system has no unique index over subscriber and stream message id",
      "See G-3 of charter gate.",
    );
  return pass(
    parts(
      `test ${listed(tests, 2)}`,
      claims === null ? null : `${system?.url}/api/settings names ${claims.unique_index}`,
    ),
  );
}

function documented(judged: Judged, group: "README" | "EVENTS"): Outcome {
  const { facts } = judged;
  const document = group === "README" ? facts.readme : facts.events;
  if (document === null) return fail(`there is no ${facts.folder}/${group}.md`, "See phase 5.");
  const wrong = judged.findings.filter(
    ({ severity, file }) => severity === "error" && file === document.path,
  );
  const [first] = wrong;
  if (first !== undefined)
    return fail(`${first.rule} ${first.file}:${first.line} ${first.message}`, first.mend);
  return pass(document.path);
}

const isLegacy = (rule: string) => phaseOfRule(rule) === 5 && !/^(?:R|EV)-/.test(rule);
const isTyping = (rule: string) => ["P-7", "E-8", "PY-2"].includes(rule);

function byRules(judged: Judged, isAbout: (rule: string) => boolean, todo: string): Outcome {
  const wrong = errorsOf(judged, isAbout);
  if (wrong.length > 0) return fail(listed(wrong, 1), todo);
  const asked = judged.rules.filter(({ id }) => isAbout(id)).map(({ id }) => id);
  return pass(asked.length === 0 ? "nothing found" : `rules ${asked.join(", ")}: nothing found`);
}

/** The list of the guide: one of them, and the migration is taken back, mended and begun again. */
function noGo(judged: Judged, lines: readonly Line[]): Outcome {
  const failed = (id: string) => lines.find((line) => line.id === id)?.state === "fail";
  const reasons = [
    errorsOf(judged, (rule) => rule === "11.5").length > 0 ? "events without meta" : null,
    errorsOf(judged, (rule) => rule === "11.3").length > 0
      ? "event.id is the primary key of deduplication"
      : null,
    errorsOf(judged, (rule) => rule === "11.4" || rule === "11.1").length > 0
      ? "synchronous calls of other modules"
      : null,
    failed("9.2") ? "fewer than four tests, or red ones" : null,
    failed("9.3a") || failed("9.3b") ? "README.md or EVENTS.md is not up to date" : null,
  ].filter((reason) => reason !== null);
  if (reasons.length === 0) return pass("none applies");
  return fail(
    `${counted(reasons.length, "reason")}: ${listed(reasons, 9)}`,
    "Take the migration back, mend it, and begin again.",
  );
}
