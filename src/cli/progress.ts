import { setTimeout as delay } from "node:timers/promises";
import cliProgress from "cli-progress";
import type { DeadLetterDetails } from "../http/kit/answers/dead-letters.ts";
import type { Job } from "../http/kit/answers/operations.ts";
import type { Cli } from "./command.ts";
import { CliError, ConnectionError } from "./errors.ts";
import { facts } from "./output.ts";

/** Time between two looks at a job, ms. */
const everyMs = 500;
/** A server that is away this long is not waited for any more, ms. */
const patienceMs = 120_000;

/** Shows how a job goes on; the answer itself is printed when it is over. */
interface Display {
  update(job: Job): void;
  stop(): void;
}

/** A bar on a terminal, else a line for each change. Both go to standard error. */
function createDisplay(cli: Cli): Display {
  if (cli.out.json || !process.stderr.isTTY) {
    let last = "";
    return {
      update(job) {
        const line = `${job.kind} ${job.id}: ${counts(job)}, ${job.status}`;
        if (line !== last && !cli.out.json) cli.out.note(line);
        last = line;
      },
      stop: () => undefined,
    };
  }
  const bar = new cliProgress.SingleBar(
    {
      format: "{name} [{bar}] {percentage}% | {value}/{total} | {failed} failed | {status}",
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: false,
    },
    cliProgress.Presets.shades_classic,
  );
  let isStarted = false;
  return {
    update(job) {
      const done = job.succeeded + job.failed + job.skipped;
      const shown = { name: `${job.kind} ${job.id}`, failed: job.failed, status: job.status };
      if (isStarted) bar.update(done, shown);
      else bar.start(Math.max(1, job.total), done, shown);
      isStarted = true;
    },
    stop: () => bar.stop(),
  };
}

function counts({ total, succeeded, failed, skipped }: Job): string {
  return `${succeeded + failed + skipped}/${total} (${succeeded} succeeded, ${failed} failed, ${skipped} skipped)`;
}

/**
 * Follows a job to its end, or until it is paused.
 *
 * @param path route of the job
 * @throws {CliError} it did not do all that it should: stopped, cancelled, paused, or some failed
 */
export async function watchJob(cli: Cli, path: string): Promise<void> {
  const display = createDisplay(cli);
  let job: Job;
  try {
    for (;;) {
      job = await lookPatiently<Job>(cli, path);
      display.update(job);
      if (job.status !== "running") break;
      await delay(everyMs);
    }
  } finally {
    display.stop();
  }
  printJob(cli, job);
  if (job.status === "completed" && job.failed === 0) return;
  const why = job.status_reason === null ? "" : ` (${job.status_reason})`;
  throw new CliError(`The ${job.kind} ${job.id} is ${job.status}${why}: ${counts(job)}.`);
}

/**
 * Follows a dead letter that was given back, until it has an outcome.
 *
 * @param path route of the letter
 * @throws {CliError} it failed again
 */
export async function watchLetter(cli: Cli, path: string): Promise<DeadLetterDetails> {
  for (;;) {
    const letter = await lookPatiently<DeadLetterDetails>(cli, path);
    if (letter.status === "open")
      throw new CliError(`The dead letter ${letter.id} failed again, and is open: ${letter.error_message}`);
    if (letter.status !== "requeued") return letter;
    await delay(everyMs);
  }
}

/** The job goes on while the server restarts, so the look at it is repeated. */
async function lookPatiently<Answer>({ client }: Cli, path: string): Promise<Answer> {
  for (let waitedMs = 0; ; waitedMs += everyMs) {
    try {
      return await client.get<Answer>(path);
    } catch (error) {
      if (!(error instanceof ConnectionError) || waitedMs >= patienceMs) throw error;
      await delay(everyMs);
    }
  }
}

export function printJob({ out }: Cli, job: Job): void {
  if (out.json) {
    out.data(job);
    return;
  }
  out.line(
    facts([
      [job.kind, `${job.id} "${job.name}"`],
      ["subscriber", job.subscriber ?? "several"],
      ["status", job.status_reason === null ? job.status : `${job.status}: ${job.status_reason}`],
      ...(job.mode === null ? [] : [["mode", job.mode] as const]),
      ["progress", `${Math.floor(job.progress * 100)}%  ${counts(job)}`],
      ...(job.failed === 0 ? [] : [["failures", `charter dlq ls --job ${job.id} --status all`] as const]),
      ["in flight", job.in_flight],
      ["step", job.step],
      ["rate", job.rate_per_second === null ? "unlimited" : `${job.rate_per_second} a second`],
      ["reason", job.reason],
      ["by", job.actor_id],
      ["created", job.created_at],
      ["finished", job.finished_at],
    ]),
  );
}
