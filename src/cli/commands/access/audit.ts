import type { Command } from "commander";
import type { AuditDay, AuditDays, Verification } from "../../../http/kit/answers/operations.ts";
import { type Cli, cliOf, noteNextPage } from "../../command.ts";
import { CliError } from "../../errors.ts";
import { type Column, table } from "../../output.ts";

const columns: readonly Column<AuditDay>[] = [
  ["DAY", (row) => row.day],
  ["ROWS", (row) => row.rows],
  ["SEALED", (row) => row.sealed_at ?? "not yet"],
  ["SENT", (row) => row.announced_at ?? "no"],
  ["ROOT", (row) => row.root],
];

const noDays =
  "No day is sealed yet. The janitor seals a day that has rows when it has been over for an hour.";

/** `charter audit …`: whether what is stored is what was stored. */
export function addAudit(program: Command): void {
  const audit = program.command("audit").description("the hash chain over what is stored");

  audit
    .command("days", { isDefault: true })
    .description("sealed days with their roots, the newest first")
    .option("--cursor <day>", "days before this one")
    .action(async ({ cursor }: { readonly cursor?: string }, command: Command) => {
      const cli = cliOf(command);
      const answer = await cli.client.get<AuditDays>("/api/audit/days", { cursor });
      if (cli.out.json) return cli.out.data(answer);
      cli.out.line(answer.days.length === 0 ? noDays : table(answer.days, columns));
      noteNextPage(cli, answer.next_cursor);
    });

  audit
    .command("verify")
    .description("compares sealed days with what is stored; names the first row that is not as it was")
    .option("--day <day>", "this one alone (UTC), e.g. 2026-03-01; default: all, the newest first")
    .option("--root <root>", "with --day: the root that was kept outside")
    .action((options: VerifyOptions, command: Command) => verify(cliOf(command), options));
}

interface VerifyOptions {
  readonly day?: string;
  readonly root?: string;
}

async function verify(cli: Cli, { day, root }: VerifyOptions): Promise<void> {
  const results: Verification[] = [];
  for await (const each of day === undefined ? sealedDays(cli) : [day]) {
    const result = await verifyDay(cli, each);
    results.push(result);
    if (result.fault !== null || cli.out.json) continue;
    cli.out.line(`${result.day}  ${result.rows} rows  as sealed  ${result.root}`);
  }
  if (cli.out.json) cli.out.data({ days: results });
  else if (results.length === 0) cli.out.line(noDays);
  const broken = results.find(({ fault }) => fault !== null);
  if (broken !== undefined) throw new CliError(`${broken.day}: ${broken.fault?.message ?? ""}`);
  const other = root === undefined ? undefined : results.find((result) => result.root !== root);
  if (other !== undefined) {
    throw new CliError(
      `The root of ${other.day} is ${other.root}, expected ${root}: the whole chain was made anew.`,
    );
  }
}

async function* sealedDays(cli: Cli): AsyncGenerator<string> {
  for (let cursor: string | undefined; ; ) {
    const page: AuditDays = await cli.client.get<AuditDays>("/api/audit/days", { cursor, limit: 100 });
    for (const { day, sealed_at } of page.days) if (sealed_at !== null) yield day;
    if (page.next_cursor === null) return;
    cursor = page.next_cursor;
  }
}

/** Goes on from block to block until the day is looked at, or a fault is found. */
async function verifyDay(cli: Cli, day: string): Promise<Verification> {
  let rows = 0;
  for (let block = 0; ; ) {
    const part: Verification = await cli.client.get<Verification>("/api/audit/verify", { day, block });
    rows += part.rows;
    if (part.next_block === null) return { ...part, rows };
    block = part.next_block;
  }
}
