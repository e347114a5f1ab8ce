import { forbiddenValue } from "@brain/schemas";
import fc from "fast-check";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { literalOf, withConstants } from "../literals.ts";
import { createFakes, type Json } from "./fakes.ts";

/** The value of a constant, by running the file as JavaScript. */
function valueIn(text: string, name: string): unknown {
  const { outputText, diagnostics } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2024, module: ts.ModuleKind.ESNext },
  });
  expect(diagnostics).toEqual([]);
  return new Function(`${outputText.replaceAll("export ", "")}\nreturn ${name};`)();
}

describe("a value in a written file", () => {
  const template = "const payload = {};\nconst fields = {};\n";

  test("is the same value, whatever stands in it, and the file can be read", () => {
    const hostile = fc.constantFrom(
      "*/",
      "`$" + "{1}`",
      '";process.exit()//',
      "</script>",
      "\u2028",
      "__proto__",
      "\ud800",
    );
    const text = fc.oneof(fc.string({ unit: "binary" }), hostile);
    const json = fc.jsonValue({ stringUnit: "binary" });
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(json, text)), json, (fields, payload) => {
        const written = withConstants("a.ts", template, { payload, fields });
        // As JSON says it: what has no JSON cannot come from there.
        expect(JSON.stringify(valueIn(written, "payload"))).toBe(JSON.stringify(payload));
        expect(JSON.stringify(valueIn(written, "fields"))).toBe(JSON.stringify(fields));
      }),
      { numRuns: 50 },
    );
  });

  test("keeps a property that is called __proto__", () => {
    const value = JSON.parse('{"a":{"__proto__":{"x":1}}}');
    expect(JSON.stringify(valueIn(`const v = ${literalOf(value)};`, "v"))).toBe(JSON.stringify(value));
  });
});

describe("fakes", () => {
  const fake = (value: Json, ...personal: string[]) => createFakes(new Set(personal)).payload(value);

  test("stand for what the charter's rules find, in texts, keys and numbers, and for marked fields", () => {
    const given = {
      note: "write to anna@example.org or call +49 30 1234567",
      card: 5500005555555559,
      people: { "otto@example.org": 1 },
      reason: "Anna asked for it",
      quantity: 3,
    };
    const made = JSON.stringify(fake(given, "reason"));
    for (const planted of ["anna", "Anna", "30 1234567", "5500005555555559", "otto"])
      expect(made).not.toContain(planted);
    expect(JSON.parse(made)).toMatchObject({
      quantity: 3,
      note: expect.stringMatching(/^write to \w{4}@\w{7}\.\w{3} or call \+\d\d \d\d \d{7}$/),
    });
  });

  test("are the same for the same text, and others for others", () => {
    const made = fake(["a@b.de", "a@b.de", "c@d.de"]) as string[];
    expect(made[0]).toBe(made[1]);
    expect(new Set(made).size).toBe(2);
  });

  test("leave nothing behind unusual characters", () => {
    const hidden = "an\u200bna@exam\u200bple.org";
    expect(forbiddenValue(hidden)).not.toBeNull();
    expect(JSON.stringify(fake({ hidden }))).not.toMatch(/an.?na@|exam.?ple/);
  });

  test("stand in the message that quotes them, too", () => {
    const fakes = createFakes(new Set(["name"]));
    const made = fakes.payload({ name: "Anna Schmidt", id: "x-1" }) as { name: string };
    expect(fakes.text('There is no "Anna Schmidt" (x-1).')).toBe(`There is no "${made.name}" (x-1).`);
  });

  test("without them a payload stays as it is", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).match(/[@\d]/));
        expect(JSON.stringify(fake(value as Json))).toBe(JSON.stringify(value));
      }),
    );
  });
});
