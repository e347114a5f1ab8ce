import { expect, test } from "vitest";
import { TooManyRequestsError } from "../../../src/engine/core/errors.ts";
import { limitRate } from "../../../src/http/kit/rate-limit.ts";
import { createClock, openBackbone, openFaultyBackbone } from "../../engine/fixture.ts";
import { sends } from "../../faults.ts";

test("as many as allowed pass in a minute, also at the same time, then the caller is told when to come back", async () => {
  const clock = createClock();
  clock.set(Math.ceil(Date.now() / 60_000) * 60_000 + 45_000);
  const backbone = await openBackbone({ now: clock.now });
  const tries = await Promise.allSettled(
    Array.from({ length: 10 }, () => limitRate(backbone.open(), "intents:t-1", 4)),
  );
  expect(tries.filter(({ status }) => status === "fulfilled")).toHaveLength(4);
  const refused = await limitRate(backbone.open(), "intents:t-1", 4).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(TooManyRequestsError);
  expect(refused).toMatchObject({ retryAfterSeconds: 15 });
  await limitRate(backbone.open(), "intents:t-2", 4);
  clock.advance(15_000);
  await limitRate(backbone.open(), "intents:t-1", 4);
});

test("a Redis that does not answer refuses nobody; control: the same limit refuses when it answers", async () => {
  const { backbone, redis } = await openFaultyBackbone();
  const ask = () => limitRate(backbone.open(), "intents:t-1", 0);
  await expect(ask()).rejects.toThrow(TooManyRequestsError);
  redis.inject({ kind: "refuse" }, { when: sends("EVAL") });
  await expect(ask()).resolves.toBeUndefined();
});
