import { describe, expect, test } from "vitest";
import { exportedNames, glossaryFaults, readGlossary } from "../../tools/checks/glossary.ts";

const glossary = readGlossary(`
| term | what it is | where it stands | old words |
|---|---|---|---|
| circuit breaker | stops trying | \`breaker.ts\` | *brake*: option of a consumer; *probe* |
| job | work that time starts | \`jobs.ts\` | |

- **event**: what happened, *not* what is wanted. **to publish**: to record one. **modules** make a product.
`);

const faults = (source: string, everyday: readonly string[] = []) =>
  glossaryFaults(exportedNames("door.ts", source), glossary, everyday);

describe("the words of exported types", () => {
  test("are terms, in the plural and as participles too, or everyday words", () => {
    const source = `
      export { type PublishedEvent, type ModuleJobs, CircuitError, publish } from "./a.ts";
      export type { Event, Breaker as CircuitBreaker } from "./b.ts";
      export interface EventError {}
      interface Gadget {}
      export const Gizmo = 1;
    `;
    expect(exportedNames("door.ts", source).map(({ name }) => name)).toEqual([
      "PublishedEvent",
      "ModuleJobs",
      "CircuitError",
      "Event",
      "CircuitBreaker",
      "EventError",
    ]);
    expect(faults(source, ["error"])).toEqual([]);
  });

  test.each([
    ["exported from elsewhere", 'export { type GadgetEvent } from "./a.ts";'],
    ["declared there as an interface", "export interface EventGadget {}"],
    ["declared there as a type", "export type EventGadgets = string;", "gadgets"],
    ["declared there as a class", "export class Gadget {}"],
  ])("are told with what to do when a new noun is %s", (_how, source, word = "gadget") => {
    const [fault, ...others] = faults(source);
    expect(others).toEqual([]);
    expect(fault).toMatch(
      new RegExp(`^"${word}" in \\w*Gadget\\w* \\(door\\.ts\\) is no term of the glossary`),
    );
    expect(fault).toContain("define this one in src/engine/GLOSSARY.md");
  });

  test("that were given up are told with the term that took their place", () => {
    expect(faults("export type BrakeEvent = string; export type Probes = string;")).toEqual([
      '"brake" in BrakeEvent (door.ts) is a former word. The glossary says "circuit breaker".',
      '"probes" in Probes (door.ts) is a former word. The glossary says "circuit breaker".',
    ]);
  });

  test("are not defined by what a definition says beside its term", () => {
    expect(faults("export type Consumer = string; export type Wanted = string;")).toHaveLength(2);
  });

  test("cannot hide behind an export of everything", () => {
    expect(() => faults('export * from "./a.ts";')).toThrow("Name what it exports");
  });
});

test("everyday words that no name has, or that are terms, are told", () => {
  expect(faults("export class EventError {}", ["error", "event", "row"])).toEqual([
    '"event" is a term of the glossary. Take it out of everydayWords in tools/checks/glossary.ts.',
    'No name has the word "row" any more. Take it out of everydayWords in tools/checks/glossary.ts.',
  ]);
});
