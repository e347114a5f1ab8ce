import { expect, test, vi } from "vitest";
import { HandlerTimeoutError, settlesWithin, withTimeLimit } from "./time-limit.ts";

test("gives back what the work returns, and leaves its signal alone", async () => {
  let seen: AbortSignal | undefined;
  const result = await withTimeLimit(1_000, "It", async (signal) => {
    seen = signal;
    return 7;
  });
  expect(result).toBe(7);
  expect(seen?.aborted).toBe(false);
});

test("passes the error of the work on", async () => {
  await expect(withTimeLimit(1_000, "It", () => Promise.reject(new RangeError("own")))).rejects.toThrow(
    "own",
  );
});

test("passes on what the work throws before its first await", async () => {
  const work = () => {
    throw new RangeError("at once");
  };
  await expect(withTimeLimit(1_000, "It", work)).rejects.toThrow("at once");
});

test("aborts the signal and fails with a transient error at the limit", async () => {
  vi.useFakeTimers();
  try {
    let seen: AbortSignal | undefined;
    const running = withTimeLimit(50, "The handler", (signal) => {
      seen = signal;
      return new Promise(() => undefined);
    });
    const failed = expect(running).rejects.toThrow(
      new HandlerTimeoutError("The handler did not finish within 50 ms."),
    );
    await vi.advanceTimersByTimeAsync(50);
    await failed;
    expect(seen?.aborted).toBe(true);
    expect(seen?.reason).toBeInstanceOf(HandlerTimeoutError);
  } finally {
    vi.useRealTimers();
  }
});

test("ignores what the work does after the limit", async () => {
  vi.useFakeTimers();
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note);
  try {
    const running = withTimeLimit(10, "It", async (signal) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      throw new Error("late");
    });
    const failed = expect(running).rejects.toBeInstanceOf(HandlerTimeoutError);
    await vi.advanceTimersByTimeAsync(10);
    await failed;
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
    vi.useRealTimers();
  }
});

test("tells whether work came to an end in time, good or bad, and lets it go on", async () => {
  vi.useFakeTimers();
  try {
    expect(await settlesWithin(50, Promise.resolve())).toBe(true);
    expect(await settlesWithin(50, Promise.reject(new Error("bad end")))).toBe(true);
    let end = (_: string) => {};
    const work = new Promise<string>((resolve) => {
      end = resolve;
    });
    const late = settlesWithin(50, work);
    await vi.advanceTimersByTimeAsync(50);
    expect(await late).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
    end("later");
    expect(await work).toBe("later");
  } finally {
    vi.useRealTimers();
  }
});
