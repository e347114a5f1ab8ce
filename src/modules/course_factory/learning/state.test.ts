import { ConflictError, ForbiddenError, NotFoundError, ValidationError } from "@brain/engine";
import { describe, expect, test } from "vitest";
import { generationRequest } from "../content/model.ts";
import { templateGenerator } from "../content/template-generator.ts";
import {
  assertAllChaptersDone,
  assertEnrollable,
  assertMayAct,
  completionText,
  isNews,
  missingChapters,
  type ProgressEntry,
  percentageOf,
  targetOf,
  withReport,
} from "./state.ts";

const request = generationRequest.parse({
  tenant_id: "t",
  title: "Zeit gut einteilen",
  description: "x",
  language: "de",
  target_audiences: ["parents"],
});
const brief = {
  course_id: "7b1d3f50-2c6e-4a8b-9f10-1234567890ab",
  request,
  created_at: "2026-11-21T08:00:00.000Z",
};
/** Four modules of three lessons. */
const { outline } = await templateGenerator.outline(brief, null);
const [first, second] = outline.modules;
if (first === undefined || second === undefined) throw new Error("the outline of the test has modules");
const chapterIds = outline.modules.flatMap((part) => part.lessons.map((lesson) => lesson.lesson_id));
const chapter = (index: number): string => chapterIds[index] ?? "";

/** Given what was reported before, the knowledge that follows from it. */
function given(...reports: readonly (readonly ["chapter" | "module", string, "started" | "completed"])[]) {
  return reports.reduce<readonly ProgressEntry[]>(
    (known, [kind, id, status]) =>
      withReport(
        known,
        targetOf(outline, kind === "chapter" ? { chapter_id: id } : { module_id: id }),
        status,
      ),
    [],
  );
}

describe("enrolling", () => {
  const course = { course_id: "c", status: "completed", workflow_state: "draft" };

  test.each(["draft", "review", "publish_ready", "published"])(
    "is possible in a course that is %s",
    (state) => {
      expect(() => assertEnrollable({ ...course, workflow_state: state })).not.toThrow();
    },
  );

  test.each([
    [{ status: "generating" }, /generation is "generating"/],
    [{ status: "failed" }, /generation is "failed"/],
    [{ workflow_state: "archived" }, /archived/],
  ])("is refused for %j", (change, message) => {
    expect(() => assertEnrollable({ ...course, ...change })).toThrow(ConflictError);
    expect(() => assertEnrollable({ ...course, ...change })).toThrow(message);
  });
});

describe("acting for an enrolment", () => {
  test.each([
    ["the enrolled actor", "anna", ["anna", "anna"]],
    ["the holder of the key who names nobody", "anna", [null, null]],
    ["nobody named, for an anonymous enrolment", null, [null]],
  ] as const)("is allowed to %s", (_, enrolled, named) => {
    expect(() => assertMayAct(enrolled, named)).not.toThrow();
  });

  test.each([
    ["another actor", "anna", ["bert"]],
    ["another actor behind the right name", "anna", ["anna", "bert"]],
    ["a named actor, for an anonymous enrolment", null, ["bert"]],
  ] as const)("is refused to %s", (_, enrolled, named) => {
    expect(() => assertMayAct(enrolled, named)).toThrow(ForbiddenError);
  });
});

