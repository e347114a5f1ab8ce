import { type HandlerContext, toldAt } from "@brain/engine";
import type { courseAccessRuleChanged, PayloadOf } from "@brain/schemas";
import { toldRule } from "../access-rule.ts";
import { publishUpdated } from "./announce.ts";
import { defaultCta, isDefaultCta } from "./seo.ts";
import { changesOf } from "./state.ts";
import { lockAllOfCourse, saveAccess, updateDistribution } from "./store.ts";

/**
 * Keeps the new rule of a course, which its pages and public entries show. A button that nobody has worded follows it:
 * what was free to start is now to be bought, or the other way round. One that an operator worded stays.
 */
export async function followAccessRule(
  change: PayloadOf<typeof courseAccessRuleChanged>,
  { tx, publish, now, streamMessageId }: HandlerContext,
): Promise<void> {
  const times = { told: toldAt(streamMessageId, now()), now: now() };
  const access = await saveAccess(tx, change.course_id, toldRule(change.access), times);
  for (const entry of await lockAllOfCourse(tx, change.course_id)) {
    if (!isDefaultCta(entry.cta, entry.language)) continue;
    const changes = changesOf(entry, { cta: defaultCta(entry.language, access) }, times.now);
    if (changes.updatedFields.length === 0) continue;
    const row = await updateDistribution(tx, entry.distributionId, changes.columns);
    if (row !== null) await publishUpdated(publish, row, changes, times.now);
  }
}
