import { expect, test } from "vitest";
import { rules } from "./index.ts";
import { hasPhase, phaseOfRule } from "./phase-of-rule.ts";

test("somebody has said for each rule in which phase it must be kept", () => {
  expect(rules.map(({ id }) => id).filter((id) => !hasPhase(id))).toEqual([]);
  expect(hasPhase("XX-1")).toBe(false);
});

test.each([
  ["N-4", 1],
  ["P-2", 1],
  ["E-8", 2],
  ["B-1", 2],
  ["B-7", 3],
  ["C-2", 3],
  ["T-4b", 4],
  ["11.1", 5],
])("%s is kept from phase %d on", (id, phase) => {
  expect(phaseOfRule(id)).toBe(phase);
});
