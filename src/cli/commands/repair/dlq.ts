import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { Consumers } from "../../../http/kit/answers/consumers.ts";
import type { DeadLetter, DeadLetterDetails, LetterGroup } from "../../../http/kit/answers/dead-letters.ts";
import type { Job } from "../../../http/kit/answers/operations.ts";
import type { Tried } from "../../../http/kit/answers/trial.ts";
import type { Client, Query } from "../../client.ts";
import {
  type Cli,
  cliOf,
  noteNextPage,
  numberUpTo,
  pastInstant,
  wholeNumber,
  withPaging,
  withReason,
  withYes,
} from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { UsageError } from "../../errors.ts";
import { fileError } from "../../file-errors.ts";
import { facts, printable, table } from "../../output.ts";
import { printJob, watchJob, watchLetter } from "../../progress.ts";
import { mapStack } from "../../source-map.ts";
import { actionColumns } from "../access/actions.ts";
import { requireReason } from "./consumers.ts";
import { addJobCommands, type JobArea, jobPath } from "./jobs.ts";
import { addToTest } from "./to-test.ts";
import { printTry } from "./try.ts";

const letters = "/api/dead-letters";
const redrives: JobArea = { path: `${letters}/redrives`, list: "redrives", noun: "redrive" };

/** Options that choose dead letters. */
interface FilterOptions {
  readonly subscriber?: string;
  readonly type?: string;
  readonly fingerprint?: string;
  readonly tenant?: string;
  readonly eventKey?: string;
  readonly job?: string;
  readonly failedFrom?: string;
  readonly failedTo?: string;
}

