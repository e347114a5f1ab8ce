/** The phases of a migration, and in which of them a module is. */

import { phaseOfRule } from "../rules/phase-of-rule.ts";
import { testKinds, testLines } from "./evidence/test-evidence.ts";
import { hears, isSilent, type Judged, phaseOfFinding, produces } from "./judged.ts";
import { fail, type Line, lineOf, notNeeded, pass } from "./line.ts";
import { analysis, consumer, design, ending, producer } from "./phase-lines.ts";

export interface Phase {
  readonly number: 0 | 1 | 2 | 3 | 4 | 5;
  readonly title: string;
  readonly state: "done" | "open" | "not needed";
  readonly lines: readonly Line[];
}

export function phasesOf(judged: Judged): readonly Phase[] {
  const silence = isSilent(judged) ? "it has no events at all" : null;
  const idleProducer = produces(judged) ? null : "it publishes nothing";
  return [
    phase(judged, 0, "Analysis", null, analysis),
    phase(judged, 1, "Event design", idleProducer, design),
    phase(judged, 2, "Producer", idleProducer, producer),
    phase(judged, 3, "Consumer", hears(judged) ? null : "it reacts to no other module", consumer),
    phase(judged, 4, "Tests", silence, testLines),
    phase(judged, 5, "Old paths off", null, ending),
  ];
}

/** The first phase that is not done; null: the module is compliant. */
export const currentPhase = (phases: readonly Phase[]): Phase | null =>
  phases.find(({ state }) => state === "open") ?? null;

/** @param idle why the module needs nothing of it; null: it does. Rules are kept in any case. */
function phase(
  judged: Judged,
  number: Phase["number"],
  title: string,
  idle: string | null,
  linesOf: (judged: Judged) => readonly Line[],
): Phase {
  const own = idle === null ? linesOf(judged) : [lineOf(`${number}`, title, notNeeded(idle))];
  const lines = [...own, ...ruleLines(judged, number)];
  const isOpen = lines.some(({ state }) => state === "fail");
  return { number, title, state: isOpen ? "open" : idle === null ? "done" : "not needed", lines };
}

/** A line for each rule that found errors in the module which belong to the phase, and one for all others. */
function ruleLines(judged: Judged, number: Phase["number"]): readonly Line[] {
  // The four tests have lines of their own, with the test that shows each.
  const rules = judged.rules.filter(({ id }) => !testKinds.some((kind) => kind === id));
  const errors = judged.findings.filter(
    (finding) => finding.severity === "error" && phaseOfFinding(judged, finding) === number,
  );
  const broken = rules.filter(({ id }) => errors.some(({ rule }) => rule === id));
  const kept = rules.filter((rule) => phaseOfRule(rule.id) === number && !broken.includes(rule));
  return [
    ...broken.map(({ id, title, mend }) => {
      const found = errors.filter(({ rule }) => rule === id);
      const [first] = found;
      const more = found.length > 1 ? ` (and ${found.length - 1} more)` : "";
      return lineOf(
        id,
        title,
        fail(`${first?.file}:${first?.line} ${first?.message}${more}`, first?.mend ?? mend),
      );
    }),
    ...(kept.length === 0
      ? []
      : [lineOf("rules", kept.map(({ id }) => id).join(", "), pass("nothing found"))]),
  ];
}
