import {
  atMostMembers,
  createCatalog,
  defineEvent,
  type EventDefinition,
  type JsonObject,
  type Upcast,
} from "@brain/schemas";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import * as z from "zod";
import { describeCatalogue } from "./catalogue.ts";
import { compareCatalogues } from "./compare/compare.ts";
import { readCase } from "./load/read-case.ts";
import { proposeUpcast } from "./propose.ts";

type Fields = Record<string, z.ZodType>;

function moved(fields: Fields, step: Upcast | null = null): EventDefinition {
  return defineEvent("library.book.moved", {
    version: step === null ? 1 : 2,
    module: "library",
    criticality: "INFO",
    when: "A book was moved",
    payload: z.strictObject({ book_id: z.string().max(50), ...fields }),
    ...(step === null ? {} : { upcasts: { 1: step } }),
  }) as EventDefinition;
}

function proposed(before: Fields, after: Fields, golden: JsonObject = { book_id: "b" }) {
  const [was, is] = [before, after].map((fields) =>
    describeCatalogue(createCatalog([moved(fields)]), {
      product: "library",
      release: "1",
      golden: { "library.book.moved@1": golden },
    }),
  );
  const [comparison] = was === undefined || is === undefined ? [] : compareCatalogues(was, is);
  if (comparison === undefined) throw new Error("The event is in both.");
  return proposeUpcast(comparison);
}

const head = `
type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };
type JsonObject = { [key: string]: JsonValue };
type Options = { version: number; upcasts: Record<number, (payload: JsonObject) => JsonObject> };
const options: Options = {
`;

/** What the compiler says to proposed steps, by their places. All at once: its libraries weigh more than what is compiled. */
function faultsOf(codes: readonly string[]): readonly (readonly string[])[] {
  const names = codes.map((_, at) => `/proposed-${at}.ts`);
  const settings: ts.CompilerOptions = {
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    noUnusedLocals: true,
    target: ts.ScriptTarget.ES2022,
    lib: ["lib.es2022.d.ts"],
    types: [],
    noEmit: true,
  };
  const host = ts.createCompilerHost(settings);
  const read = host.getSourceFile.bind(host);
  const program = ts.createProgram(names, settings, {
    ...host,
    getSourceFile(path, ...others) {
      const code = codes[names.indexOf(path)];
      if (code === undefined) return read(path, ...others);
      return ts.createSourceFile(
        path,
        `${head}${code}};\nexport default options;\n`,
        ts.ScriptTarget.ES2022,
        true,
      );
    },
  });
  return names.map((name) =>
    program
      .getSemanticDiagnostics(program.getSourceFile(name))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, " ")),
  );
}

/** The step that the code is. */
async function stepOf(code: string): Promise<Upcast> {
  const script = ts.transpile(`${head}${code}};\nexport default options;\n`, {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ES2022,
  });
  const { default: options } = (await import(`data:text/javascript,${encodeURIComponent(script)}`)) as {
    readonly default: { readonly upcasts: Record<number, Upcast> };
  };
  const step = options.upcasts[1];
  if (step === undefined) throw new Error("The step from 1 to 2 is there.");
  return step;
}

const count = z.int().min(0).max(99);
const place = (fields: Fields) => z.strictObject({ floor: count, ...fields });
const few = atMostMembers(9);

/** Shape of before, shape of now, a payload of before, what it becomes. */
type Row = readonly [name: string, before: Fields, after: Fields, golden: JsonObject, expected: JsonObject];

