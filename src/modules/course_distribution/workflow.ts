import { type HandlerContext, toldAt } from "@brain/engine";
import type { courseWorkflowTransitioned, PayloadOf } from "@brain/schemas";
import { publishPublished, publishUnpublished } from "./announce.ts";
import { saveWorkflowState, turnEntries } from "./course-store.ts";

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
  teller: string | null,
  { tx, publish, log, now, streamMessageId }: HandlerContext,
): Promise<void> {
  const { course_id: courseId, from_state: from, to_state: to } = change;
  const times = { teller, told: toldAt(streamMessageId, now()), now: now() };
  if (!(await saveWorkflowState(tx, courseId, to, times))) {
    log.debug({ course_id: courseId }, "a later change of the workflow is known already");
    return;
  }
  const visibility = visibilityAfter(from, to);
  if (visibility === null) return;
  const reason = `The course went from ${from} to ${to}.`;
  for (const row of await turnEntries(tx, courseId, visibility, times)) {
    if (visibility === "public") await publishPublished(publish, row);
    else await publishUnpublished(publish, row, times.now, reason);
  }
}
