import { expect, test } from "vitest";
import { createSubrequestMeter } from "./budget.ts";

test("counts calls one by one and several at once", () => {
  const meter = createSubrequestMeter(50);
  meter.count();
  meter.count(4);
  expect(meter.used).toBe(5);
  expect(meter.limit).toBe(50);
});

test("is near from 80 % of the limit on, so that the rest suffices to finish", () => {
  const meter = createSubrequestMeter(50);
  meter.count(39);
  expect(meter.isNear()).toBe(false);
  meter.count();
  expect(meter.isNear()).toBe(true);
});

test("is near earlier for work that needs a reserve", () => {
  const meter = createSubrequestMeter(50);
  meter.count(27);
  expect(meter.isNear(12)).toBe(false);
  meter.count();
  expect(meter.isNear(12)).toBe(true);
});
