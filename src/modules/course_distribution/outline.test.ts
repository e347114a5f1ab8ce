import { expect, test } from "vitest";
import { type OutlineCounts, projectOutline } from "./outline.ts";

const first = "a0000000-0000-4000-8000-000000000001";
const second = "a0000000-0000-4000-8000-000000000002";
const lesson = (moduleId: string | null, lessonIndex: number) => ({
  moduleId,
  lessonIndex,
  lessonTitle: `Lesson ${lessonIndex}`,
});
const lessons = [lesson(second, 3), lesson(first, 2), lesson(first, 1)];
const counts = (modulesCount: number, totalLessons: number): OutlineCounts => ({
  modulesCount,
  totalLessons,
  modules: null,
  totalDurationMinutes: null,
});
const facts: OutlineCounts = {
  ...counts(2, 3),
  modules: [first, second].map((module_id, index) => ({
    module_id,
    title: `Part ${index + 1}`,
    lessons_count: 2 - index,
    duration_minutes: 40 - 20 * index,
    lessons: [{ lesson_id: module_id, title: `Start of ${index + 1}`, duration_minutes: 20 }],
  })),
  totalDurationMinutes: 60,
};

test("what the event tells of modules is what is shown: titles, lessons and durations", () => {
  expect(projectOutline(facts, lessons, null, "en")).toEqual({
    modules: [
      {
        module_id: first,
        title: "Part 1",
        description: null,
        chapter_count: 2,
        estimated_duration_minutes: 40,
        lessons: [{ title: "Start of 1", estimated_duration_minutes: 20 }],
      },
      expect.objectContaining({ module_id: second, title: "Part 2", chapter_count: 1 }),
    ],
    total_chapters: 3,
    total_duration_minutes: 60,
  });
});

test("a variant that keeps some modules sums those up", () => {
  expect(projectOutline(facts, [], [second], "en")).toMatchObject({
    modules: [{ module_id: second }],
    total_chapters: 1,
    total_duration_minutes: 20,
  });
});

test("modules stand in the order of their lessons, then those that are only planned", () => {
  const { modules } = projectOutline(counts(4, 12), lessons, null, "en");
  expect(modules.map(({ module_id, title, chapter_count }) => [module_id, title, chapter_count])).toEqual([
    [first, "Module 1", 2],
    [second, "Module 2", 1],
    [null, "Module 3", 0],
    [null, "Module 4", 0],
  ]);
  expect(modules[0]?.lessons.map(({ title }) => title)).toEqual(["Lesson 1", "Lesson 2"]);
});

test.each([
  ["de", "Modul 1"],
  ["fr-CA", "Module 1"],
  ["es", "Módulo 1"],
  ["it", "Module 1"],
])("a module without a title is called in the language of the entry (%s)", (language, title) => {
  expect(projectOutline(counts(1, 1), [], null, language).modules[0]?.title).toBe(title);
});

test("what no event tells is null and not invented", () => {
  const { modules, total_duration_minutes } = projectOutline(counts(1, 1), [], null, "en");
  expect(modules[0]).toMatchObject({ description: null, estimated_duration_minutes: null });
  expect(total_duration_minutes).toBeNull();
});

test("the planned lessons are the chapters, unless more are announced", () => {
  expect(projectOutline(counts(4, 12), lessons, null, "en").total_chapters).toBe(12);
  expect(projectOutline(counts(4, 2), lessons, null, "en").total_chapters).toBe(3);
  expect(projectOutline(null, [], null, "en").total_chapters).toBe(0);
});

test("without an announced outline the modules are those of the lessons", () => {
  expect(projectOutline(null, lessons, null, "en").modules).toHaveLength(2);
  expect(projectOutline(null, [lesson(null, 1)], null, "en").modules).toEqual([]);
});
