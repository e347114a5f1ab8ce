import type { Command } from "commander";
import type { BlockedKeys, ConsumerState, Consumers, Pause } from "../../../http/kit/answers/consumers.ts";
import {
  type Cli,
  cliOf,
  instant,
  noteNextPage,
  seconds,
  withPaging,
  withReason,
  withYes,
} from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { UsageError } from "../../errors.ts";
import { duration, facts, table } from "../../output.ts";

/** `charter consumers …`: what consumers do, and steering them. */
export function addConsumers(program: Command): void {
  const consumers = program.command("consumers").description("consumers: state, pauses, blocked keys");

  consumers
    .command("ls", { isDefault: true })
    .description("all consumers: lag, pending, queue, dead letters, pauses")
    .action((_options, command: Command) => list(cliOf(command)));

  consumers
    .command("show <subscriber>")
    .description("one consumer with its settings and each shard")
    .action((subscriber: string, _options, command: Command) => show(cliOf(command), subscriber));

  withReason(consumers.command("pause <subscriber>"))
    .description("stop a consumer, or one of its event types, until somebody resumes it")
    .option("--type <type>", "only this event type")
    .option("--for <time>", "ends by itself after e.g. 30s, 10m, 2h, 1d", seconds)
    .option("--until <time>", "ends by itself at e.g. 2026-05-01T12:00:00Z", instant)
    .action((subscriber: string, options, command: Command) => pause(cliOf(command), subscriber, options));

  withReason(consumers.command("resume <subscriber>"))
    .description("end the pause of a consumer, or of one of its event types")
    .option("--type <type>", "only this event type")
    .action((subscriber: string, options, command: Command) => resume(cliOf(command), subscriber, options));

  consumers
    .command("drain <subscriber>")
    .description("drain now and show what it did")
    .action((subscriber: string, _options, command: Command) => drain(cliOf(command), subscriber));

  withPaging(consumers.command("blocked <subscriber>"))
    .description("keys that wait behind a failed event")
    .action((subscriber: string, options, command: Command) => blocked(cliOf(command), subscriber, options));

  withReason(consumers.command("unblock <subscriber> <key>"))
    .description("try the event that holds the key now, and let later ones pass it")
    .action((subscriber: string, key: string, options, command: Command) =>
      changeKey(cliOf(command), "unblock", subscriber, key, options),
    );

  withYes(withReason(consumers.command("skip <subscriber> <key>")))
    .description("give the event that holds the key up: it becomes a dead letter")
    .action(async (subscriber: string, key: string, options, command: Command) => {
      requireReason(options.reason);
      await confirm(`Give up the event that holds the key "${key}" of ${subscriber}?`, options.yes === true);
      await changeKey(cliOf(command), "skip", subscriber, key, options);
    });
}

const path = (subscriber: string, rest = "") => `/api/consumers/${encodeURIComponent(subscriber)}${rest}`;

/** The API asks for one too; asking here saves the round trip, and makes it a usage error. */
export function requireReason(reason: string | undefined): string {
  if (reason !== undefined && reason.trim() !== "") return reason;
  throw new UsageError("Say why with --reason; it is kept in the audit.");
}

async function list({ client, out }: Cli): Promise<void> {
  const answer = await client.get<Consumers>("/api/consumers");
  if (out.json) return out.data(answer);
  out.line(
    table(answer.consumers, [
      ["SUBSCRIBER", (row) => row.subscriber],
      ["SHARD", (row) => row.shard],
      ["LAG", (row) => row.lag ?? "?"],
      ["OLDEST", (row) => duration(row.oldest_unread_age_ms)],
      ["PENDING", (row) => row.pending ?? "?"],
      ["OLDEST", (row) => duration(row.oldest_pending_age_ms)],
      ["QUEUED", (row) => row.queued],
      ["DEAD", (row) => row.dead_letters],
      ["LAST DRAIN", (row) => row.last_tick?.at],
      ["STATE", stateOf],
    ]),
  );
  noteWaiting(out, answer.consumers);
}

