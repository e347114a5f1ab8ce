import { expect, test } from "vitest";
import { parseCommands } from "./commands.ts";

test("commands of a pipeline that are refused make no error each, of which ten megabytes would be gigabytes", () => {
  const refused = parseCommands([[], ["GET", null], ["NOPE"], ["CLIENT", "KILL"], []], "pipeline");
  expect(refused.filter((command) => command instanceof Error)).toEqual([]);
  expect(refused[0]).toEqual({ error: "ERR empty command" });
  expect(refused[4]).toBe(refused[0]);
  expect(refused.slice(1, 4)).toEqual([
    { error: "ERR null args are not supported" },
    { error: expect.stringMatching(/not available: 'NOPE'/) },
    { error: expect.stringMatching(/not available: 'CLIENT KILL'/) },
  ]);
});