interface ChangeOptions extends FilterOptions {
  readonly reason?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

interface RedriveOptions extends ChangeOptions {
  readonly name?: string;
  readonly ramp: boolean;
  readonly maxStep?: number;
  readonly rate?: number;
  readonly stopRatio?: number;
  readonly payload?: string;
  readonly watch?: boolean;
}

interface ShowOptions {
  readonly sourceMap?: string;
}

interface TryOptions {
  readonly payload?: string;
}

interface ListOptions extends FilterOptions {
  readonly status: string;
  readonly groups?: boolean;
  readonly limit: number;
  readonly cursor?: string;
}

/** `charter dlq …`: dead letters and their redrives. */
export function addDlq(program: Command): void {
  const dlq = program.command("dlq").description("dead letters: look, try out, redrive, discard");

  withPaging(withFilter(dlq.command("ls", { isDefault: true }), false))
    .description("dead letters, the newest first")
    .option("--status <status>", "open, requeued, resolved, discarded or all", "open")
    .option("--groups", "by kind of failure, the most frequent first")
    .action((options: ListOptions, command: Command) =>
      options.groups === true ? listGroups(cliOf(command), options) : list(cliOf(command), options),
    );

  dlq
    .command("show <id>")
    .description("one dead letter: where it failed, its event, and what was done about it")
    .option(
      "--source-map <file>",
      "of a deployment: the map of its bundle, dist/workers/consumer/index.js.map",
    )
    .action((id: string, options: ShowOptions, command: Command) => show(cliOf(command), id, options));

  dlq
    .command("try <id>")
    .description("run the handler on its event, show what it would do, and keep nothing of it")
    .option("--payload <json>", "with this payload, as an edited redrive; @file reads it from a file")
    .action((id: string, options: TryOptions, command: Command) => tryLetter(cliOf(command), id, options));

  addToTest(dlq);

  withReason(withFilter(dlq.command("redrive [ids...]"), true))
    .description("give dead letters back to their consumer: some ids, or all open ones that a filter meets")
    .option("--name <name>", "name of the redrive")
    .option("--no-ramp", "begin with the largest step instead of 1, 2, 5, 10 …")
    .option("--max-step <n>", "dead letters handed over at once, at most", wholeNumber(1, 1_000))
    .option("--rate <n>", "dead letters a second, at most", numberUpTo(10_000))
    .option("--stop-ratio <r>", "stop when more than this share of a step fails again", numberUpTo(1))
    .option("--payload <json>", "for one id: run a copy with this payload; @file reads it from a file")
    .option("--dry-run", "only count")
    .option("-w, --watch", "follow it to its end; exit code 1 when it fails")
    .action((ids: string[], options: RedriveOptions, command: Command) =>
      redrive(cliOf(command), ids, options),
    );

  withYes(withReason(withFilter(dlq.command("discard [ids...]"), true)))
    .description("give dead letters up: some ids, or all open ones that a filter meets")
    .option("--dry-run", "only count")
    .action((ids: string[], options: ChangeOptions, command: Command) =>
      discard(cliOf(command), ids, options),
    );

  addJobCommands(dlq, redrives, { list: "redrives", status: "status" });
}

function withFilter(command: Command, byTime: boolean): Command {
  command
    .option("--subscriber <name>", "only of this consumer")
    .option("--type <type>", "only of this event type")
    .option("--fingerprint <hex>", "only of this kind of failure, see --groups")
    .option("--tenant <id>", "only of this tenant")
    .option("--event-key <key>", "only with this ordering key")
    .option("--job <id>", "only what this redrive or replay has, or failed in it last");
  if (!byTime) return command;
  return command
    .option("--failed-from <time>", "only last failed at or after this time, or so long ago: 2h", pastInstant)
    .option("--failed-to <time>", "only last failed before this time", pastInstant);
}

function filterOf(ids: readonly string[], options: FilterOptions) {
  return {
    ids: ids.length === 0 ? undefined : ids,
    subscriber: options.subscriber,
    type: options.type,
    fingerprint: options.fingerprint,
    tenant_id: options.tenant,
    key: options.eventKey,
    job_id: options.job,
    failed_from: options.failedFrom,
    failed_to: options.failedTo,
  };
}

/** Everything at once is never meant by leaving everything out. */
function requiredFilter(ids: readonly string[], options: FilterOptions) {
  const filter = filterOf(ids, options);
  if (Object.values(filter).some((value) => value !== undefined)) return filter;
  throw new UsageError("Say which: ids, or a filter such as --subscriber or --fingerprint.");
}

async function list(cli: Cli, options: ListOptions): Promise<void> {
  const { status, limit, cursor } = options;
  const { subscriber, type, fingerprint, tenant_id, key, job_id } = filterOf([], options);
  const answer = await cli.client.get<{
    readonly dead_letters: readonly DeadLetter[];
    readonly next_cursor: string | null;
  }>(letters, { subscriber, type, fingerprint, tenant_id, key, job_id, status, limit, cursor });
  if (cli.out.json) return cli.out.data(answer);
  if (answer.dead_letters.length === 0) {
    const filter = { subscriber, type, fingerprint, tenant_id, key, job_id };
    await noteUnknownConsumer(cli, subscriber);
    return cli.out.line(await describeNone(cli.client, status, cursor === undefined ? filter : null));
  }
  const shown = table(answer.dead_letters, [
    ["ID", (row) => row.id],
    ["SUBSCRIBER", (row) => row.subscriber],
    ["TYPE", (row) => row.event_type],
    ["REASON", (row) => row.reason],
    ["TRIES", (row) => row.attempts],
    ["STATUS", (row) => row.status],
    ["LAST FAILED", (row) => row.last_failed_at],
    ["FINGERPRINT", (row) => row.fingerprint],
    ["ERROR", errorOf],
  ]);
  cli.out.line(shown);
  noteCutErrors(cli, answer.dead_letters, shown);
  noteNextPage(cli, answer.next_cursor);
}

/** A name that no consumer has explains why there is nothing; those that are gone may have dead letters all the same. */
async function noteUnknownConsumer({ client, out }: Cli, subscriber: string | undefined): Promise<void> {
  if (subscriber === undefined) return;
  // Who may see dead letters of one tenant may not see the consumers, which are for all.
  const answer = await client.get<Consumers>("/api/consumers").catch(() => null);
  const names = answer?.consumers.map((consumer) => consumer.subscriber) ?? [subscriber];
  if (!names.includes(subscriber))
    out.note(`There is no consumer ${JSON.stringify(subscriber)}. There are: ${names.join(", ")}.`);
}

/** As many are counted in one request. */
const maxCounted = 500;

/**
 * What to say of an empty list: those that a redrive has taken are not open, and not gone.
 *
 * @param filter of the list; null: it is a later page
 */
async function describeNone(client: Client, status: string, filter: Query | null): Promise<string> {
  if (status === "all") return "No dead letters.";
  if (status !== "open") return `No dead letters with --status ${status}.`;
  if (filter === null) return "No more open dead letters.";
  const { dead_letters: taken, next_cursor: next } = await client.get<{
    readonly dead_letters: readonly DeadLetter[];
    readonly next_cursor: string | null;
  }>(letters, { ...filter, status: "requeued", limit: maxCounted });
  if (taken.length === 0) return "No open dead letters.";
  const count = `${taken.length}${next === null ? "" : " or more"}`;
  return `No open dead letters; ${count} ${taken.length === 1 ? "is" : "are"} being redriven (--status requeued).`;
}

async function listGroups({ client, out }: Cli, { subscriber, status }: ListOptions): Promise<void> {
  const answer = await client.get<{ readonly groups: readonly LetterGroup[]; readonly more?: boolean }>(
    `${letters}/groups`,
    { subscriber, status },
  );
  if (out.json) return out.data(answer);
  if (answer.more === true) out.note("There are older ones, too: only the newest 100,000 are counted.");
  if (answer.groups.length === 0) return out.line(await describeNone(client, status, { subscriber }));
  const shown = table(answer.groups, [
    ["FINGERPRINT", (row) => row.fingerprint],
    ["COUNT", (row) => row.count],
    ["OPEN", (row) => row.open],
    ["SUBSCRIBER", (row) => row.subscriber],
    ["TYPE", (row) => row.event_type],
    ["LAST FAILED", (row) => row.last_failed_at],
    ["E.G.", (row) => row.sample_id],
    ["ERROR", errorOf],
  ]);
  out.line(shown);
  noteCutErrors({ out }, answer.groups, shown);
}

interface Failed {
  readonly error_class: string;
  readonly error_message: string;
}

const errorOf = (row: Failed) => `${row.error_class}: ${row.error_message}`;

function noteCutErrors({ out }: Pick<Cli, "out">, rows: readonly Failed[], shown: string): void {
  if (rows.some((row) => !shown.includes(printable(errorOf(row)))))
    out.note("What ends with … was cut; dlq show <id> and --json have it whole.");
}

async function show({ client, out }: Cli, id: string, { sourceMap }: ShowOptions): Promise<void> {
  const letter = await client.get<DeadLetterDetails>(`${letters}/${encodeURIComponent(id)}`);
  const { error_stack: given } = letter;
  const stack = given === null || sourceMap === undefined ? given : mapStack(given, sourceMap);
  if (out.json) return out.data({ ...letter, error_stack: stack });
  const { raw_fields, error_stack: _stack, edited_fields, actions, has_body, ...rest } = letter;
  out.line(facts(Object.entries(rest).map(([name, value]) => [name.replaceAll("_", " "), value])));
  if (stack !== null) out.line(`\nwhere it failed\n${stack}`);
  if (!has_body) out.line("\nThe body of the event is lost, so it cannot be redriven.");
  for (const [title, fields] of [
    ["as it stood on the stream", raw_fields],
    ["as it was edited", edited_fields],
  ] as const) {
    if (fields !== null) out.line(`\n${title}\n${facts(Object.entries(fields))}`);
  }
  if (actions.length > 0) out.line(`\n${table(actions, actionColumns)}`);
}

async function tryLetter({ client, out }: Cli, id: string, options: TryOptions): Promise<void> {
  const payload = options.payload === undefined ? undefined : await readPayload(options.payload);
  printTry(out, await client.postOnce<Tried>(`${letters}/${encodeURIComponent(id)}/try`, { payload }));
}

interface RedrivePreview {
  readonly count: number;
  /** Left out by older servers. */
  readonly more?: boolean;
  readonly not_redrivable: number;
  readonly by_subscriber: readonly { readonly subscriber: string; readonly count: number }[];
}

async function redrive(cli: Cli, ids: readonly string[], options: RedriveOptions): Promise<void> {
  const filter = requiredFilter(ids, options);
  if (options.payload !== undefined) return redriveEdited(cli, ids, options, options.payload);
  const { client, out } = cli;
  if (options.dryRun === true) {
    const answer = await client.post<RedrivePreview>(`${letters}/redrive`, { filter, dry_run: true });
    if (out.json) return out.data(answer);
    if (answer.count === 0) await noteUnknownConsumer(cli, options.subscriber);
    if (answer.more === true) out.note(takenAtOnce);
    const parts = answer.by_subscriber.map(({ subscriber, count }) => [subscriber, count] as const);
    return out.line(
      facts([["would be redriven", answer.count], ["cannot be", answer.not_redrivable], ...parts]),
    );
  }
  const job = await client.post<Job>(`${letters}/redrive`, {
    filter,
    name: options.name,
    ramp: options.ramp,
    max_step: options.maxStep,
    rate_per_second: options.rate,
    stop_ratio: options.stopRatio,
    reason: options.reason,
  });
  if (options.watch === true) await watchJob(cli, jobPath(redrives, job.id));
  else printJob(cli, job);
}

/** One dead letter with another payload: a copy is run, the original stays as it was. */
async function redriveEdited(
  cli: Cli,
  ids: readonly string[],
  { reason, watch, dryRun, ramp, name, maxStep, rate, stopRatio }: RedriveOptions,
  text: string,
): Promise<void> {
  const { client, out } = cli;
  const [id] = ids;
  if (id === undefined || ids.length > 1) throw new UsageError("--payload is for exactly one id.");
  const isOfSeveral = !ramp || [name, maxStep, rate, stopRatio].some((option) => option !== undefined);
  if (dryRun === true || isOfSeveral)
    throw new UsageError(
      `--payload runs one copy, and takes --reason and --watch alone. Nothing was done. What it would do: charter dlq try ${id} --payload ….`,
    );
  const payload = await readPayload(text);
  const path = `${letters}/${encodeURIComponent(id)}`;
  const letter = await client.post<DeadLetterDetails>(`${path}/redrive`, { reason, payload });
  if (!out.json) out.line(`The dead letter ${id} is redriven as event ${letter.edited_event_id}.`);
  const last = watch === true ? await watchLetter(cli, path) : letter;
  if (out.json) out.data(last);
  else if (watch === true) out.line(`It is ${last.status}: ${last.resolution ?? "-"}.`);
}

async function readPayload(text: string): Promise<unknown> {
  // Only here: all other commands start without it, in a fraction of the time.
  const { readJson } = await import("@brain/schemas");
  const expected = "Expected a JSON object, or @ and the name of a file with one.";
  const read = readJson(text.startsWith("@") ? await readPayloadFile(text.slice(1)) : text);
  if (read.ok) return read.value;
  const [{ reason, path, message }] = read.faults;
  const why = reason === "invalid_json" ? "is not JSON" : `is not kept as it is: ${path}: ${message}`;
  throw new UsageError(`--payload ${why}. ${expected}`);
}

async function readPayloadFile(file: string): Promise<string> {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (error) {
    throw fileError(`--payload: ${file} cannot be read`, error);
  }
  const { textOfFile } = await import("../../text-file.ts");
  return textOfFile(file, bytes);
}

const takenAtOnce = "There may be more: 100,000 are taken at once, the oldest first. The others stay open.";

const lettersOf = (count: number) => `${count} dead letter${count === 1 ? "" : "s"}`;

async function discard({ client, out }: Cli, ids: readonly string[], options: ChangeOptions): Promise<void> {
  const filter = requiredFilter(ids, options);
  const path = `${letters}/discard`;
  // The count alone needs no reason, but the route asks for one.
  const reason =
    options.dryRun === true ? (options.reason ?? "only counting") : requireReason(options.reason);
  const count = () =>
    client.post<{ readonly count: number; readonly more?: boolean }>(path, { filter, reason, dry_run: true });
  if (options.dryRun === true) {
    const answer = await count();
    if (out.json) return out.data(answer);
    if (answer.more === true) out.note(takenAtOnce);
    return out.line(`${lettersOf(answer.count)} would be discarded.`);
  }
  if (options.yes !== true) {
    await confirm(`Discard ${lettersOf((await count()).count)} for good?`, false);
  }
  const answer = await client.post<{ readonly discarded: number; readonly more?: boolean }>(path, {
    filter,
    reason,
  });
  if (out.json) return out.data(answer);
  if (answer.more === true) out.note(takenAtOnce);
  out.line(`${lettersOf(answer.discarded)} discarded.`);
}