/** What the numbers do not say by themselves. */
function noteWaiting(out: Cli["out"], states: readonly ConsumerState[]): void {
  if (states.some(({ lag }) => (lag ?? 0) > 0)) out.note(lagNote);
  const [waiting] = states.filter(({ pending, queued }) => (pending ?? 0) + queued > 0);
  if (waiting !== undefined) {
    out.note(
      `PENDING and QUEUED are in work, or tried again later: charter consumers blocked ${waiting.subscriber} says which, when and why.`,
    );
  }
}

const lagNote =
  "LAG counts all entries that it has not read, also of types that it does not handle: its next drain passes over those, within a minute at the latest. Who handles whole entries, as audit_log, reads only once a minute.";

/** What is unusual about a consumer, in a few words. */
function stateOf({ paused, brake, jobs, foreign_readers = [], without_handler = [] }: ConsumerState): string {
  const whole = paused.some((pause) => pause.event_type === null);
  const types = paused.flatMap((pause) => pause.event_type ?? []);
  const parts = [
    ...(whole ? ["paused"] : []),
    ...(types.length > 0 ? [`paused: ${types.join(", ")}`] : []),
    ...(brake === null ? [] : [`circuit breaker open since ${brake.open_since}`]),
    ...(foreign_readers.length > 0 ? ["somebody else reads in its group"] : []),
    ...without_handler.map(
      ({ event_type, count }) => `${count} of ${event_type} queued, which no handler takes`,
    ),
    ...jobs.map((job) => `${job.kind} "${job.name}" ${job.status}`),
  ];
  return parts.length === 0 ? "ok" : parts.join("; ");
}

interface Details {
  readonly subscriber: string;
  readonly group: string;
  readonly handles: readonly string[];
  readonly catches_all: boolean;
  readonly settings: Readonly<Record<string, number>>;
  readonly paused: readonly Pause[];
  readonly dead_letters: number;
  readonly queued: number;
  readonly shards: readonly ConsumerState[];
}

async function show({ client, out }: Cli, subscriber: string): Promise<void> {
  const answer = await client.get<Details>(path(subscriber));
  if (out.json) return out.data(answer);
  const { group, handles, catches_all, settings, paused, dead_letters, queued, shards } = answer;
  out.line(
    facts([
      ["subscriber", answer.subscriber],
      ["group", group],
      ["handles", catches_all ? "everything" : handles.join(", ")],
      ...Object.entries(settings).map(([name, value]) => [name.replaceAll("_", " "), value] as const),
      ["dead letters", dead_letters],
      ["queued", queued],
    ]),
  );
  if (paused.length > 0) {
    out.line();
    printPauses({ out }, paused);
  }
  out.line();
  out.line(
    table(shards, [
      ["SHARD", (row) => row.shard],
      ["LAG", (row) => row.lag ?? "?"],
      ["OLDEST", (row) => duration(row.oldest_unread_age_ms)],
      ["PENDING", (row) => row.pending ?? "?"],
      ["OLDEST", (row) => duration(row.oldest_pending_age_ms)],
      ["QUEUED", (row) => row.queued],
      ["OLDEST", (row) => duration(row.oldest_queued_age_ms)],
      ["LAST DRAIN", (row) => row.last_tick?.at],
      ["STOPPED BY", (row) => row.last_tick?.stopped],
      ["BREAKER", (row) => (row.brake === null ? "closed" : `open: ${row.brake.error ?? "?"}`)],
    ]),
  );
  // The states of one consumer do not repeat its name.
  noteWaiting(
    out,
    shards.map((state) => ({ ...state, subscriber })),
  );
}

function printPauses({ out }: Pick<Cli, "out">, paused: readonly Pause[]): void {
  out.line(
    table(paused, [
      ["PAUSED", (row) => row.event_type ?? "everything"],
      ["UNTIL", (row) => row.expires_at ?? "resumed"],
      ["BY", (row) => row.actor_id],
      ["REASON", (row) => row.reason],
    ]),
  );
}

interface PauseAnswer {
  readonly subscriber: string;
  readonly effective: string;
  readonly resumed?: boolean;
  readonly paused: readonly Pause[];
}

