import type { Command } from "commander";
import type { Job } from "../../../http/kit/answers/operations.ts";
import { type Cli, cliOf, noteNextPage, withPaging, withReason, withYes } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { table } from "../../output.ts";
import { printJob, watchJob } from "../../progress.ts";

/** Which jobs: their routes, and the name of the list in its answer. */
export interface JobArea {
  readonly path: string;
  readonly list: "redrives" | "replays";
  readonly noun: "redrive" | "replay";
}

/** Adds listing, status, pause, resume and cancel of jobs. `names` are those of the first two commands. */
export function addJobCommands(
  parent: Command,
  area: JobArea,
  names: { readonly list: string; readonly status: string },
): void {
  withPaging(parent.command(names.list))
    .description(`${area.list}, the newest first`)
    .option("--subscriber <name>", "only of this consumer")
    .option("--status <status>", "running, paused, stopped, completed or cancelled")
    .action((options, command: Command) => list(cliOf(command), area, options));

  parent
    .command(`${names.status} <id>`)
    .description(`how a ${area.noun} goes on`)
    .option("-w, --watch", "follow it to its end; exit code 1 when it fails")
    .action(async (id: string, options, command: Command) => {
      const cli = cliOf(command);
      if (options.watch === true) await watchJob(cli, jobPath(area, id));
      else printJob(cli, await cli.client.get<Job>(jobPath(area, id)));
    });

  for (const change of ["pause", "resume"] as const) {
    withReason(parent.command(`${change} <id>`))
      .description(`${change} a ${area.noun}`)
      .action((id: string, options, command: Command) =>
        changeJob(cliOf(command), area, id, change, options),
      );
  }
  withYes(withReason(parent.command("cancel <id>")))
    .description(`end a ${area.noun} for good; what is not queued yet stays as it was`)
    .action(async (id: string, options, command: Command) => {
      await confirm(`Cancel the ${area.noun} ${id} for good?`, options.yes === true);
      await changeJob(cliOf(command), area, id, "cancel", options);
    });
}

export function jobPath({ path }: JobArea, id: string, rest = ""): string {
  return `${path}/${encodeURIComponent(id)}${rest}`;
}

interface ListOptions {
  readonly subscriber?: string;
  readonly status?: string;
  readonly limit: number;
  readonly cursor?: string;
}

async function list(cli: Cli, area: JobArea, options: ListOptions): Promise<void> {
  const { subscriber, status, limit, cursor } = options;
  const answer = await cli.client.get<
    Partial<Record<JobArea["list"], readonly Job[]>> & { readonly next_cursor: string | null }
  >(area.path, { subscriber, status, limit, cursor });
  if (cli.out.json) return cli.out.data(answer);
  const listed = answer[area.list] ?? [];
  if (listed.length === 0) return cli.out.line(`No ${area.list}.`);
  cli.out.line(
    table(listed, [
      ["ID", (job) => job.id],
      ["KIND", (job) => job.kind],
      ["NAME", (job) => job.name],
      ["SUBSCRIBER", (job) => job.subscriber ?? "several"],
      ["STATUS", (job) => job.status],
      ["PROGRESS", (job) => `${Math.floor(job.progress * 100)}%`],
      ["TOTAL", (job) => job.total],
      ["SUCCEEDED", (job) => job.succeeded],
      ["FAILED", (job) => job.failed],
      ["BY", (job) => job.actor_id],
      ["CREATED", (job) => job.created_at],
    ]),
  );
  noteNextPage(cli, answer.next_cursor);
}

async function changeJob(
  cli: Cli,
  area: JobArea,
  id: string,
  change: "pause" | "resume" | "cancel",
  { reason }: { readonly reason?: string },
): Promise<void> {
  printJob(cli, await cli.client.post<Job>(jobPath(area, id, `/${change}`), { reason }));
}
