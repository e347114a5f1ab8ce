import type { Command } from "commander";
import type { Tried, TriedValue, TryOffers } from "../../../http/kit/answers/trial.ts";
import { type Cli, cliOf } from "../../command.ts";
import { type Output, printable, table } from "../../output.ts";

/** `charter try`: what a consumer would do with an event of the record. */
export function addTry(program: Command): void {
  program
    .command("try <event-id>")
    .description("run a consumer's handler on an event, show what it would do, and keep nothing of it")
    .option("--consumer <name>", "which one; left out: says who handles the event")
    .action(async (id: string, { consumer }: { readonly consumer?: string }, command: Command) => {
      const cli = cliOf(command);
      const path = `/api/events/${encodeURIComponent(id)}/try`;
      if (consumer === undefined) return listOffers(cli, path);
      // Nothing is kept of a try, so no key is sent under which its answer would be.
      printTry(cli.out, await cli.client.postOnce<Tried>(path, { subscriber: consumer }));
    });
}

async function listOffers({ client, out }: Cli, path: string): Promise<void> {
  const offers = await client.get<TryOffers>(path);
  if (out.json) return out.data(offers);
  if (offers.consumers.length === 0) return out.line(`No consumer handles ${offers.event_type}.`);
  out.line(
    table(offers.consumers, [
      ["CONSUMER", (row) => row.subscriber],
      ["HANDLER", (row) => row.handler],
      ["NOT TRIED BECAUSE", (row) => row.not_tried],
    ]),
  );
  out.note("Try one of them with --consumer.");
}

const outcomes: Readonly<Record<Tried["outcome"], string>> = {
  applied: "would be applied",
  retried: "would fail for now, and be tried again",
  dead_letter: "would become a dead letter",
  unknown: "not known",
};

const stops: Readonly<Record<NonNullable<Tried["stopped_by"]>, string>> = {
  outside: "it calls the outside, which a try refuses",
  lock: "somebody holds a row or table that it needs; try again",
  time: "it takes longer than a try may",
};

/** What a try showed. */
export function printTry(out: Output, tried: Tried): void {
  if (out.json) {
    out.data(tried);
    return;
  }
  const { event_type, subscriber, outcome, stopped_by, already, error, ms } = tried;
  out.line(`${event_type} with ${subscriber}: ${outcomes[outcome]}, after ${ms} ms. Nothing of it was kept.`);
  if (stopped_by !== null) out.line(`Why that is not known: ${stops[stopped_by]}.`);
  if (already !== null) {
    const what = already.instead === "applied" ? "Applied already" : `Given up already (${already.instead})`;
    out.line(`${what} at ${already.at}; it ran as in a forced replay.`);
  }
  if (error !== null) {
    const next =
      error.retry_in_ms === null
        ? `dead letter: ${error.dead_letter}`
        : `again in ${error.retry_in_ms} ms at the earliest, ${error.max_attempts} tries in all`;
    out.line(`\nerror (${next})\n${error.stack ?? printable(`${error.class}: ${error.message}`)}`);
  }
  printLists(out, tried);
}

function printLists(out: Output, { calls, changes, statements, events, log, omitted }: Tried): void {
  if (calls.length > 0) {
    out.line(
      `\nrefused calls\n${table(calls, [
        ["METHOD", (row) => row.method],
        ["TO", (row) => row.origin],
      ])}`,
    );
  }
  if (changes.length > 0) {
    out.line(
      `\nchanges of tables\n${table(changes, [
        ["TABLE", (row) => row.table],
        ["INSERTED", (row) => row.inserted],
        ["UPDATED", (row) => row.updated],
        ["DELETED", (row) => row.deleted],
      ])}`,
    );
  }
  if (statements.length > 0) out.line("\nstatements");
  for (const { kind, rows, ms, sql, values } of statements) {
    out.line(`  ${kind}, ${rows} ${rows === 1 ? "row" : "rows"}, ${ms} ms: ${printable(sql)}`);
    for (const [place, value] of values.entries()) out.line(`    $${place + 1} ${describeValue(value)}`);
  }
  if (events.length > 0) out.line("\nwould publish");
  for (const { type, key, payload, is_recorded } of events) {
    const of = key === null ? "" : ` of ${printable(key)}`;
    out.line(
      `  ${type}${of}${is_recorded ? " (recorded already)" : ""}: ${printable(JSON.stringify(payload))}`,
    );
  }
  if (log.length > 0) out.line("\nlog");
  for (const { level, message, fields } of log) {
    out.line(`  ${level} ${printable(message)} ${printable(JSON.stringify(fields))}`);
  }
  const more = Object.entries(omitted).filter(([, count]) => count > 0);
  if (more.length > 0) out.note(`Not shown: ${more.map(([name, count]) => `${count} ${name}`).join(", ")}.`);
}

function describeValue({ kind, length, value, from }: TriedValue): string {
  if (kind === "null") return "null";
  const size = length === null ? kind : `${kind} of ${length}`;
  return [value === null ? size : printable(value), ...(from === null ? [] : [`(${from})`])].join(" ");
}
