import { expect, test } from "vitest";
import { chaosConsumers } from "./consumers.ts";
import { subscribers } from "./content.ts";
import { typeOf } from "./operator.ts";

test("the type that is paused of a consumer is one that it handles", () => {
  const askToDie = () => Promise.resolve();
  const options = { askToDie, slowMs: 0, baseMs: 1, capMs: 1, batchSize: 1, second: false };
  const alone: readonly string[] = [subscribers.poison, subscribers.removed];
  const operated = chaosConsumers(options).filter(({ subscriber }) => !alone.includes(subscriber));
  expect(operated.filter(({ subscriber, byType }) => !byType.has(typeOf(subscriber)))).toEqual([]);
});
