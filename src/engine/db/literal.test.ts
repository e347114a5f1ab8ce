import { Client } from "@neondatabase/serverless";
import fc from "fast-check";
import { expect, test } from "vitest";
import { literal } from "./literal.ts";

test("a literal is the one that the driver writes", () => {
  const client = new Client();
  const texts = fc.string({
    unit: fc.constantFrom("'", "\\", "a", "\n", "$1", '"', "é", "💶", "''", "E'"),
    maxLength: 40,
  });
  fc.assert(
    fc.property(texts, (text) => {
      expect(literal(text)).toBe(client.escapeLiteral(text));
    }),
  );
});
