import * as z from "zod";
import { writtenUuid } from "../../../http/kit/written-uuid.ts";
import type { Outline } from "../content/model.ts";
import { oneLine, plainLines } from "./fields.ts";

/** A chapter that a pack adds; without text it is planned only. */
const addedLesson = z.strictObject({
  title: oneLine(1, 200),
  description: plainLines(1000),
  content_markdown: plainLines(10_000).optional(),
  estimated_duration_minutes: z.int().min(5).max(120).default(20),
});

/** A module that a pack adds. */
const addedModule = z.strictObject({
  title: oneLine(1, 200),
  description: plainLines(1000),
  learning_objectives: z.array(oneLine(1, 300)).max(5).default([]),
  lessons: z.array(addedLesson).min(1).max(5),
});

/** One change of a pack; what `target_id` may name depends on the operation. */
export const override = z.discriminatedUnion("operation", [
  /** The text of a chapter, in Markdown. */
  z.strictObject({
    operation: z.literal("replace_text"),
    target_id: writtenUuid,
    value: plainLines(10_000),
  }),
  /** After the module that is named, or at the end of the course that is named. */
  z.strictObject({ operation: z.literal("append_module"), target_id: writtenUuid, value: addedModule }),
  /** Of the course, a module or a chapter. */
  z.strictObject({ operation: z.literal("override_title"), target_id: writtenUuid, value: oneLine(1, 200) }),
  /** Of the course, a module or a chapter. */
  z.strictObject({
    operation: z.literal("override_description"),
    target_id: writtenUuid,
    value: plainLines(1000),
  }),
]);
export type Override = z.output<typeof override>;

type TargetKind = "course" | "module" | "chapter";

const targets: Readonly<Record<Override["operation"], readonly TargetKind[]>> = {
  replace_text: ["chapter"],
  append_module: ["course", "module"],
  override_title: ["course", "module", "chapter"],
  override_description: ["course", "module", "chapter"],
};

/** What the id is in the course; null when the course has nothing of that id. */
function kindOf(courseId: string, outline: Outline, id: string): TargetKind | null {
  if (id === courseId) return "course";
  for (const part of outline.modules) {
    if (part.module_id === id) return "module";
    if (part.lessons.some((lesson) => lesson.lesson_id === id)) return "chapter";
  }
  return null;
}

/** Why an override cannot be applied to the course, as one sentence; null when it can. */
export function refusalOf(
  courseId: string,
  outline: Outline,
  { operation, target_id }: Override,
): string | null {
  const kind = kindOf(courseId, outline, target_id);
  if (kind === null) return `The course has no ${targets[operation].join(", ")} with the id ${target_id}.`;
  if (targets[operation].includes(kind)) return null;
  return `${operation} needs the id of a ${targets[operation].join(" or ")}; ${target_id} is a ${kind}.`;
}
