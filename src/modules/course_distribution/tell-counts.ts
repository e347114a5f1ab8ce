import { defineJob, type ScheduledJob } from "@brain/engine";
import { publishClicked, publishViewed, source } from "./announce.ts";
import { takeUntold } from "./counts-store.ts";

/** Name of the job that tells of views and clicks that were only counted. */
export const tellJob = "course_counts_telling";

/** Entries of one transaction. */
const atOnce = 50;

/**
 * Tells of each entry with one event of views and one of clicks, however many were counted beyond what is told one by
 * one: a flood of anonymous requests is no flood of events.
 */
export function courseCountsTelling(): ScheduledJob {
  return defineJob({
    name: tellJob,
    async run({ transact, now, isOver }) {
      for (;;) {
        const told = await transact({ source }, async (tx, publish) => {
          const entries = await takeUntold(tx, atOnce);
          for (const { row, views, clicks } of entries) {
            if (views > 0) await publishViewed(publish, row, now(), null, views);
            if (clicks > 0) await publishClicked(publish, row, now(), clicks);
          }
          return entries.length;
        });
        if (told < atOnce) return null;
        if (isOver()) return now();
      }
    },
  });
}
