import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elementTexts, findTextFaults, maxTextDepth, readJson, type ScanOptions } from "./read-json.ts";

const faultsOf = (text: string, integers: ScanOptions["integers"]) =>
  findTextFaults(text, JSON.parse(text), { integers });

const reasonsOf = (text: string) => {
  const read = readJson(text);
  return read.ok ? [] : read.faults.map(({ reason, path }) => `${reason} ${path}`);
};

/** A member list keeps duplicates, which an object cannot. */
type Tree = { readonly members: readonly (readonly [string, Tree])[] } | readonly Tree[] | string | number;

const blanks = fc.stringMatching(/^[ \n\r\t]{0,3}$/);
const names = fc.oneof(
  fc.constantFrom("a", "b", "c", 'q"', "\\", "é", "constructor"),
  fc.string({ unit: "binary" }),
);
const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: "small" },
    fc.string({ unit: "binary" }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.record({ members: fc.array(fc.tuple(names, tie("tree")), { maxLength: 4 }) }),
  ),
}));

function textOf(node: Tree, blank: string): string {
  if (typeof node !== "object") return JSON.stringify(node);
  if ("members" in node) {
    const members = node.members.map(
      ([name, value]) => `${blank}${JSON.stringify(name)}${blank}:${blank}${textOf(value, blank)}${blank}`,
    );
    return `{${members.join(",")}}`;
  }
  return `[${node.map((item) => `${blank}${textOf(item, blank)}${blank}`).join(",")}]`;
}

function duplicatesIn(node: Tree): number {
  if (typeof node !== "object") return 0;
  if (!("members" in node)) return node.reduce<number>((sum, item) => sum + duplicatesIn(item), 0);
  const own = node.members.length - new Set(node.members.map(([name]) => name)).size;
  return node.members.reduce((sum, [, value]) => sum + duplicatesIn(value), own);
}

