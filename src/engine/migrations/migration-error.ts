import { PermanentError } from "../core/errors.ts";

/** What was being done when a run failed. */
export interface FailedStep {
  /** Tag of the migration; null: the journal was being read or written. */
  readonly migration: string | null;
  /** Number of the statement in the migration, from 1. */
  readonly statement: number | null;
  readonly statements: number | null;
}

/** A migration was refused. Nothing of its run is left in the database, neither tables nor notes. */
export class MigrationError extends PermanentError implements FailedStep {
  readonly migration: string | null;
  readonly statement: number | null;
  readonly statements: number | null;
  /** SQLSTATE; null when Postgres did not say anything. */
  readonly sqlState: string | null;

  constructor(step: FailedStep, cause: unknown) {
    const refusal = refusalOf(cause);
    super(describe(step, refusal), { cause, backend: "postgres" });
    this.migration = step.migration;
    this.statement = step.statement;
    this.statements = step.statements;
    this.sqlState = refusal?.code ?? null;
  }
}

function describe({ migration, statement, statements }: FailedStep, refusal: Refusal | null): string {
  const where =
    migration === null
      ? "The list of migrations that were applied cannot be read or written"
      : `Migration ${migration} failed at statement ${statement} of ${statements}`;
  const what =
    refusal === null
      ? "the connection was lost before Postgres answered"
      : `${refusal.message} (SQLSTATE ${refusal.code})`;
  return `${where}: ${what}. Nothing of this run was applied. ${whatToDo(refusal)}`;
}

/** By SQLSTATE, or its class. @see https://www.postgresql.org/docs/current/errcodes-appendix.html */
const remedies: readonly (readonly [prefix: string, remedy: string])[] = [
  ["42501", "Run it as the role that owns the tables and may create schemas."],
  ["25001", "Migrations run in one transaction: take this statement out of it and run it by hand."],
  ["42P07", "Something of this name was made by somebody else: look at it, and rename or remove it."],
  ["08", "Run it again."],
  ["40", "Run it again."],
  ["53", "Run it again when the server has room."],
  ["55P03", "Run it again when less is going on."],
  ["57", "Run it again."],
];

function whatToDo(refusal: Refusal | null): string {
  if (refusal === null) return "Run it again.";
  const found = remedies.find(([prefix]) => refusal.code.startsWith(prefix));
  return refusal.hint ?? found?.[1] ?? "Mend what it names, and run it again.";
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  /** What Postgres, or the migration itself, says to do about it; null: nothing. */
  readonly hint: string | null;
}

/** Deeper chains of causes do not occur; the bound ends circles. */
const maxCauses = 6;

/** Postgres' own answer, whichever driver it came through: all of them keep its fields, and no other error has a severity. */
function refusalOf(error: unknown): Refusal | null {
  let current: unknown = error;
  for (let depth = 0; depth < maxCauses && typeof current === "object" && current !== null; depth += 1) {
    const { code, severity, message, hint, cause } = current as Record<string, unknown>;
    if (typeof code === "string" && typeof severity === "string")
      return { code, message: String(message), hint: typeof hint === "string" && hint !== "" ? hint : null };
    current = cause;
  }
  return null;
}
