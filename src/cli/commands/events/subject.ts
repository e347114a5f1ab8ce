import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { type Cli, cliOf, withReason, withYes } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { CliError, ConnectionError, UsageError } from "../../errors.ts";
import { fileError } from "../../file-errors.ts";
import { writeNewFile } from "../../new-file.ts";
import { requireReason } from "../repair/consumers.ts";

interface SubjectOptions {
  /** False: `--no-tenant`. */
  readonly tenant?: string | false;
}

interface ExportOptions extends SubjectOptions {
  readonly out?: string;
}

interface EraseOptions extends SubjectOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

interface Erased {
  readonly subject: string;
  readonly tenant_id: string | null;
  /** False: there was no key of the person. */
  readonly erased: boolean;
}

/** `charter subject …`: what is known of a person, handed out or made unreadable. */
export function addSubject(program: Command): void {
  const subject = program
    .command("subject")
    .description("a person: all events about it, and its personal fields made unreadable");

  withTenant(subject.command("export <id>"))
    .description("all events of the record that are about this person or that it caused, a line of JSON each")
    .option("--out <file>", "write this new file instead of standard output; only you may read it")
    .action((id: string, options: ExportOptions, command: Command) =>
      exportEvents(cliOf(command), id, options),
    );

  withYes(withReason(withTenant(subject.command("erase <id>"))))
    .description(
      "delete the key of this person: its personal fields are [erased] for ever, no event is changed",
    )
    .action(async (id: string, options: EraseOptions, command: Command) => {
      const reason = requireReason(options.reason);
      const cli = cliOf(command);
      if (options.yes !== true) {
        const tenant = await tenantMeant(cli, options.tenant);
        await confirm(erasureQuestion(id, tenant, tenant !== null || options.tenant === false), false);
      }
      await erase(cli, id, options.tenant, reason);
    });
}

function withTenant(command: Command): Command {
  return command
    .option(
      "--tenant <id>",
      "the person of this tenant; default: that of the key. A key for all must say which, when a tenant knows the person",
    )
    .option("--no-tenant", "the person of events that have no tenant");
}

const ofTenant = (tenant: string | null) => (tenant === null ? "of no tenant" : `of tenant ${tenant}`);

/** @param isNamed false: the key is for all tenants, and nobody said whose person it is */
export function erasureQuestion(id: string, tenant: string | null, isNamed: boolean): string {
  const whose = isNamed
    ? `${id} ${ofTenant(tenant)}`
    : `${id} (no tenant was named; when one knows ${id}, nothing is erased and you are told which)`;
  return `Make the personal fields of all events about ${whose} unreadable for ever? Nobody can undo it.`;
}

/** Null: none. One that must be named and is not is refused by the server. */
async function tenantMeant({ client }: Cli, given: SubjectOptions["tenant"]): Promise<string | null> {
  if (given !== undefined) return given === false ? null : given;
  return (await client.get<{ readonly tenant_id: string | null }>("/api/me")).tenant_id;
}

const tenantAsked = (given: SubjectOptions["tenant"]) =>
  given === false ? { without_tenant: true } : { tenant_id: given };

async function exportEvents(cli: Cli, subject: string, { tenant, out }: ExportOptions): Promise<void> {
  if (out !== undefined) await refuseExisting(out);
  const body = await cli.client.open("/api/subjects/export", { subject, ...tenantAsked(tenant) });
  const tally = { events: 0 };
  const lines = countLines(body, tally, cli.url);
  if (out === undefined) await pipeline(lines, process.stdout, { end: false });
  else await writeNewFile(out, lines);
  if (!cli.out.json) cli.out.note(`Events: ${tally.events}.`);
}

async function refuseExisting(file: string): Promise<void> {
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw fileError(`${file} cannot be written`, error);
  });
  if (found !== null)
    throw new UsageError(`${file} is there already. Name a file that is not, or remove it.`);
}

/** Counts while it passes on, so that nothing is held. @throws {ConnectionError} the answer broke off */
async function* countLines(
  body: AsyncIterable<Uint8Array>,
  tally: { events: number },
  url: string,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of body) {
      for (const byte of chunk) if (byte === 0x0a) tally.events += 1;
      yield chunk;
    }
  } catch (error) {
    throw new ConnectionError(
      `The answer of ${url} broke off after ${tally.events} events, so this is not all. Do it again; the log of the server says why.`,
      { cause: error },
    );
  }
}

async function erase(
  { client, out }: Cli,
  subject: string,
  tenant: SubjectOptions["tenant"],
  reason: string,
): Promise<void> {
  const answer = await client.post<Erased>("/api/subjects/erase", {
    subject,
    ...tenantAsked(tenant),
    reason,
  });
  if (out.json) out.data(answer);
  const whose = `${answer.subject} ${ofTenant(answer.tenant_id)}`;
  if (!answer.erased) {
    throw new CliError(
      `Nothing was erased: there is no key of ${whose}. It was erased before, no event has a personal field of it, or it is another tenant's (--tenant).`,
    );
  }
  if (!out.json) out.line(`The personal fields of ${whose} are unreadable, everywhere within a minute.`);
}
