import { describe, expect, test } from "vitest";
import { generationRequest } from "../content/model.ts";
import { templateGenerator } from "../content/template-generator.ts";
import { type Override, override } from "./override.ts";
import { renderCourse } from "./render.ts";

const courseId = "7b1d3f50-2c6e-4a8b-9f10-1234567890ab";
const unknown = "00000000-0000-4000-8000-000000000000";
const request = generationRequest.parse({
  tenant_id: "t",
  title: "Zeit gut einteilen",
  description: "Wie man den Tag plant.",
  language: "de",
  target_audiences: ["parents"],
});
const { outline } = await templateGenerator.outline(
  { course_id: courseId, request, created_at: "2026-11-21T08:00:00.000Z" },
  null,
);
const moduleId = outline.modules[0]?.module_id ?? "";
const lessonId = outline.modules[0]?.lessons[0]?.lesson_id ?? "";
const source = { course_id: courseId, version: "1.0.0", outline, texts: { [lessonId]: "# Erster Text" } };

function render(...overrides: readonly unknown[]) {
  const parsed: Override[] = overrides.map((item) => override.parse(item));
  return renderCourse(source, { pack_id: "pack_0123456789abcdef", language: "en", overrides: parsed });
}

describe("a rendered course", () => {
  test("without a pack is the stored course with its texts", () => {
    const { course, applied_overrides, skipped_overrides } = renderCourse(source, null);
    expect(course).toMatchObject({
      course_id: courseId,
      title: "Zeit gut einteilen",
      language: "de",
      version: "1.0.0",
      total_lessons: outline.total_lessons,
      total_estimated_duration_minutes: outline.total_estimated_duration_minutes,
    });
    const lessons = course.modules.flatMap((part) => part.lessons);
    expect(lessons.map((lesson) => lesson.content_markdown)).toEqual([
      "# Erster Text",
      ...Array.from({ length: 11 }, () => null),
    ]);
    expect([applied_overrides, skipped_overrides]).toEqual([[], []]);
  });

  test("takes titles and descriptions for course, module and chapter", () => {
    const { course, applied_overrides } = render(
      { operation: "override_title", target_id: courseId, value: "Zeit für Eltern" },
      { operation: "override_description", target_id: courseId, value: "Für Eltern." },
      { operation: "override_title", target_id: moduleId, value: "Modul" },
      { operation: "override_description", target_id: lessonId, value: "Kapitel" },
    );
    expect(course).toMatchObject({ title: "Zeit für Eltern", description: "Für Eltern.", language: "en" });
    expect(course.modules[0]).toMatchObject({ title: "Modul" });
    expect(course.modules[0]?.lessons[0]).toMatchObject({ description: "Kapitel" });
    expect(course.modules[1]?.title).toBe(outline.modules[1]?.title);
    expect(applied_overrides.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  });

  test("takes a text for a chapter, also for one that was only planned", () => {
    const planned = outline.modules[3]?.lessons[2]?.lesson_id ?? "";
    const { course } = render({ operation: "replace_text", target_id: planned, value: "Neuer Text" });
    expect(course.modules[3]?.lessons[2]).toMatchObject({ content_markdown: "Neuer Text", status: "full" });
    expect(course.modules[0]?.lessons[0]?.content_markdown).toBe("# Erster Text");
  });

  test("takes the later one of two overrides of one thing", () => {
    const { course, applied_overrides } = render(
      { operation: "override_title", target_id: courseId, value: "Erster" },
      { operation: "override_title", target_id: courseId, value: "Zweiter" },
    );
    expect(course.title).toBe("Zweiter");
    expect(applied_overrides).toHaveLength(2);
  });

  test("takes modules after the one that is named, or at the end, with ids that stay the same", () => {
    const value = {
      title: "Zusatz",
      description: "Mehr dazu.",
      lessons: [
        { title: "Eins", description: "Mit Text.", content_markdown: "Text" },
        { title: "Zwei", description: "Ohne Text.", estimated_duration_minutes: 10 },
      ],
    };
    const overrides = [
      { operation: "append_module", target_id: moduleId, value },
      { operation: "append_module", target_id: courseId, value },
    ];
    const { course } = render(...overrides);
    expect(course.modules.map((part) => part.title)).toEqual([
      outline.modules[0]?.title,
      "Zusatz",
      ...outline.modules.slice(1).map((part) => part.title),
      "Zusatz",
    ]);
    expect(course.modules.map((part) => part.order_index)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(course.total_lessons).toBe(outline.total_lessons + 4);
    expect(course.total_estimated_duration_minutes).toBe(outline.total_estimated_duration_minutes + 60);
    expect(course.modules[1]?.lessons).toMatchObject([
      { title: "Eins", status: "full", content_markdown: "Text", order_index: 0 },
      { title: "Zwei", status: "placeholder", content_markdown: null, order_index: 1 },
    ]);
    const ids = course.modules.flatMap((part) => [part.module_id, ...part.lessons.map((l) => l.lesson_id)]);
    expect(new Set(ids).size).toBe(ids.length);
    expect(render(...overrides).course).toEqual(course);
  });

  test("skips what the course does not have, and says why, without losing the rest", () => {
    const { course, applied_overrides, skipped_overrides } = render(
      { operation: "override_title", target_id: unknown, value: "Nirgends" },
      { operation: "replace_text", target_id: moduleId, value: "Ein Modul hat keinen Text" },
      { operation: "override_title", target_id: courseId, value: "Trotzdem" },
    );
    expect(course.title).toBe("Trotzdem");
    expect(applied_overrides).toEqual([{ index: 2, operation: "override_title", target_id: courseId }]);
    expect(skipped_overrides).toMatchObject([
      { index: 0, reason: expect.stringContaining(unknown) },
      { index: 1, reason: expect.stringContaining("needs the id of a chapter") },
    ]);
  });

  test("leaves the stored course as it is", () => {
    const before = structuredClone(source);
    render(
      { operation: "override_title", target_id: courseId, value: "Anders" },
      { operation: "replace_text", target_id: lessonId, value: "Anders" },
      {
        operation: "append_module",
        target_id: courseId,
        value: { title: "M", description: "D", lessons: [{ title: "L", description: "D" }] },
      },
    );
    expect(source).toEqual(before);
  });
});

describe("an override", () => {
  const valid = { operation: "override_title", target_id: lessonId, value: "Titel" };

  test.each([
    ["an unknown operation", { ...valid, operation: "delete_module" }],
    ["an unknown field", { ...valid, why: "x" }],
    ["a target that is no id", { ...valid, target_id: "1" }],
    ["an empty value", { ...valid, value: " " }],
    ["a value that is too long", { ...valid, value: "x".repeat(201) }],
    ["control characters", { ...valid, value: "a\u0000b" }],
    ["half a surrogate pair", { ...valid, operation: "replace_text", value: "\ud800" }],
    ["text where a module is expected", { ...valid, operation: "append_module" }],
    [
      "a module without chapters",
      {
        ...valid,
        operation: "append_module",
        value: { title: "M", description: "D", lessons: [] },
      },
    ],
  ])("with %s is refused", (_, item) => {
    expect(override.safeParse(valid).success).toBe(true);
    expect(override.safeParse(item).success).toBe(false);
  });
});