describe("a report", () => {
  test("is about the chapter when both ids are given, and knows its module", () => {
    const target = targetOf(outline, { chapter_id: chapter(0), module_id: first.module_id });
    expect(target).toEqual({ kind: "chapter", id: chapter(0), moduleId: first.module_id });
    expect(targetOf(outline, { module_id: second.module_id })).toMatchObject({ kind: "module" });
  });

  test("about nothing, about a chapter in the wrong module, or about what the course does not have is refused", () => {
    expect(() => targetOf(outline, {})).toThrow(ValidationError);
    expect(() => targetOf(outline, { chapter_id: chapter(0), module_id: second.module_id })).toThrow(
      ValidationError,
    );
    expect(() => targetOf(outline, { chapter_id: first.module_id })).toThrow(NotFoundError);
    expect(() => targetOf(outline, { module_id: chapter(0) })).toThrow(NotFoundError);
  });

  test.each([
    ["nothing known", [], "started", true],
    ["nothing known", [], "completed", true],
    ["started", [["chapter", chapter(0), "started"]], "started", false],
    ["started", [["chapter", chapter(0), "started"]], "completed", true],
    ["completed", [["chapter", chapter(0), "completed"]], "completed", false],
    ["completed", [["chapter", chapter(0), "completed"]], "started", false],
    ["another chapter completed", [["chapter", chapter(1), "completed"]], "started", true],
  ] as const)("given %s (%j), that it is %s is news: %s", (_, reports, status, news) => {
    const known = given(...reports);
    expect(isNews(known, targetOf(outline, { chapter_id: chapter(0) }), status)).toBe(news);
  });

  test("never takes a completion back", () => {
    const known = given(["chapter", chapter(0), "completed"], ["chapter", chapter(0), "started"]);
    expect(known).toEqual([{ kind: "chapter", target_id: chapter(0), status: "completed" }]);
  });
});

describe("the percentage", () => {
  test("is measured against the whole course, not against what was begun", () => {
    expect(percentageOf(outline, [])).toBe(0);
    expect(percentageOf(outline, given(["chapter", chapter(0), "completed"]))).toBe(8.33);
    expect(percentageOf(outline, given(["chapter", chapter(0), "started"]))).toBe(0);
  });

  test("counts the chapters of a completed module, each once", () => {
    const module = given(["module", first.module_id, "completed"]);
    expect(percentageOf(outline, module)).toBe(25);
    const both = given(["chapter", chapter(0), "completed"], ["module", first.module_id, "completed"]);
    expect(percentageOf(outline, both)).toBe(25);
    expect(percentageOf(outline, given(["module", first.module_id, "started"]))).toBe(0);
  });

  test("is 100 when all is done in any way, and never above", () => {
    const modules = outline.modules.map((part) => ["module", part.module_id, "completed"] as const);
    const chapters = chapterIds.map((id) => ["chapter", id, "completed"] as const);
    expect(percentageOf(outline, given(...modules))).toBe(100);
    expect(percentageOf(outline, given(...chapters))).toBe(100);
    expect(percentageOf(outline, given(...modules, ...chapters))).toBe(100);
    expect(percentageOf(outline, given(...chapters.slice(1)))).toBe(91.67);
  });

  test("does not count what the outline does not have", () => {
    const foreign = { kind: "chapter", target_id: "gone", status: "completed" } as const;
    expect(percentageOf(outline, [foreign])).toBe(0);
  });
});

describe("completing", () => {
  test("given all chapters, is possible", () => {
    const known = given(...outline.modules.map((part) => ["module", part.module_id, "completed"] as const));
    expect(() => assertAllChaptersDone(outline, known)).not.toThrow();
  });

  test("given a missing chapter, is refused and names it", () => {
    const known = given(...chapterIds.slice(1).map((id) => ["chapter", id, "completed"] as const));
    expect(missingChapters(outline, known)).toEqual([chapter(0)]);
    const refused = (() => {
      try {
        assertAllChaptersDone(outline, known);
        return null;
      } catch (error) {
        return error as ConflictError;
      }
    })();
    expect(refused).toBeInstanceOf(ConflictError);
    expect(refused?.extra).toEqual({ missing_chapters: [chapter(0)], completion_percentage: 91.67 });
  });

  test("hashes course, learner, time and version", () => {
    const text = completionText({
      courseId: "c",
      learner: "anna",
      completedAt: 1_763_700_000,
      version: "1.0.0",
    });
    expect(text).toBe("c:anna:1763700000:1.0.0");
  });
});
