import { describe, expect, test } from "vitest";
import type { CourseBrief } from "../content/generator.ts";
import { type GenerationRequest, generationRequest } from "../content/model.ts";
import { templateGenerator } from "../content/template-generator.ts";
import {
  advance,
  type LessonArtifact,
  nextStep,
  noProgress,
  outlineWithStates,
  type Progress,
  resultOf,
} from "./progress.ts";

const courseId = "6f1f9f4e-2b47-4d0c-9a5e-0d7c3f1b2a10";
const at = new Date("2026-11-21T08:00:02.500Z");
const startedAt = new Date("2026-11-21T08:00:00.000Z");

function requestWith(fields: Partial<GenerationRequest> = {}): GenerationRequest {
  return generationRequest.parse({
    tenant_id: "t",
    title: "Zeit gut einteilen",
    description: "x",
    language: "de",
    target_audiences: ["parents"],
    full_lessons_count: 2,
    dry_run: false,
    ...fields,
  });
}

function briefOf(request: GenerationRequest): CourseBrief {
  return { course_id: courseId, request, created_at: startedAt.toISOString() };
}

const text = (lessonId: string, status: LessonArtifact["status"]): LessonArtifact => ({
  lesson_id: lessonId,
  status,
  content_markdown: "x",
  word_count: 1,
  generated_at: startedAt.toISOString(),
});

async function withOutline(request: GenerationRequest): Promise<Progress> {
  const { outline } = await templateGenerator.outline(briefOf(request), null);
  return { ...noProgress, outline };
}

describe("the next step", () => {
  test("goes through outline, lessons, quiz and landing page to the end", async () => {
    const request = requestWith();
    const brief = briefOf(request);
    let progress = noProgress;
    const seen: string[] = [];
    for (let step = nextStep(request, progress); step.kind !== "finish"; step = nextStep(request, progress)) {
      seen.push(step.kind === "lesson" ? `lesson ${step.index}` : step.kind);
      if (step.kind === "outline") {
        progress = advance(progress, { kind: "outline", ...(await templateGenerator.outline(brief, null)) });
        continue;
      }
      if (progress.outline === null) throw new Error("the outline comes first");
      const { outline } = progress;
      if (step.kind === "lesson") {
        progress = advance(progress, {
          kind: "lesson",
          index: step.index,
          lesson: text(crypto.randomUUID(), "full"),
        });
      } else if (step.kind === "quiz") {
        progress = advance(progress, {
          kind: "quiz",
          quiz: await templateGenerator.quiz(brief, outline, null),
        });
      } else {
        const page = await templateGenerator.landingPage(brief, outline, null);
        progress = advance(progress, { kind: "landing_page", page, fallback: false });
      }
    }
    expect(seen).toEqual(["outline", "lesson 0", "lesson 1", "quiz", "landing_page"]);
  });

  test("is the first one that is missing, whatever came after it", async () => {
    const request = requestWith({ full_lessons_count: 3 });
    const progress = {
      ...(await withOutline(request)),
      lessons: new Map([
        [0, text("a", "full")],
        [2, text("c", "full")],
      ]),
    };
    expect(nextStep(request, progress)).toEqual({ kind: "lesson", index: 1 });
  });

  test("leaves out what the request does not want", async () => {
    const request = requestWith({
      generate_quiz: false,
      generate_landing_page: false,
      full_lessons_count: 1,
    });
    const progress = { ...(await withOutline(request)), lessons: new Map([[0, text("a", "full")]]) };
    expect(nextStep(request, progress)).toEqual({ kind: "finish" });
  });

  test("writes no lessons in a dry run", async () => {
    const request = requestWith({ dry_run: true });
    expect(nextStep(request, await withOutline(request))).toEqual({ kind: "quiz" });
  });
});

describe("the result", () => {
  test("counts only lessons that got their text and warns of the others", async () => {
    const request = requestWith();
    const progress: Progress = {
      ...(await withOutline(request)),
      lessons: new Map([
        [0, text("a", "full")],
        [1, text("b", "placeholder")],
      ]),
      landingPageFallback: true,
    };
    const result = resultOf(courseId, progress, { at, startedAt, dryRun: false });
    expect(result).toMatchObject({
      full_lessons_generated: 1,
      total_lessons: 12,
      quiz_questions_count: 0,
      execution_time_seconds: 2.5,
      evidence_pack_path: `artifact:course/${courseId}`,
    });
    expect(result.warnings).toHaveLength(2);
    expect(result.warnings[0]).toContain("Wie die Dinge zusammenhängen");
    const states = result.outline?.modules[0]?.lessons.map((lesson) => lesson.status);
    expect(states).toEqual(["full", "placeholder", "placeholder"]);
  });

  test("of a dry run refers to no stored artifacts", async () => {
    const request = requestWith({ dry_run: true });
    const result = resultOf(courseId, await withOutline(request), { at, startedAt, dryRun: true });
    expect(result).toMatchObject({ evidence_pack_path: null, full_lessons_generated: 0, warnings: [] });
  });

  test("never has a negative duration when clocks differ", async () => {
    const progress = await withOutline(requestWith());
    const result = resultOf(courseId, progress, { at: startedAt, startedAt: at, dryRun: false });
    expect(result.execution_time_seconds).toBe(0);
  });

  test("does not exist without an outline", () => {
    expect(() => resultOf(courseId, noProgress, { at, startedAt, dryRun: false })).toThrow(
      "without an outline",
    );
  });

  test("leaves the given outline as it was", async () => {
    const { outline } = await withOutline(requestWith());
    if (outline === null) throw new Error("expected an outline");
    const copy = structuredClone(outline);
    outlineWithStates(outline, new Map([[0, text("a", "placeholder")]]));
    expect(outline).toEqual(copy);
  });
});
