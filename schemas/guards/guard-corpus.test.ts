import { describe, expect, test } from "vitest";
import { charter } from "../charter.ts";
import { negatives, positives } from "../fixtures/guard-corpus.ts";
import { forbiddenKeys, harmlessKeys } from "../fixtures/guard-keys.ts";
import { forbiddenKeyReason } from "./key-rules.ts";
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

describe("the guard on a corpus of field names", () => {
  const reasonOf = (place: string) => {
    const [parent = "", key] = place.split(".");
    return key === undefined ? forbiddenKeyReason(parent) : forbiddenKeyReason(key, parent);
  };

  test("finds at least 98 in 100, and raises at most 2 false alarms in 100", () => {
    const missed = forbiddenKeys.filter((key) => reasonOf(key) === null);
    const alarms = harmlessKeys.filter((key) => reasonOf(key) !== null);
    console.info(
      `guard: ${forbiddenKeys.length - missed.length} of ${forbiddenKeys.length} names found, ` +
        `${alarms.length} false alarms in ${harmlessKeys.length}`,
    );
    expect(forbiddenKeys.length).toBeGreaterThanOrEqual(150);
    expect(harmlessKeys.length).toBeGreaterThanOrEqual(150);
    expect(missed.length / forbiddenKeys.length, `missed: ${missed.join(" ")}`).toBeLessThanOrEqual(0.02);
    expect(alarms.length / harmlessKeys.length, `alarms: ${alarms.join(" ")}`).toBeLessThanOrEqual(0.02);
  });

  test("is made of names that differ, and nothing in the catalog is on the wrong side", () => {
    for (const keys of [forbiddenKeys, harmlessKeys]) expect(new Set(keys).size).toBe(keys.length);
    const named = new Set(charter.all.flatMap(({ knownKeys }) => [...knownKeys]));
    for (const key of forbiddenKeys) expect(named, key).not.toContain(key);
  });

  test("the object that a name stands in makes it a person's or not", () => {
    for (const parent of ["customer", "buyers", "course_owner", "newCustomer"])
      expect(forbiddenKeyReason("name", parent), parent).toMatch(/personal data/);
    for (const parent of [null, "course", "file", "customer_types"])
      expect(forbiddenKeyReason("name", parent), String(parent)).toBeNull();
  });
});
