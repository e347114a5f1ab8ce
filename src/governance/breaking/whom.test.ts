import { createCatalog, defineEvent } from "@brain/schemas";
import { expect, test } from "vitest";
import * as z from "zod";
import type { PayloadReads } from "../tree/product/payload-reads.ts";
import { describeCatalogue } from "./catalogue.ts";
import type { Break } from "./decide.ts";
import { readersOf, readersText } from "./whom.ts";

const bookLent = defineEvent("library.book.lent", {
  version: 1,
  module: "library",
  criticality: "INFO",
  when: "A book was lent",
  payload: z.strictObject({ days: z.int().min(1).max(60) }),
  consumers: ["reminders", "analytics"],
  outside: ["shop"],
});
const { events } = describeCatalogue(createCatalog([bookLent]), { product: "p", release: "1", golden: {} });

const found: Break = {
  rule: "FIELD_REMOVED",
  severity: "error",
  type: "library.book.lent",
  version: 1,
  path: ["days"],
  was: "integer",
  is: "(gone)",
  hurts: ["readers"],
  shown: "",
};
const handler = (consumer: string, field: string): PayloadReads => ({
  consumer,
  type: "library.book.lent",
  file: `src/${consumer}.ts`,
  line: 1,
  fields: new Map([[field, { file: `src/${consumer}.ts`, line: 7 }]]),
  everything: null,
});

test("who reads the field comes first, then who handles the event, who was seen, and who is outside", () => {
  const before = events["library.book.lent"];
  if (before === undefined) throw new Error("The event is there.");
  const code = [handler("labels", "book_id"), handler("reminders", "days")];
  const observed = new Map([["library.book.lent", ["reminders", "invoices"]]]);
  expect(readersText(readersOf(found, before, code, observed))).toBe(
    "reminders (src/reminders.ts:7), labels, analytics, invoices (seen handling it); outside: shop",
  );
  const nobody = { ...before, consumers: [], outside: [] };
  expect(readersText(readersOf(found, nobody, [], new Map()))).toBe("nobody here who is known");
});
