/** `npm run migrate` of any product: what its words mean, what it says, and its exit code. */

import type { SchemaState } from "../core/schema-state.ts";
import { MigrationError } from "./migration-error.ts";

/** Brings the database to this release, and says how it stands to it. */
export interface MigrateRun {
  /** @returns the names of what was applied, the oldest first */
  apply(): Promise<readonly string[]>;
  /** Changes nothing. */
  inspect(): Promise<SchemaState>;
  /** Names of migrations that have no statement, see `withoutStatements`; left out: none is known to have none. */
  readonly empty?: readonly string[];
}

export interface MigrateRunOptions {
  /** What stands behind the program: `process.argv.slice(2)`. */
  readonly args: readonly string[];
  /** Where the address of the database is: `process.env`. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Names in `env` under which the address may stand; the first that is set counts. */
  readonly settings: readonly [string, ...string[]];
  /** @param setting the one that has the address, for messages */
  readonly open: (databaseUrl: string, setting: string) => MigrateRun | Promise<MigrateRun>;
  /** Default: the console. */
  readonly print?: { log(line: string): void; error(line: string): void };
}

const flags = ["--dry-run", "--status"];

const usageOf = (setting: string) =>
  `Usage: ${setting}=postgres://user:password@host/database npm run migrate -- [--dry-run | --status]
  --dry-run  says which migrations would be applied, and applies none
  --status   the same; the exit code is 1 when one is missing`;

/**
 * Applies what is missing, or with `--status` and `--dry-run` says what is. Never throws for what a run can meet: it says
 * it in one line.
 *
 * @returns the exit code: 2 for words that it does not know, 1 when it failed or `--status` found something missing
 */
export async function runMigrateCommand(options: MigrateRunOptions): Promise<number> {
  const { args, env, settings, open, print = console } = options;
  const unknown = args.find((arg) => !flags.includes(arg));
  const usage = usageOf(settings[0]);
  if (unknown !== undefined) {
    print.error(`${unknown} is not known.\n${usage}`);
    return 2;
  }
  const setting = settings.find((name) => env[name]);
  const databaseUrl = setting === undefined ? undefined : env[setting];
  if (setting === undefined || databaseUrl === undefined) {
    print.error(`${settings[0]} is not set. Set it to the database to migrate.\n${usage}`);
    return 1;
  }
  if (!URL.canParse(databaseUrl) || !/^postgres(ql)?:/.test(databaseUrl)) {
    print.error(`✗ ${setting} is no address, expected one like postgres://user:password@host:5432/database.`);
    return 1;
  }
  try {
    const migrator = await open(databaseUrl, setting);
    const empty = migrator.empty ?? [];
    if (args.length > 0) return tell(await migrator.inspect(), empty, args.includes("--status"), print);
    const applied = await migrator.apply();
    const noted = applied.filter((name) => empty.includes(name));
    for (const name of applied)
      print.log(noted.includes(name) ? `noted ${name}: ${emptyNow}` : `applied ${name}`);
    print.log(resultOf(applied.length, noted.length));
    return 0;
  } catch (error) {
    print.error(`✗ ${describeFailure(error, setting, new URL(databaseUrl).host)}`);
    return 1;
  }
}

const upToDate = "✓ the database has all migrations of this code";

/** What becomes of a migration without a statement: the journal has it, and looks at it no more. */
const emptyNow =
  "it has no statement, so nothing was changed. What is written into it from now on is never run here: write a new migration.";
const emptyAhead = "it has no statement yet. Write it before it is applied, or remove it.";

function resultOf(applied: number, noted: number): string {
  if (applied === 0) return upToDate;
  return applied === noted ? "✓ nothing was to be changed" : "✓ migrations applied";
}

function tell(
  state: SchemaState,
  empty: readonly string[],
  fails: boolean,
  print: { log(line: string): void },
): number {
  if (state.kind === "behind") {
    for (const name of state.missing)
      print.log(empty.includes(name) ? `missing ${name}: ${emptyAhead}` : `missing ${name}`);
    print.log("Apply them with npm run migrate, before the code that needs them is rolled out.");
    return fails ? 1 : 0;
  }
  if (state.kind === "unknown") {
    print.log("This role may not read which migrations were applied. Ask as the role that owns the tables.");
    return fails ? 1 : 0;
  }
  print.log(
    `${upToDate}${state.kind === "newer" ? "; it has newer ones too, which this code does not need" : ""}`,
  );
  return 0;
}

/** In one line, with the setting where the database could not be used at all. Never the address itself. */
function describeFailure(error: unknown, setting: string, host: string): string {
  const message = firstLine(error);
  // It says all, as does what names the setting itself.
  if (error instanceof MigrationError || message.startsWith(setting)) return message;
  const reason = deepestMessage(error);
  const said = reason === message ? message : `${message} ${reason}`;
  return `${setting} names ${host}, and that failed: ${said.replace(/\.?$/, ".")} Start it, or correct ${setting}.`;
}

const firstLine = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] ?? "";

/** Deeper chains of causes do not occur; the bound ends circles. */
const maxCauses = 6;

/** What began it: the driver, or the network, whose ErrorEvent is no Error. */
function deepestMessage(error: unknown): string {
  let deepest = error;
  let said = firstLine(error);
  for (let depth = 0; depth < maxCauses && typeof deepest === "object" && deepest !== null; depth += 1) {
    const inner = deepest as { cause?: unknown; sourceError?: unknown; error?: unknown; errors?: unknown };
    deepest =
      inner.cause ??
      inner.sourceError ??
      inner.error ??
      (Array.isArray(inner.errors) ? inner.errors[0] : null);
    const { message } = Object(deepest) as { message?: unknown };
    // The several addresses of a name fail together, in an error without words.
    if (typeof message === "string" && message !== "") said = message.split("\n", 1)[0] ?? "";
  }
  return said;
}
