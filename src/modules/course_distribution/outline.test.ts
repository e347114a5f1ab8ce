import { expect, test } from "vitest";
import { projectModules, totalChapters } from "./outline.ts";

const first = "a0000000-0000-4000-8000-000000000001";
const second = "a0000000-0000-4000-8000-000000000002";
const lessons = [
  { moduleId: second, lessonIndex: 3 },
  { moduleId: first, lessonIndex: 2 },
  { moduleId: first, lessonIndex: 1 },
];

test("modules stand in the order of their lessons, then those that are only planned", () => {
  const modules = projectModules({ modulesCount: 4, totalLessons: 12 }, lessons);
  expect(modules.map(({ module_id, title, chapter_count }) => [module_id, title, chapter_count])).toEqual([
    [first, "Module 1", 2],
    [second, "Module 2", 1],
    [null, "Module 3", 0],
    [null, "Module 4", 0],
  ]);
});

test("what no event tells is null and not invented", () => {
  const [module] = projectModules({ modulesCount: 1, totalLessons: 1 }, []);
  expect(module).toMatchObject({ description: null, estimated_duration_minutes: null });
});

test("the planned lessons are the chapters, unless more are announced", () => {
  expect(totalChapters({ modulesCount: 4, totalLessons: 12 }, lessons)).toBe(12);
  expect(totalChapters({ modulesCount: 4, totalLessons: 2 }, lessons)).toBe(3);
  expect(totalChapters(null, [])).toBe(0);
});

test("without an announced outline the modules are those of the lessons", () => {
  expect(projectModules(null, lessons)).toHaveLength(2);
  expect(projectModules(null, [{ moduleId: null, lessonIndex: 1 }])).toEqual([]);
});
