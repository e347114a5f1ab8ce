import { expect, test } from "vitest";
import { StopSteps } from "./stop-steps.ts";

test("what was started first is stopped last, each once, in spite of failures, and what is waited for has a name", async () => {
  const steps = new StopSteps();
  const seen: (string | null)[] = [];
  for (const name of ["Redis", "its gateway", "the workers"]) {
    steps.push(name, async () => {
      seen.push(steps.current);
      if (name === "its gateway") throw new Error("refused");
    });
  }
  expect(steps.current).toBeNull();
  expect(await steps.run()).toEqual([new Error("refused")]);
  expect(seen).toEqual(["the workers", "its gateway", "Redis"]);
  expect(steps.current).toBeNull();
  expect(await steps.run()).toEqual([]);
  expect(seen).toHaveLength(3);
});
