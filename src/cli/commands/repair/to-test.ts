import { resolve } from "node:path";
import type { Envelope } from "@brain/schemas";
import type { Command } from "commander";
import type { Delivered } from "../../../governance/scaffold/letter/to-test.ts";
import type { DeadLetterDetails } from "../../../http/kit/answers/dead-letters.ts";
import { type Cli, cliOf } from "../../command.ts";
import { UsageError } from "../../errors.ts";
import { outputOf, type WriteOptions, writing } from "../../writing.ts";

interface ToTestOptions extends WriteOptions {
  readonly dir: string;
  readonly name?: string;
  readonly event?: boolean;
  readonly consumer?: string;
}

/** `charter dlq to-test`: a test that fails as production did. */
export function addToTest(dlq: Command): void {
  dlq
    .command("to-test <id>")
    .description(
      "write a test of a dead letter: its payload without personal data, its consumer, its failure",
    )
    .option("--event", "the id is that of an event of the record, which need not have failed")
    .option("--consumer <name>", "with --event: who is to handle it")
    .option("--dir <folder>", "of the project whose consumer it is, or below it", ".")
    .option("--name <name>", "of the file, without .test.ts")
    .option("--dry-run", "tell the file that would be written, and write none")
    .action(toTest);
}

async function toTest(id: string, options: ToTestOptions, command: Command): Promise<void> {
  const cli = cliOf(command);
  const { dir, event: isEvent = false, consumer } = options;
  if (isEvent !== (consumer !== undefined))
    throw new UsageError("--event and --consumer <name> belong together: who is to handle the event?");
  await writing(options, outputOf(command), async () => {
    const { readLayout } = await import("../../../governance/scaffold/layout.ts");
    const { planTest } = await import("../../../governance/scaffold/letter/to-test.ts");
    const layout = await readLayout(resolve(dir));
    const delivered = consumer === undefined ? await letterOf(cli, id) : await eventOf(cli, id, consumer);
    const standard = `${isEvent ? "event" : "dead-letter"}-${id.toLowerCase()}`;
    return planTest(layout, delivered, options.name ?? standard);
  });
}

/** @throws {UsageError} its body is lost */
async function letterOf({ client }: Cli, id: string): Promise<Delivered> {
  const letter = await client.get<DeadLetterDetails>(`/api/dead-letters/${encodeURIComponent(id)}`);
  const { raw_fields: fields, subscriber, error_message: error } = letter;
  if (fields === null)
    throw new UsageError(`The body of the dead letter ${id} is lost, so no test can be made of it.`);
  return { what: "dead letter", subscriber, fields, error };
}

async function eventOf({ client }: Cli, id: string, subscriber: string): Promise<Delivered> {
  const event = await client.get<Envelope>(`/api/events/${encodeURIComponent(id)}`);
  const { encodeEntry } = await import("@brain/schemas");
  const flat = encodeEntry(event);
  const fields: Record<string, string> = {};
  for (let at = 0; at < flat.length; at += 2) fields[flat[at] ?? ""] = flat[at + 1] ?? "";
  return { what: "recorded event", subscriber, fields, error: null };
}
