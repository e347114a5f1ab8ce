import { expect, test } from "vitest";
import { createLifetime } from "./lifetime.ts";

const never = () => new Promise<string>(() => undefined);

test("what is done in time is handed on, also a failure", async () => {
  const lifetime = createLifetime();
  expect(await lifetime.during(Promise.resolve("done"))).toBe("done");
  await expect(lifetime.during(Promise.reject(new Error("of the work")))).rejects.toThrow("of the work");
});

test("what is never done ends with the life, and what begins behind it, too", async () => {
  const lifetime = createLifetime();
  const waiting = [lifetime.during(never()), lifetime.during(never())];
  lifetime.end(new Error("it is gone"));
  lifetime.end(new Error("and stopped"));
  for (const one of [...waiting, lifetime.during(never())]) await expect(one).rejects.toThrow("it is gone");
});
