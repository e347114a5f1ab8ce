import type { Catalog } from "@brain/schemas";
import { isObject, requireFitting, requireList } from "../../core/received.ts";
import type { Logger } from "../../core/telemetry/log.ts";
import type { Database } from "../../db/database.ts";
import type { Personal } from "../../publish/personal.ts";
import type { Transact } from "../../publish/publish.ts";

/** What a job may use. */
export interface JobContext {
  readonly db: Database;
  readonly log: Logger;
  readonly now: () => Date;
  /** Begin nothing new when true: what is left is for the next run. */
  readonly isOver: () => boolean;
  readonly transact: Transact;
  readonly catalog: Catalog;
  /** Events with personal fields in clear, for a job that hands them on; left out: none are sealed. */
  readonly reveal?: Personal["reveal"];
}

/**
 * Work that time starts, and no event: cron runs it when its time has come, and once an hour in any case. Two runs at
 * once are possible; conditional updates decide.
 */
export interface ScheduledJob {
  /** Unique in the system: lower-case letters, digits and underscores. */
  readonly name: string;
  /**
   * @returns when there is something to do again: a time that is past for "at once, my time was used up", null when
   *   nothing is planned
   */
  run(context: JobContext): Promise<Date | null>;
  /**
   * Asked whenever events were sent and consumers are started for them: true has the job run behind them. What it finds
   * out should be remembered for a while, because a question here is one more call for each wake. Left out: it does not.
   */
  wantsNews?(context: Pick<JobContext, "db" | "now">): Promise<boolean>;
  /** It tells people of alerts: it runs with the next tick of cron when one is raised or over. Left out: it does not. */
  readonly tellsOfAlerts?: boolean;
}

const jobName = /^[a-z][a-z0-9_]{0,99}$/;

/**
 * Defines work that time starts; give it to `createEngine`.
 *
 * @throws {Error} the name is no name of a job
 */
export function defineJob(job: ScheduledJob): ScheduledJob {
  requireFitting(isObject(job), "A job", job, "{ name, run }");
  requireFitting(typeof job.name === "string", "The name of a job", job.name, "a text");
  if (!jobName.test(job.name)) {
    throw new Error(`"${job.name}" is no name of a job. Use lower-case letters, digits and underscores.`);
  }
  requireFitting(typeof job.run === "function", `The job "${job.name}": run`, job.run, "a function");
  return job;
}

/** Jobs by name. @throws {Error} two of them share a name, or one has none */
export function registerJobs(jobs: readonly ScheduledJob[]): ReadonlyMap<string, ScheduledJob> {
  const byName = new Map<string, ScheduledJob>();
  requireList(jobs, "jobs", "what defineJob makes", isObject);
  for (const job of jobs) {
    defineJob(job);
    if (byName.has(job.name)) throw new Error(`Two jobs are called "${job.name}". Rename one.`);
    byName.set(job.name, job);
  }
  return byName;
}
