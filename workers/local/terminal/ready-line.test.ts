import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { showReadyLine } from "./ready-line.ts";

const line = "ready  http://127.0.0.1:8787  key k";
let shown: string[];
const show = () => showReadyLine(line, (text) => shown.push(text));

beforeEach(() => {
  vi.useFakeTimers();
  shown = [];
});
afterEach(() => {
  vi.useRealTimers();
});

describe("the line with address and key", () => {
  test("comes at once, and again when eight lines followed and it is quiet", () => {
    const ready = show();
    expect(shown).toEqual([line]);
    for (let count = 0; count < 7; count += 1) ready.pushed(false);
    vi.advanceTimersByTime(60_000);
    expect(shown).toHaveLength(1);
    ready.pushed(false);
    vi.advanceTimersByTime(999);
    expect(shown).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(shown).toEqual([line, line]);
    // It counts anew.
    ready.pushed(false);
    vi.advanceTimersByTime(60_000);
    expect(shown).toHaveLength(2);
  });

  test("comes again after one warning, and waits for the end of what is printed with it", () => {
    const ready = show();
    ready.pushed(true);
    for (let count = 0; count < 5; count += 1) {
      vi.advanceTimersByTime(900);
      ready.pushed(false);
    }
    expect(shown).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    expect(shown).toHaveLength(2);
  });

  test("comes every 15 s where it is never quiet", () => {
    const ready = show();
    for (let count = 0; count < 330; count += 1) {
      ready.pushed(false);
      vi.advanceTimersByTime(100);
    }
    expect(shown).toHaveLength(3);
  });

  test("does not come once everything stops", () => {
    const ready = show();
    ready.pushed(true);
    ready.stop();
    ready.pushed(true);
    vi.advanceTimersByTime(60_000);
    expect(shown).toHaveLength(1);
  });
});
