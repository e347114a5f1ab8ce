import type { Command } from "commander";
import type { Job } from "../../../http/kit/answers/operations.ts";
import { type Cli, cliOf, numberUpTo, pastInstant, wholeNumber, withReason, withYes } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { UsageError } from "../../errors.ts";
import { facts } from "../../output.ts";
import { printJob, watchJob } from "../../progress.ts";
import { requireReason } from "./consumers.ts";
import { addJobCommands, type JobArea, jobPath } from "./jobs.ts";

const replays: JobArea = { path: "/api/replays", list: "replays", noun: "replay" };

interface ReplayOptions {
  readonly name?: string;
  readonly mode: string;
  readonly types?: string;
  readonly from?: string;
  readonly to?: string;
  readonly tenant?: string;
  readonly correlation?: string;
  readonly event?: string;
  readonly rate?: number;
  readonly maxStep?: number;
  readonly acceptDuplicates?: boolean;
  readonly dryRun?: boolean;
  readonly watch?: boolean;
  readonly reason?: string;
  readonly yes?: boolean;
}

/** `charter replay …`: events of the record to one consumer again. */
export function addReplay(program: Command): void {
  const replay = program.command("replay").description("replays of the record to one consumer");
  withYes(withReason(replay.command("start <subscriber>")))
    .description("bring events of the record to a consumer again")
    .option("--name <name>", "a name that no other replay of the consumer has")
    .option(
      "--mode <mode>",
      "only_missing: what was never applied; force: everything once more",
      "only_missing",
    )
    .option("--types <types>", "only these types, separated by commas")
    .option("--from <time>", "only stored at or after this time, or so long ago: 2h", pastInstant)
    .option("--to <time>", "only stored before this time", pastInstant)
    .option("--tenant <id>", "only of this tenant")
    .option("--correlation <id>", "only with this correlation id")
    .option("--event <id>", "only this event")
    .option("--rate <n>", "events a second, at most", numberUpTo(10_000))
    .option("--max-step <n>", "events handed over at once, at most", wholeNumber(1, 5_000))
    .option("--accept-duplicates", "go back further than claims are kept; effects may then repeat")
    .option("--dry-run", "only count")
    .option("-w, --watch", "follow it to its end; exit code 1 when it fails")
    .action((subscriber: string, options: ReplayOptions, command: Command) =>
      start(cliOf(command), subscriber, options),
    );
  addJobCommands(replay, replays, { list: "ls", status: "status" });
}

interface Preview {
  readonly dry_run: true;
  readonly count: number;
  /** A server of before does not say it. */
  readonly more?: boolean;
  readonly already_applied: number;
  readonly oldest: string | null;
  readonly newest: string | null;
}

async function start(cli: Cli, subscriber: string, options: ReplayOptions): Promise<void> {
  const { client, out } = cli;
  const { mode } = options;
  if (mode !== "only_missing" && mode !== "force") {
    throw new UsageError(`--mode is "${mode}"; expected only_missing or force.`);
  }
  const body = {
    subscriber,
    name: options.name,
    mode,
    types: options.types?.split(",").map((type) => type.trim()),
    from: options.from,
    to: options.to,
    tenant_id: options.tenant,
    correlation_id: options.correlation,
    event_id: options.event,
    rate_per_second: options.rate,
    max_step: options.maxStep,
    accept_duplicates: options.acceptDuplicates,
    reason: options.reason,
  };
  if (options.dryRun === true) {
    const preview = await client.post<Preview>(replays.path, { ...body, dry_run: true });
    if (out.json) return out.data(preview);
    return out.line(
      facts([
        [
          "events",
          preview.more === true ? `${preview.count} and more; counted were the first` : preview.count,
        ],
        ["already applied", preview.already_applied],
        // What failed for good and was discarded is passed over too, and nobody counts that before.
        ["to be applied", mode === "force" ? preview.count : preview.count - preview.already_applied],
        ["oldest", preview.oldest],
        ["newest", preview.newest],
      ]),
    );
  }
  if (options.name === undefined)
    throw new UsageError(
      `Received no name of the replay; expected one that no other replay of ${subscriber} has. Give e.g. --name mended-${new Date().toISOString().slice(0, 10)}, or --dry-run to count first.`,
    );
  if (mode === "force") {
    requireReason(options.reason);
    await confirm(`Apply events of the record to ${subscriber} once more?`, options.yes === true);
  }
  const job = await client.post<Job>(replays.path, body);
  if (options.watch === true) await watchJob(cli, jobPath(replays, job.id));
  else printJob(cli, job);
}
