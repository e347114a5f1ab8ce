import { type HandlerContext, toldAt } from "@brain/engine";
import type { courseAccessRuleChanged, PayloadOf } from "@brain/schemas";
import { toldRule } from "../access-rule.ts";
import { publishUpdated } from "./announce.ts";
import { saveAccessLockingEntries, saveButtons } from "./course-store.ts";
import { defaultCta, isDefaultCta } from "./seo.ts";
import { changesOf } from "./state.ts";

/**
 * Keeps the new rule of a course, which its pages and public entries show. A button that nobody has worded follows it:
 * what was free to start is now to be bought, or the other way round. One that an operator worded stays.
 */
export async function followAccessRule(
  change: PayloadOf<typeof courseAccessRuleChanged>,
  teller: string | null,
  { tx, publish, now, streamMessageId }: HandlerContext,
): Promise<void> {
  const times = { teller, told: toldAt(streamMessageId, now()), now: now() };
  const rule = toldRule(change.access);
  const { access, entries } = await saveAccessLockingEntries(tx, change.course_id, rule, times);
  const changed = entries.flatMap((entry) => {
    if (!isDefaultCta(entry.cta, entry.language)) return [];
    const cta = defaultCta(entry.language, access);
    const changes = changesOf(entry, { cta }, times.now);
    return changes.updatedFields.length === 0 ? [] : [{ entry: { ...entry, cta }, changes }];
  });
  if (changed.length === 0) return;
  const buttons = changed.map(({ entry }) => ({ id: entry.distributionId, cta: entry.cta }));
  await saveButtons(tx, buttons, times.now);
  for (const { entry, changes } of changed) await publishUpdated(publish, entry, changes, times.now);
}
