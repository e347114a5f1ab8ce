import { expect, onTestFinished, test } from "vitest";
import { latch } from "../../../test/latch.ts";
import { waitFor } from "../../../test/wait-for.ts";
import { watchPulse } from "./pulse.ts";

const limitMs = 30;

/** Something that answers never, or at once, and uses so much processor time from one look to the next, ms. */
function watched({ answers, usesMs }: { readonly answers: boolean; readonly usesMs: number }) {
  const seen = { asked: 0, ended: 0 };
  let usedMs = 0;
  const pulse = watchPulse({
    limitMs,
    ask: () => {
      seen.asked += 1;
      return answers ? Promise.resolve() : latch().opened;
    },
    usedMs: async () => {
      usedMs += usesMs;
      return usedMs;
    },
    onStuck: async () => {
      seen.ended += 1;
    },
  });
  onTestFinished(() => pulse.stop());
  const askedAgain = () =>
    waitFor(
      "it is asked again",
      () => seen.asked,
      (asked) => asked > 3,
    );
  return { seen, askedAgain };
}

test("what never answers and is busy is ended", async () => {
  const { seen } = watched({ answers: false, usesMs: limitMs });
  await waitFor(
    "it is ended",
    () => seen.ended,
    (ended) => ended > 0,
  );
});

test("what never answers and has a third of a processor, because others compute too, is ended later", async () => {
  const { seen } = watched({ answers: false, usesMs: limitMs / 3 });
  await waitFor(
    "it is ended",
    () => seen.ended,
    (ended) => ended > 0,
  );
  expect(seen.asked).toBeGreaterThan(1);
});

test("what a debugger holds up, or other programs, uses little and is left alone", async () => {
  const { seen, askedAgain } = watched({ answers: false, usesMs: 0 });
  await askedAgain();
  expect(seen.ended).toBe(0);
});

test("what answers is left alone, however busy", async () => {
  const { seen, askedAgain } = watched({ answers: true, usesMs: 1_000 });
  await askedAgain();
  expect(seen.ended).toBe(0);
});