const rows: readonly Row[] = [
  ["a new name", { days: count }, { days_kept: count }, { days: 3 }, { days_kept: 3 }],
  [
    "a new name of an optional field",
    { days: count.optional() },
    { days_kept: count.optional() },
    { days: 3 },
    { days_kept: 3 },
  ],
  [
    "a new name of an optional field that is left out",
    { days: count.optional() },
    { days_kept: count.optional() },
    {},
    {},
  ],
  [
    "a field that is gone, with another that is null",
    { days: count },
    { days: count.nullable(), shelf: z.string().max(9).nullable() },
    { days: 3 },
    { days: 3, shelf: null },
  ],
  ["a text in place of a number", { days: count }, { days: z.string().max(9) }, { days: 3 }, { days: "3" }],
  ["whole numbers", { days: z.number() }, { days: z.int() }, { days: 3.4 }, { days: 3 }],
  ["a smaller bound", { days: z.int().max(99) }, { days: z.int().max(9) }, { days: 30 }, { days: 9 }],
  [
    "a shorter text",
    { shelf: z.string().max(9) },
    { shelf: z.string().max(3) },
    { shelf: "abcdef" },
    { shelf: "abc" },
  ],
  [
    "a shorter list",
    { days: z.array(count).max(9) },
    { days: z.array(count).max(2) },
    { days: [1, 2, 3] },
    { days: [1, 2] },
  ],
  [
    "a new name of a value",
    { side: z.enum(["left", "right"]) },
    { side: z.enum(["left", "east"]) },
    { side: "right" },
    { side: "east" },
  ],
  [
    "a new name inside of an object",
    { place: place({ row: count }) },
    { place: place({ row_number: count }) },
    { place: { floor: 1, row: 2 } },
    { place: { floor: 1, row_number: 2 } },
  ],
  [
    "a new name inside of an object that may be null",
    { place: place({ row: count }).nullable() },
    { place: place({ row_number: count }).nullable() },
    { place: null },
    { place: null },
  ],
  [
    "a new name in a list of objects",
    { places: z.array(place({ row: count })).max(3) },
    { places: z.array(place({ row_number: count })).max(3) },
    { places: [{ floor: 1, row: 2 }] },
    { places: [{ floor: 1, row_number: 2 }] },
  ],
  [
    "a smaller bound in a record",
    { days: z.record(z.string().max(9), count).refine(...few) },
    { days: z.record(z.string().max(9), z.int().min(0).max(9)).refine(...few) },
    { days: { a: 30 } },
    { days: { a: 9 } },
  ],
];

const undecided: readonly (readonly [name: string, before: Fields, after: Fields, told: string])[] = [
  [
    "a new required field",
    {},
    { days: count.describe("Until it is due.") },
    "integer, ≥ 0 and ≤ 99: Until it is due.",
  ],
  [
    "a field that may be left out no longer",
    { days: count.optional() },
    { days: count },
    "integer, ≥ 0 and ≤ 99",
  ],
  ["null that is refused", { days: count.nullable() }, { days: count }, "integer, ≥ 0 and ≤ 99"],
  [
    "a value that is gone",
    { side: z.enum(["left", "right"]) },
    { side: z.enum(["left"]) },
    'in place of "right"',
  ],
  ["a shape that is gone", { side: z.union([count, z.boolean()]) }, { side: count }, "DECIDE"],
];

describe("a proposed step", () => {
  test.each(rows)(
    "for %s is whole, and reads the golden payload of before",
    async (_, before, after, part, expected) => {
      const golden = { book_id: "b", ...part };
      const { mechanical, code } = proposed(before, after, golden) ?? { mechanical: false, code: "" };
      expect(mechanical, code).toBe(true);
      const event = moved(after, await stepOf(code));
      const read = readCase(createCatalog([event]), { type: event.type, version: 1, payload: golden });
      expect(read, code).toMatchObject({ ok: true, payload: { book_id: "b", ...expected } });
      // Control: without the step the payload is refused, or is read without what it says.
      const plain = moved(after, (payload) => payload);
      const unread = readCase(createCatalog([plain]), { type: plain.type, version: 1, payload: golden });
      if (JSON.stringify(part) !== JSON.stringify(expected))
        expect(unread.payload).not.toEqual({ book_id: "b", ...expected });
    },
  );

  test.each(undecided)("for %s marks what a person has to decide", (_, before, after, told) => {
    const { mechanical, code } = proposed(before, after) ?? { mechanical: true, code: "" };
    expect([mechanical, code]).toEqual([false, expect.stringContaining(told)]);
  });

  test("compiles as it is, or when a person has decided, and not before", () => {
    const whole = rows.map(
      ([, before, after, part]) => proposed(before, after, { book_id: "b", ...part })?.code ?? "",
    );
    const open = undecided.map(([, before, after]) => proposed(before, after)?.code ?? "");
    const decided = open.map((code) => code.replaceAll("DECIDE", "1"));
    const faults = faultsOf([...whole, ...decided, ...open]);
    expect(faults.slice(0, -open.length).flat()).toEqual([]);
    for (const told of faults.slice(-open.length))
      expect(new Set(told)).toEqual(new Set(["Cannot find name 'DECIDE'."]));
  });

  test("is none for changes that hurt no stored event", () => {
    expect(proposed({ days: count }, { days: z.int().min(0).max(100) })).toBeNull();
    expect(proposed({ days: count }, {})).toBeNull();
  });
});
