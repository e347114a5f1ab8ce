import { expect, test } from "vitest";
import { findingsIn } from "../fixtures/judge-forms.ts";

test("a call in roundabout words is told of once, as it is meant", () => {
  const found = findingsIn(
    "B-2 C-7",
    `
import * as engine from "@brain/engine";
import { Redis } from "@upstash/redis";
declare const make: (Client: unknown) => unknown;
const handlers = [];
export const lent = engine.defineConsumer(...[{ subscriber: "lent", handlers }]);
export const given = make.call(null, Redis);
export const spread = make(...[Redis]);
export const applied = make.apply(null, [Redis]);
export const reflected = Reflect.apply(make, null, [Redis]);`,
  );
  expect(found.map(({ rule, line }) => `${line} ${rule}`)).toEqual([
    "6 C-7",
    "7 B-2",
    "8 B-2",
    "9 B-2",
    "10 B-2",
  ]);
  expect(found[0]?.message).toContain('"lent"');
});
