import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { findCycles } from "./cycles.ts";
import type { GraphStep } from "./graph.ts";

const step = (cause: string, effect: string, by = "c"): GraphStep => ({ cause, effect, by, count: null });
const waysOf = (steps: readonly GraphStep[]) =>
  findCycles(steps).cycles.map((cycle) => cycle.steps.map(({ cause, by }) => `${cause} ${by}`).join(" "));

describe("cycles", () => {
  test("of several components, with an event that leads to itself, and none where there is no way back", () => {
    const steps = [
      ...[step("a", "b"), step("b", "c"), step("c", "a")],
      // The way on from the first ring is no part of it.
      ...[step("c", "d"), step("d", "d", "itself")],
      ...[step("x", "y"), step("y", "x")],
      ...[step("p", "q"), step("p", "r"), step("q", "r")],
    ];
    expect(waysOf(steps)).toEqual(["d itself", "x c y c", "a c b c c c"]);
    expect([...findCycles(steps).circular].map(({ cause, effect }) => cause + effect)).toEqual([
      ...["ab", "bc", "ca", "dd", "xy", "yx"],
    ]);
  });

  test("that share events are told one by one, and of two consumers both", () => {
    const steps = [
      step("a", "b", "one"),
      step("a", "b", "two"),
      step("b", "a"),
      step("b", "c"),
      step("c", "a"),
    ];
    expect(waysOf(steps)).toEqual(["a one b c", "a two b c", "a one b c c c", "a two b c c c"]);
  });

  test("of a tangle are cut, and its steps are marked all the same", () => {
    const names = Array.from({ length: 14 }, (_, index) => `e${index}`);
    const steps = names.flatMap((cause) => names.map((effect) => step(cause, effect)));
    const { cycles, circular, isCut } = findCycles(steps);
    expect(isCut).toBe(true);
    expect(cycles).toHaveLength(100);
    expect(circular.size).toBe(steps.length);
  });

  test("of a chain that is longer than the stack", () => {
    const length = 50_000;
    const chain = Array.from({ length }, (_, index) => step(`e${index}`, `e${index + 1}`));
    expect(findCycles(chain).circular.size).toBe(0);
    const ring = [...chain, step(`e${length}`, "e0")];
    expect(findCycles(ring).circular.size).toBe(length + 1);
  });

  test("hold what can come back, as a search from each event says", () => {
    const name = fc.constantFrom(..."abcdefg");
    const graph = fc.uniqueArray(fc.tuple(name, name), { selector: String, maxLength: 16 });
    fc.assert(
      fc.property(graph, (pairs) => {
        const steps = pairs.map(([cause, effect]) => step(cause, effect));
        const reaches = (from: string, to: string): boolean => {
          const seen = new Set<string>();
          const open = [from];
          for (let at = open.pop(); at !== undefined; at = open.pop()) {
            if (at === to) return true;
            if (seen.has(at)) continue;
            seen.add(at);
            open.push(...steps.filter(({ cause }) => cause === at).map(({ effect }) => effect));
          }
          return false;
        };
        const { circular, cycles, isCut } = findCycles(steps);
        expect(new Set(circular)).toEqual(
          new Set(steps.filter(({ cause, effect }) => reaches(effect, cause))),
        );
        if (!isCut) expect(new Set(cycles.flatMap((cycle) => cycle.steps))).toEqual(circular);
        for (const cycle of cycles) {
          expect(cycle.steps.map(({ effect }) => effect)).toEqual([
            ...cycle.steps.slice(1).map(({ cause }) => cause),
            cycle.steps[0]?.cause,
          ]);
        }
      }),
    );
  });
});
