import type { Client } from "@neondatabase/serverless";
import { PermanentError } from "../core/errors.ts";

/*
 * What `run` of a transaction gets in place of the connection: nobody runs statements outside of the transaction with it,
 * neither behind its end nor by ending it from inside.
 */

/** Told of the savepoints of a transaction, by their names. */
export interface Savepoints {
  set(name: string): void;
  /** It, and those set behind it, are no more; what was done since stays. */
  release(name: string): void;
  /** What was done since it was set is taken back. */
  back(name: string): void;
}

/** A statement of a transaction, and its answer. @see `ask` in `session.ts` */
type Ask = (args: readonly unknown[]) => Promise<unknown>;

export interface GuardedClient {
  readonly client: Client;
  /** Further statements are refused. */
  close(): void;
  /** The same. @throws {PermanentError} a statement was refused, and its error was not passed on */
  end(): void;
}

const behindItsEnd =
  "This transaction has ended. Await every statement before the handler returns, and do not keep `tx`.";
const endedInside =
  "A statement in this transaction has ended it: COMMIT, ROLLBACK or one that means the same. Leave that out: the transaction is committed when its function returns, and rolled back when it throws. To take a part of it back use a savepoint (tx.transaction).";

// Which of them failed, or belongs to which savepoint, could not be told.
const togetherWithOthers =
  "A text of several statements has SAVEPOINT, RELEASE or ROLLBACK TO among them. Give each of these a statement of its own, or use tx.transaction.";

export function guardClient(ask: Ask, savepoints: Savepoints | null): GuardedClient {
  let refusal: string | null = null;
  const query = async (...args: unknown[]) => {
    if (refusal !== null) throw new PermanentError(refusal);
    const text = textOf(args);
    const answer = await ask(args).catch((error: unknown) => {
      // A COMMIT that fails ends it as well.
      if (meansEnd.test(text) && !goesBack.test(text)) refusal = endedInside;
      throw error;
    });
    const commands = commandsOf(answer);
    if (commands.some((command) => endsTransaction(command, text))) {
      refusal = endedInside;
      throw new PermanentError(refusal);
    }
    if (commands.length > 1 && commands.some((command) => savepointNames[command] !== undefined)) {
      refusal = togetherWithOthers;
      throw new PermanentError(refusal);
    }
    if (savepoints !== null) tellOfSavepoint(text, commands, savepoints);
    return answer;
  };
  const close = () => {
    refusal ??= behindItsEnd;
  };
  return {
    client: { query } as unknown as Client,
    close,
    end() {
      close();
      if (refusal !== null && refusal !== behindItsEnd) throw new PermanentError(refusal);
    },
  };
}

/** Drizzle gives the text, or `{ text }`. */
function textOf([given]: readonly unknown[]): string {
  return typeof given === "string" ? given : (given as { readonly text: string }).text;
}

/** The first word of each answer; several statements in one text have several. */
function commandsOf(answer: unknown): readonly string[] {
  const answers = (Array.isArray(answer) ? answer : [answer]) as { readonly command?: string | null }[];
  return answers.map(({ command }) => command ?? "");
}

/**
 * Postgres tells by its answer what a statement was: END answers COMMIT, ABORT answers ROLLBACK. To go back to a savepoint
 * answers ROLLBACK, too.
 *
 * @see https://www.postgresql.org/docs/current/sql-rollback-to.html
 */
function endsTransaction(command: string, text: string): boolean {
  return command === "COMMIT" || (command === "ROLLBACK" && !goesBack.test(text));
}

const meansEnd = /^\s*(?:commit|end|abort|rollback|prepare\s+transaction)\b/i;
const goesBack = /\brollback\s+(?:work\s+|transaction\s+)?to\s/i;

const nameInSql = String.raw`("(?:[^"]|"")+"|[^\s";]+)`;
/** By the answer: where the name of the savepoint stands. */
const savepointNames: Readonly<
  Record<string, { readonly name: RegExp; readonly tell: keyof Savepoints } | undefined>
> = {
  SAVEPOINT: { name: new RegExp(String.raw`^\s*savepoint\s+${nameInSql}`, "i"), tell: "set" },
  RELEASE: {
    name: new RegExp(String.raw`^\s*release\s+(?:savepoint\s+)?${nameInSql}`, "i"),
    tell: "release",
  },
  ROLLBACK: {
    name: new RegExp(
      String.raw`^\s*rollback\s+(?:work\s+|transaction\s+)?to\s+(?:savepoint\s+)?${nameInSql}`,
      "i",
    ),
    tell: "back",
  },
};

function tellOfSavepoint(text: string, [command = "", ...more]: readonly string[], to: Savepoints): void {
  const form = more.length === 0 ? savepointNames[command] : undefined;
  const name = form?.name.exec(text)?.[1];
  // Names without quotes are folded to lower case.
  if (form !== undefined && name !== undefined)
    to[form.tell](name.startsWith('"') ? name : `"${name.toLowerCase()}"`);
}
