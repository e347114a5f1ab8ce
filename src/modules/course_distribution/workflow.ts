import { type HandlerContext, toldAt } from "@brain/engine";
import type { courseWorkflowTransitioned, PayloadOf } from "@brain/schemas";
import { publishUnpublished } from "./announce.ts";
import { makePublic } from "./service.ts";
import { lockAllOfCourse, saveWorkflowState, updateDistribution } from "./store.ts";

/** Visibility follows the workflow of the authors, in both directions. */

/** What a change of the workflow means for the entries of the course; null: nothing. */
function visibilityAfter(from: string, to: string): "public" | "private" | null {
  if (to === "published") return "public";
  return from === "published" || to === "archived" ? "private" : null;
}

/**
 * Makes the entries of a course public or private, as its authors decided. One that an operator has unlisted stays
 * unlisted while the course is published: it can be reached by its slug. What a person publishes or unpublishes
 * afterwards stands until the next change of the workflow.
 */
export async function followWorkflow(
  change: PayloadOf<typeof courseWorkflowTransitioned>,
  { tx, publish, log, now, streamMessageId }: HandlerContext,
): Promise<void> {
  const { course_id: courseId, from_state: from, to_state: to } = change;
  const times = { told: toldAt(streamMessageId, now()), now: now() };
  if (!(await saveWorkflowState(tx, courseId, to, times))) {
    log.debug({ course_id: courseId }, "a later change of the workflow is known already");
    return;
  }
  const visibility = visibilityAfter(from, to);
  if (visibility === null) return;
  for (const entry of await lockAllOfCourse(tx, courseId)) {
    if (visibility === "public") {
      if (entry.visibility === "private") await makePublic(tx, publish, entry.distributionId, times.now);
    } else if (entry.visibility !== "private") {
      const columns = { visibility, updatedAt: times.now };
      const row = await updateDistribution(tx, entry.distributionId, columns);
      const reason = `The course went from ${from} to ${to}.`;
      if (row !== null) await publishUnpublished(publish, row, times.now, reason);
    }
  }
}
