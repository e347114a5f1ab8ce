/** P-1 to P-4: payloads that stand behind choices, functions and other names: each fault is found in its line, and nothing else. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

const forms: Readonly<Record<string, string>> = {
  "one of two, by a condition, and behind a constant": `
const strict = z.strictObject({ book_id: z.uuid() });
const loose = z.object({ book_id: z.uuid() }); //! P-1
export const a = define("library.book.a", flag ? strict : loose);
const chosen = flag ? strict : z.looseObject({ id: z.uuid() }); //! P-1
export const b = define("library.book.b", chosen);
export const c = define("library.book.c", flag ? strict : z.strictObject({ id: z.uuid() }));`,
  "given by a function with two ends, or by a table": `
const strict = z.strictObject({ book_id: z.uuid() });
function payload(isNew: boolean) {
  if (isNew) return strict;
  return z.strictObject({ email: z.string() }); //! P-2
}
export const a = define("library.book.a", payload(flag));
const table = { one: strict, two: z.strictObject({ password: z.string() }) }; //! P-3
export const b = define("library.book.b", table[name]);
export const c = define("library.book.c", { one: strict, two: strict }[name]);`,
  "a default, and what a list is gone through with": `
const strict = z.strictObject({ book_id: z.uuid() });
export const a = define("library.book.a", other ?? z.strictObject({ stripe_customer_id: z.string() })); //! P-4
export const all = [strict, z.object({ id: z.uuid() })].map((one) => define("library.book.b", one) ); //! P-1
export const b = define("library.book.c", other ?? strict);`,
};

const head = `import { defineEvent } from "@brain/schemas";
import * as z from "zod";
declare const flag: boolean, name: "one" | "two", other: z.ZodType | undefined;`;

test.each(Object.entries(forms))("%s", (_, lines) => {
  const written = lines
    .trim()
    .replace(
      /define\("([^"]+)", (.*)\)( \))?;/g,
      'defineEvent("$1", { version: 1, module: "shelf", payload: $2 })$3;',
    );
  const { found, expected } = judge("P-1 P-2 P-3 P-4", `${head}\n${written}`);
  expect(found).toEqual(expected);
});

test("a field of which nobody can tell what it is, is not told", () => {
  const { found, expected } = judge(
    "P-1 P-5",
    `
import { defineEvent } from "@brain/schemas";
import * as z from "zod";
const base = { version: 1, module: "shelf" } as const;
const chosen = isLong ? z.int().describe("x") : z.string().max(3).describe("y");
export const a = defineEvent("library.book.bent", { ...base, payload: z.strictObject({ size: chosen }) });
export const b = defineEvent("library.book.sent", { ...base, payload: z.strictObject({ size: made() }) });
export const c = defineEvent("library.book.torn", { ...base, payload: z.strictObject({ size: made(), all: z.any() }) }); //! P-5`,
  );
  expect(found).toEqual(expected);
});
