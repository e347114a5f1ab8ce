import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { jsonPieces, pieceLength, toWrite } from "./pieces.ts";
import { numberOf } from "./source-json.ts";

const scalar = fc.oneof(
  fc.string({ unit: "binary", maxLength: 20 }),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.constant(numberOf("9007199254740993")),
);
const value = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    scalar,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.string(), tie("value"), { maxKeys: 3 }),
    fc.array(scalar, { minLength: 60, maxLength: 140 }),
  ),
})).value;

describe("the pieces of a JSON text", () => {
  test("are together what JSON.stringify gives", () => {
    fc.assert(
      fc.property(value, (given) => {
        expect(jsonPieces(given).join("")).toBe(JSON.stringify(given));
      }),
      { numRuns: 300 },
    );
  });

  test.each([0, 1, 63, 64, 65, 128, 129, 500])("of an array of %i entries, too", (length) => {
    const entries = Array.from({ length }, (_, at) => [`${at}-0`, ["id", `"${at}\u{1f600}`, "n", at]]);
    for (const given of [
      entries,
      [entries],
      [{ result: [["stream", entries]] }, { error: "no" }],
      [[], entries],
    ])
      expect(jsonPieces(given).join("")).toBe(JSON.stringify(given));
  });

  test("are no longer than one by much, and few", () => {
    const entries = Array.from({ length: 500 }, (_, at) => [`${at}-0`, ["payload", "x".repeat(500)]]);
    const lengths = jsonPieces([{ result: [["stream", entries]] }]).map((piece) => piece.length);
    expect(lengths.length).toBeLessThanOrEqual(9);
    expect(Math.max(...lengths)).toBeLessThan(3 * pieceLength);
  });
});

test("long text is written as its bytes, short text as it is", () => {
  const long = "ü€\u{1f600}".repeat(pieceLength);
  expect(toWrite(long)).toEqual(Buffer.from(long));
  expect(toWrite("short")).toBe("short");
});
