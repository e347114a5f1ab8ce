import { charter, decodeEntry, redactText } from "@brain/schemas";
import { Hono } from "hono";
import { describe, expect, test } from "vitest";
import { withoutBody } from "./http/kit/routing.ts";
import { loadTexts } from "./modules/course_factory/content/texts/load.ts";
import { weave } from "./modules/course_factory/enhancement/weave.ts";
import { excerptOf } from "./modules/course_factory/webpages/sections.ts";

/*
 * Texts from outside that a regular expression tried to read in very many ways. `npm run check` finds most such
 * expressions by their form; these are what it does not see, and what stood here.
 */

/** Characters of each text: with quadratic time ten seconds and more, with linear time some milliseconds. */
const length = 262_144;
/** Between the two, ms. */
const limitMs = 5_000;

const bodyless = new Hono().post("/", withoutBody(), (c) => c.text("done"));
const post = (body: string) => bodyless.request("/", { method: "POST", body });
const entry = (payload: string) => ({
  id: "3f2b8c1e-9d4a-4e77-8b21-5a6c7d8e9f01",
  type: "task.completed",
  source: "a",
  timestamp: "2025-12-28T10:00:00Z",
  payload,
});
const headings = (await loadTexts("en")).headings;
const repeat = (text: string) => text.repeat(length / text.length);

const readings: Record<string, () => unknown> = {
  "JSON with a string that nobody ends": () => decodeEntry(charter, entry(`"${repeat('\\"')}`)),
  "a body of blanks for a route without one": () => post(`${repeat(" ")}x`),
  "what begins like a token again and again": () => redactText(repeat("-eyJ")),
  "a password of colons": () => redactText(`basic ${btoa(`${repeat(":")}\0`)}`),
  "a heading of blanks": () => {
    const blanks = repeat(" ");
    return weave(`# ${blanks}\0${blanks}\u2028\0`, { examples: "EX" }, headings);
  },
  "the end of a lesson, over and over": () => weave(`${repeat("\n")}x`, { examples: "EX" }, headings),
};

describe("takes linear time to read", () => {
  test.each(Object.keys(readings))("%s", async (name) => {
    const startedAt = performance.now();
    try {
      await readings[name]?.();
    } catch {
      // Refused; only the time counts here.
    }
    expect(performance.now() - startedAt).toBeLessThan(limitMs);
  });
});

describe("what is read stays the same", () => {
  test("a body of nothing, of blanks or of an empty object is none", async () => {
    for (const body of ["", " \n", "{}", " { \n} "]) expect((await post(body)).status, body).toBe(200);
    for (const body of ["x", "{} {}", '{"a":1}', "[]"]) expect((await post(body)).status, body).not.toBe(200);
  });

  test.each([
    ['{"a": NaN}', "non_finite_number"],
    ['{"a": "\\" \\\n NaN", b}', "invalid_json"],
    ['{"a": "no end, NaN', "invalid_json"],
  ])("%j is refused as what it is", (payload, reason) => {
    expect(decodeEntry(charter, entry(payload))).toMatchObject({ ok: false, reason });
  });

  test("tokens and passwords are found, also behind what looks like their beginning", () => {
    const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abcdefgh";
    expect(redactText(`see ${jwt} and x-eyJhbGciOiJIUzI1NiJ9 only`)).toBe(
      "see [redacted] and x-eyJhbGciOiJIUzI1NiJ9 only",
    );
    expect(redactText(`eyJhbGciOiJIUzI1NiJ9-${jwt}`)).toBe("[redacted]");
    expect(redactText(`Basic ${btoa("user:password")}`)).toBe("[redacted]");
    expect(redactText(`Basic ${btoa("no colon in here")}`)).toContain("Basic ");
  });

  test.each(["## Examples", "## Examples ##", "  ## \t Examples  #  ", "## EXAMPLES #####"])(
    "%j is the heading of the examples",
    (heading) => {
      expect(weave(`# A\n\n${heading}\n\nx\n\n## C\n\n# B\n`, { examples: "EX" }, headings)).toBe(
        `# A\n\n${heading}\n\nx\n\nEX\n\n## C\n\n# B\n`,
      );
    },
  );

  test.each(["## Examples#", "##Examples", "    ## Examples", "## Examples ## x"])("%j is none", (text) => {
    expect(weave(`# A\n\n${text}\n\nx\n\n## C\n\n# B\n`, { examples: "EX" }, headings)).toBe(
      `# A\n\n${text}\n\nx\n\n## C\n\nEX\n\n# B\n`,
    );
  });

  test("code is no part of an excerpt, whatever stands in it", () => {
    expect(excerptOf("a\n```js\n~~~\n``\n```` \nb\n~~~\nc", 200)).toBe("a b");
    expect(excerptOf("a\r\n```\r\nx\r\n```\r\nb c", 200)).toBe("a b c");
  });
});
