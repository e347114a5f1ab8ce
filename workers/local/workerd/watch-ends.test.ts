import { PassThrough } from "node:stream";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GIVE_UP_MS, watchEnds } from "./watch-ends.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** A workerd's output, and what ends it. */
function startOutput() {
  const output = new PassThrough();
  const end = () => new Promise((resolve) => output.once("close", resolve).destroy());
  return { output, end };
}

const longer = () => vi.advanceTimersByTime(10 * GIVE_UP_MS);

test("a workerd that ended, and has no successor, is told once", async () => {
  const onStuck = vi.fn();
  const { output, end } = startOutput();
  watchEnds(onStuck).started(output);
  longer();
  expect(onStuck).not.toHaveBeenCalled();
  await end();
  vi.advanceTimersByTime(GIVE_UP_MS - 1);
  expect(onStuck).not.toHaveBeenCalled();
  longer();
  expect(onStuck.mock.calls).toEqual([[new Error("workerd ended, and its runtime did not notice")]]);
});

test("one that has a successor in time is not told, whichever comes first, the end or the start", async () => {
  const onStuck = vi.fn();
  const watch = watchEnds(onStuck);
  const [first, second, third] = [startOutput(), startOutput(), startOutput()];
  watch.started(first.output);
  await first.end();
  watch.started(second.output);
  longer();
  watch.started(third.output);
  await second.end();
  longer();
  expect(onStuck).not.toHaveBeenCalled();
  // The control: the newest one's end is.
  await third.end();
  longer();
  expect(onStuck).toHaveBeenCalledOnce();
});

test("what ends when it was asked to is not told, also when its end is seen later", async () => {
  const onStuck = vi.fn();
  const [early, late] = [startOutput(), startOutput()];
  const [ofEarly, ofLate] = [watchEnds(onStuck), watchEnds(onStuck)];
  ofEarly.started(early.output);
  await early.end();
  ofEarly.stop();
  ofLate.started(late.output);
  ofLate.stop();
  await late.end();
  longer();
  expect(onStuck).not.toHaveBeenCalled();
});