interface PauseOptions {
  readonly type?: string;
  readonly reason?: string;
  readonly for?: number;
  readonly until?: string;
}

async function pause(cli: Cli, subscriber: string, options: PauseOptions): Promise<void> {
  const reason = requireReason(options.reason);
  if (options.for !== undefined && options.until !== undefined) {
    throw new UsageError("Give --for or --until, not both.");
  }
  const answer = await cli.client.post<PauseAnswer>(path(subscriber, "/pause"), {
    event_type: options.type,
    reason,
    for_seconds: options.for,
    expires_at: options.until,
  });
  report(cli, answer, `${subscriber} is paused`);
}

async function resume(cli: Cli, subscriber: string, { type, reason }: PauseOptions): Promise<void> {
  const answer = await cli.client.post<PauseAnswer>(path(subscriber, "/resume"), {
    event_type: type,
    reason,
  });
  report(cli, answer, answer.resumed ? `${subscriber} goes on` : `${subscriber} was not paused like that`);
}

function report({ out }: Cli, answer: PauseAnswer, what: string): void {
  if (out.json) {
    out.data(answer);
    return;
  }
  out.line(`${what}${answer.effective === "at_once" ? "" : ", within a minute"}.`);
  if (answer.paused.length > 0) printPauses({ out }, answer.paused);
}

interface Drained {
  readonly shards: readonly (Readonly<Record<string, unknown>> & { readonly stopped: string | null })[];
}

async function drain({ client, out }: Cli, subscriber: string): Promise<void> {
  const answer = await client.post<Drained>(path(subscriber, "/drain"));
  if (out.json) return out.data(answer);
  const number = (name: string) => (row: Drained["shards"][number]) => row[name];
  out.line(
    table(answer.shards, [
      ["SHARD", number("shard")],
      ["READ", number("read")],
      ["APPLIED", number("applied")],
      ["RETRIED", number("retried")],
      ["DEAD", number("dead_lettered")],
      ["SKIPPED", number("skipped")],
      ["SET ASIDE", number("set_aside")],
      ["NEXT DUE", number("next_due_at")],
      ["STOPPED BY", (row) => (row.busy === true ? "another drain is at work" : row.stopped)],
    ]),
  );
}

interface PageOptions {
  readonly limit: number;
  readonly cursor?: string;
}

async function blocked(cli: Cli, subscriber: string, { limit, cursor }: PageOptions): Promise<void> {
  const { client, out } = cli;
  const answer = await client.get<BlockedKeys>(path(subscriber, "/blocked-keys"), { limit, cursor });
  if (out.json) return out.data(answer);
  const unseen = answer.unseen ?? 0;
  if (unseen > 0)
    out.note(`${unseen} pending entries are too much to look at; their keys may be missing here.`);
  if (answer.blocked_keys.length === 0) return out.line("No key is blocked.");
  out.line(
    table(answer.blocked_keys, [
      ["KEY", (row) => row.key],
      ["WAITING", (row) => row.waiting],
      ["EVENT", (row) => row.event_type],
      ["ID", (row) => row.event_id],
      ["TRIES", (row) => row.attempts],
      ["NEXT TRY", (row) => row.next_try_at],
      ["WHERE", (row) => `${row.where} (${row.cause})`],
      ["ERROR", (row) => row.error],
    ]),
  );
  noteNextPage(cli, answer.next_cursor);
}

async function changeKey(
  { client, out }: Cli,
  change: "unblock" | "skip",
  subscriber: string,
  key: string,
  options: { readonly reason?: string },
): Promise<void> {
  const reason = requireReason(options.reason);
  const answer = await client.post<{ readonly event_id: string | null; readonly stream_message_id: string }>(
    path(subscriber, `/blocked-keys/${change}`),
    { key, reason },
  );
  if (out.json) return out.data(answer);
  const event = answer.event_id ?? answer.stream_message_id;
  out.line(
    change === "unblock"
      ? `Event ${event} is tried again, and the key "${key}" no longer waits for it.`
      : `Event ${event} becomes a dead letter, and the key "${key}" goes on.`,
  );
}
