import type { Command } from "commander";
import { type Cli, cliOf, instant, noteNextPage, seconds, withPaging, withYes } from "../../command.ts";
import { confirm } from "../../confirm.ts";
import { UsageError } from "../../errors.ts";
import { facts, table } from "../../output.ts";

/** A key as the API shows it. */
interface Key {
  readonly id: string;
  readonly prefix: string;
  readonly name: string;
  readonly tenant_id: string | null;
  readonly scopes: readonly string[];
  readonly status: string;
  readonly expires_at: string | null;
  readonly previous_until: string | null;
  readonly last_used_at: string | null;
  readonly created_at: string;
  readonly created_by: string | null;
}

/** With its text, which no answer has again. */
interface IssuedKey extends Key {
  readonly key: string;
}

interface CreateOptions {
  readonly role?: string;
  readonly scope?: string;
  readonly signing?: boolean;
  readonly tenant?: string;
  readonly allTenants?: boolean;
  readonly for?: number;
  readonly until?: string;
  readonly quiet?: boolean;
}

interface IssueOptions {
  readonly quiet?: boolean;
}

/** `charter keys …`: API keys, made, shown, rotated, ended. */
export function addKeys(program: Command): void {
  const keys = program.command("keys").description("API keys: who may call, and what they may do");

  withQuiet(keys.command("create <name>"))
    .description("make a key; its text is shown this once")
    .option(
      "--role <roles>",
      "viewer, publisher, operator, approver, application, admin; separated by commas",
    )
    .option("--scope <scopes>", "e.g. events:publish:course,tasks:read; separated by commas")
    .option("--signing", "it is not sent: requests are signed with it")
    .option("--tenant <id>", "for this tenant alone")
    .option("--all-tenants", "for all tenants")
    .option("--for <time>", "ends by itself after e.g. 12h, 90d", seconds)
    .option("--until <time>", "ends by itself at e.g. 2027-05-01T12:00:00Z", instant)
    .action((name: string, options: CreateOptions, command: Command) =>
      create(cliOf(command), name, options),
    );

  withPaging(keys.command("ls", { isDefault: true }))
    .description("keys without their secrets, the newest first")
    .action((options, command: Command) => list(cliOf(command), options));

  keys
    .command("show <id>")
    .description("one key: what it may do, when it was used last")
    .action((id: string, _options, command: Command) => show(cliOf(command), id));

  withQuiet(keys.command("rotate <id>"))
    .description("give the key another secret; the one before stays good for a while")
    .option("--overlap <time>", "how long, e.g. 1h, 7d; default a day", seconds)
    .option("--no-overlap", "not at all: it ends within a minute")
    .action((id: string, options: IssueOptions & { readonly overlap?: number | boolean }, command: Command) =>
      rotate(cliOf(command), id, options),
    );

  withYes(keys.command("revoke <id>"))
    .description("end a key; it opens nothing within a minute")
    .action(async (id: string, options: { readonly yes?: boolean }, command: Command) => {
      await confirm(`End the key ${id}? Whoever uses it is refused from then on.`, options.yes === true);
      await revoke(cliOf(command), id);
    });
}

function withQuiet(command: Command): Command {
  return command.option("-q, --quiet", "the key on standard output, and nothing else");
}

const path = (id: string, rest = "") => `/api/keys/${encodeURIComponent(id)}${rest}`;

/** Undefined: not given. */
function listOf(text: string | undefined): string[] | undefined {
  return text?.split(",").map((part) => part.trim());
}

async function create(cli: Cli, name: string, options: CreateOptions): Promise<void> {
  if (options.role === undefined && options.scope === undefined)
    throw new UsageError("Say with --role or --scope what the key may do.");
  if (options.tenant !== undefined && options.allTenants === true)
    throw new UsageError("Give --tenant or --all-tenants, not both.");
  if (options.for !== undefined && options.until !== undefined)
    throw new UsageError("Give --for or --until, not both.");
  const expiresAt =
    options.for === undefined ? options.until : new Date(Date.now() + options.for * 1_000).toISOString();
  const issued = await cli.client.postOnce<IssuedKey>("/api/keys", {
    name,
    kind: options.signing === true ? "signing" : undefined,
    roles: listOf(options.role),
    scopes: listOf(options.scope),
    // Left out it is that of the credential.
    tenant_id: options.allTenants === true ? null : options.tenant,
    expires_at: expiresAt,
  });
  report(cli, issued, options);
}

async function rotate(
  cli: Cli,
  id: string,
  { overlap, quiet }: IssueOptions & { readonly overlap?: number | boolean },
): Promise<void> {
  const overlapSeconds = typeof overlap === "number" ? overlap : overlap === false ? 0 : undefined;
  const issued = await cli.client.postOnce<IssuedKey>(path(id, "/rotate"), {
    overlap_seconds: overlapSeconds,
  });
  report(cli, issued, { quiet: quiet === true });
}

/** The key goes to standard output alone, so that it can be piped; what people want to know stands beside it. */
function report({ out }: Cli, issued: IssuedKey, { quiet }: IssueOptions): void {
  if (out.json) {
    out.data(issued);
    return;
  }
  if (quiet !== true) out.note(`${describe(issued)}\nKeep this, it is not shown again:`);
  out.line(issued.key);
}

async function list(
  cli: Cli,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): Promise<void> {
  interface Keys {
    readonly keys: readonly Key[];
    readonly next_cursor: string | null;
  }
  const answer = await cli.client.get<Keys>("/api/keys", { limit, cursor });
  if (cli.out.json) return cli.out.data(answer);
  if (answer.keys.length === 0) return cli.out.line("There are no keys.");
  cli.out.line(
    table(answer.keys, [
      ["ID", (row) => row.id],
      ["NAME", (row) => row.name],
      ["TENANT", (row) => row.tenant_id ?? "all"],
      ["SCOPES", (row) => row.scopes.join(" ")],
      ["STATUS", (row) => row.status],
      ["EXPIRES", (row) => row.expires_at],
      ["LAST USED", (row) => row.last_used_at],
    ]),
  );
  noteNextPage(cli, answer.next_cursor);
}

async function show({ client, out }: Cli, id: string): Promise<void> {
  const answer = await client.get<Key>(path(id));
  if (out.json) return out.data(answer);
  out.line(describe(answer));
}

function describe(key: Key): string {
  return facts([
    ["id", key.id],
    ["begins with", key.prefix],
    ["name", key.name],
    ["tenant", key.tenant_id ?? "all"],
    ["scopes", key.scopes.join(" ")],
    ["status", key.status],
    ["expires", key.expires_at],
    ["secret before is good until", key.previous_until],
    ["last used", key.last_used_at],
    ["made", key.created_at],
    ["by", key.created_by],
  ]);
}

async function revoke({ client, out }: Cli, id: string): Promise<void> {
  const answer = await client.post<Key>(path(id, "/revoke"));
  if (out.json) return out.data(answer);
  out.line(`The key ${answer.id} (${answer.name}) is revoked; it opens nothing within a minute.`);
}
