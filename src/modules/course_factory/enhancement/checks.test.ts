import { describe, expect, test } from "vitest";
import { checkEnhancement, structureOf } from "./checks.ts";

const lesson = [
  "# Title",
  "",
  "Some text that says something about it.",
  "",
  "- one",
  "- two",
  "",
  "1. first",
  "",
  "```",
  "# no heading",
  "- no list",
  "```",
  "",
].join("\n");

describe("the structure of a text", () => {
  test("counts headings, list lines and code blocks, but nothing inside of code", () => {
    expect(structureOf(lesson)).toEqual({ headings: 1, listLines: 3, codeBlocks: 1 });
    expect(structureOf("**bold** start\n*emphasis* start\n#hashtag\n-dash\n1.2 is a number")).toEqual({
      headings: 0,
      listLines: 0,
      codeBlocks: 0,
    });
    expect(structureOf("* a\n+ b\n  - c\n12) d\n## x\n###### y\n####### z")).toEqual({
      headings: 2,
      listLines: 4,
      codeBlocks: 0,
    });
  });

  test("ends a code block only at a fence of its own kind", () => {
    expect(structureOf("````\n```\n# in code\n````\n# heading")).toMatchObject({
      headings: 1,
      codeBlocks: 1,
    });
    expect(structureOf("~~~\n```\n~~~\n# heading")).toMatchObject({ headings: 1, codeBlocks: 1 });
  });
});

describe("the check of an enhancement", () => {
  test("given a paragraph more, finds nothing", () => {
    expect(checkEnhancement(lesson, `${lesson}\nA little more.\n`)).toEqual([]);
  });

  test("given a text half as long again, finds nothing, and given one character more, refuses it", () => {
    const base = "x".repeat(100);
    expect(checkEnhancement(base, "x".repeat(150))).toEqual([]);
    expect(checkEnhancement(base, "x".repeat(151))).toEqual([expect.stringContaining("grew by 51 %")]);
    expect(checkEnhancement(base, "x".repeat(10))).toEqual([]);
  });

  test.each([
    ["a heading", "\n## New\n", "headings changed from 1 to 2"],
    ["a list line", "\n- new\n", "list lines changed from 3 to 4"],
    ["a code block", "\n```\nx\n```\n", "code blocks changed from 1 to 2"],
  ])("given %s more, names what changed", (_what, addition, message) => {
    const long = `${lesson}\n${"Long text. ".repeat(20)}`;
    expect(checkEnhancement(long, long + addition)).toEqual([expect.stringContaining(message)]);
  });

  test("given a fence that is never closed, sees that the headings behind it are gone", () => {
    const base = `intro\n\n# One\n\n${"text ".repeat(40)}\n\n# Two\n`;
    expect(checkEnhancement(base, base.replace("intro", "intro\n```"))).toHaveLength(2);
  });

  test.each(["", "  \n\t"])("given nothing but white space, says so", (empty) => {
    expect(checkEnhancement(lesson, empty)).toEqual(["The enhanced text is empty."]);
  });
});
