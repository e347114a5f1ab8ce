import { describe, expect, test } from "vitest";
import { negatives, positives } from "./fixtures/guard-corpus.ts";
import { forbiddenValue, redactText } from "./pii.ts";

const percent = (count: number, all: number) => `${((100 * count) / all).toFixed(1)} %`;

describe("the guard on a corpus of texts", () => {
  test("finds at least 98 in 100, and raises at most 2 false alarms in 100", () => {
    const missed = positives.filter((text) => forbiddenValue(text) === null);
    const alarms = negatives.filter((text) => forbiddenValue(text) !== null);
    const found = positives.length - missed.length;
    console.info(
      `guard: ${found} of ${positives.length} found (${percent(found, positives.length)}), ` +
        `${alarms.length} false alarms in ${negatives.length} (${percent(alarms.length, negatives.length)})`,
    );
    expect(positives.length).toBeGreaterThanOrEqual(150);
    expect(negatives.length).toBeGreaterThanOrEqual(150);
    expect(found / positives.length, `missed: ${JSON.stringify(missed)}`).toBeGreaterThanOrEqual(0.98);
    expect(alarms.length / negatives.length, `alarms: ${JSON.stringify(alarms)}`).toBeLessThanOrEqual(0.02);
  });

  test("is made of texts that differ", () => {
    for (const texts of [positives, negatives]) expect(new Set(texts).size).toBe(texts.length);
  });

  test("what is found is gone after redaction, and what is none stays as it was", () => {
    for (const text of positives) expect(forbiddenValue(redactText(text)), text).toBeNull();
    for (const text of negatives.filter((text) => forbiddenValue(text) === null))
      expect(redactText(text)).toBe(text);
  });
});