describe("JSON text from outside", () => {
  test("is read as JSON.parse reads it, when no key stands twice", () => {
    fc.assert(
      fc.property(tree, blanks, (node, blank) => {
        const text = textOf(node, blank);
        const faults = faultsOf(text, "exact");
        const duplicates = faults.filter(({ reason }) => reason === "duplicate_key").length;
        if (faults.length < 20) expect(duplicates).toBe(duplicatesIn(node));
        // Numbers that JSON.stringify wrote change only where they are whole and beyond 2^53.
        expect(faultsOf(text, "lossy").map(({ reason }) => reason)).not.toContain("unsafe_number");
        const read = readJson(text);
        if (read.ok) expect(read.value).toEqual(JSON.parse(text));
        else expect(read.faults).toEqual(faults);
      }),
      { numRuns: 2_000 },
    );
  });

  test("that JSON.parse refuses is refused, whatever it is", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[],:"\\01-+.eE truefalsn\u0000') }), (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        const read = readJson(text);
        if (!isJson) expect(reasonsOf(text)).toEqual(["invalid_json "]);
        else if (read.ok) expect(read.value).toEqual(JSON.parse(text));
      }),
      { numRuns: 5_000 },
    );
  });

  test("that is no JSON is told with the place, and is not repeated", () => {
    const read = readJson('{"secret": "hunter2", }');
    expect(read).toMatchObject({ ok: false, faults: [{ message: expect.stringContaining("character 22") }] });
    expect(JSON.stringify(read)).not.toContain("hunter2");
    expect(readJson(" \n ")).toMatchObject({ faults: [{ message: "the text is empty" }] });
  });

  test.each([
    ['{"a":1,"a":1}', ["duplicate_key a"]],
    ['{"a":1,"\\u0061":2}', ["duplicate_key a"]],
    ['{"x":[0,{"b":{"c":1,"d":2,"c":3}}]}', ["duplicate_key x.1.b.c"]],
    ['{"a":{"b":1},"b":{"a":1}}', []],
    ['[{"a":1},{"a":1}]', []],
    ['{"a":"\\"a\\":1","b":"{\\"b\\":"}', []],
  ])("a key that stands twice in its object: %s", (text, expected) => {
    expect(reasonsOf(text)).toEqual(expected);
  });

  test.each([
    ['{"__proto__":{"x":1}}', ["forbidden_key __proto__"]],
    ['{"a":[{"\\u005f_proto__":1}]}', ["forbidden_key a.0.__proto__"]],
    ['{"constructor":{"prototype":{}}}', ["forbidden_key constructor.prototype"]],
    ['{"constructor":"McLaren","prototype":true,"a":"__proto__"}', []],
    ['{"constructor":[{"prototype":1}]}', []],
  ])("a member that reaches a prototype: %s", (text, expected) => {
    expect(reasonsOf(text)).toEqual(expected);
  });

  test.each([
    "9007199254740992",
    "9007199254740993",
    "-9007199254740993",
    "9223372036854775807",
    "18446744073709551616",
    "100000000000000000000",
    "1e400",
    "-1E999",
    "1e-400",
    "9007199254740993.0",
    "9007199254740993e0",
    "90071992547409930e-1",
    "123456789012345678.5",
    "100.00000000000000001",
  ])("a number that changes in a double: %s", (number) => {
    expect(reasonsOf(`{"n":[0,${number}]}`)).toEqual(["unsafe_number n.1"]);
    expect(reasonsOf(number)).toEqual(["unsafe_number "]);
  });

  test.each([
    "0",
    "-0",
    "0.1",
    "9007199254740991",
    "-9007199254740991",
    "1e20",
    "6.02214076e23",
    "1.7976931348623157e308",
    "5e-324",
    "0.10000000000000001",
    "0.12345678901234567890",
    "1.0000000000000000000",
    "1000000000000000.0",
    "0.000000000000000000000000",
    "0e-999",
    "1763700000.123456",
  ])("a number that a double holds as well as any: %s", (number) => {
    expect(reasonsOf(`[${number}]`)).toEqual([]);
  });

  test("a whole number that a double happens to hold is refused all the same, but not called lost", () => {
    expect(faultsOf("9007199254740994", "exact")).toHaveLength(1);
    expect(faultsOf("9007199254740994", "lossy")).toEqual([]);
    expect(faultsOf("9007199254740993", "lossy")).toHaveLength(1);
  });

  test.each([
    ['{"t":"a\\u0000b"}', ["unstorable_text t"]],
    ['["x","\\ud800"]', ["unstorable_text 1"]],
    ['["\\udc00\\ud800"]', ["unstorable_text 0"]],
    ['["\ud800"]', ["unstorable_text 0"]],
    ['{"o":{"\\u0000":1}}', ["unstorable_text o"]],
    ['["\\\\u0000","\\ud83d\\ude00","\\\\\\\\ud800"]', []],
  ])("text that Postgres cannot hold: %s", (text, expected) => {
    expect(reasonsOf(text)).toEqual(expected);
  });

  test("depth is bounded, and no depth ends the program", () => {
    const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;
    expect(readJson(nested(maxTextDepth)).ok).toBe(true);
    expect(reasonsOf(nested(maxTextDepth + 1))).toEqual([expect.stringMatching(/^too_deep 0\.0\./)]);
    expect(reasonsOf(nested(500_000))[0]?.length).toBeLessThan(300);
  });

  test("at most twenty faults are told, and none repeats a long or private key", () => {
    expect(reasonsOf(`[${"1e999,".repeat(1_000)}0]`)).toHaveLength(20);
    const key = "anna@example.org";
    expect(reasonsOf(`{"${key}":1,"${key}":1,"${"k".repeat(99)}":1e999}`)).toEqual([
      "duplicate_key (a key)",
      "unsafe_number (a key)",
    ]);
  });

  test("a string of backslashes is read in one go", () => {
    const text = JSON.stringify({ a: `${"\\".repeat(300_000)}"`, b: "\\" });
    const began = performance.now();
    expect(readJson(text).ok).toBe(true);
    // Quadratic time would be minutes.
    expect(performance.now() - began).toBeLessThan(20_000);
  });
});

describe("the elements of an array", () => {
  test("are the text as it was, each on one line", () => {
    expect(elementTexts(' [ {"n":9007199254740993,\n "n":1}, "a,]", [1,[2]] , 3 ] ')).toEqual([
      '{"n":9007199254740993,  "n":1}',
      '"a,]"',
      "[1,[2]]",
      "3",
    ]);
    expect(elementTexts("[]")).toEqual([]);
    expect(elementTexts('{"a":[1]}')).toBeNull();
    expect(elementTexts("[1")).toBeNull();
  });

  test("are what JSON.parse makes of the array", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 1, 2), (list, indent) => {
        const texts = elementTexts(JSON.stringify(list, null, indent));
        expect(texts?.map((text) => JSON.parse(text))).toEqual(JSON.parse(JSON.stringify(list)));
      }),
    );
  });
});
