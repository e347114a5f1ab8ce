import type { Client } from "@neondatabase/serverless";
import { PermanentError } from "../core/errors.ts";
import { bare, steeringWord } from "./statement-text.ts";
import type { TransactionStatus } from "./transaction-status.ts";

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

/** A statement of a transaction, and its answer. @see `ask` in `connection.ts` */
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
const notRead =
  "The name of a savepoint was not understood: expected letters, digits and underscores, or a name in double quotes, at most 63 bytes. Use tx.transaction, or such a name.";

export function guardClient(
  ask: Ask,
  status: TransactionStatus,
  savepoints: Savepoints | null,
): GuardedClient {
  let refusal: string | null = null;
  const refuse = (why: string): never => {
    refusal = why;
    throw new PermanentError(why);
  };
  const query = async (...args: unknown[]) => {
    if (refusal !== null) throw new PermanentError(refusal);
    const text = textOf(args);
    if (meansEnd(text)) return refuse(endedInside);
    const answer = await ask(args).catch(async (error: unknown) => {
      await status.settled();
      // A COMMIT that fails ends it as well.
      if (!status.isOpen()) refusal = endedInside;
      else if (isSeveral(text) && namesSavepoint.test(text)) refusal = togetherWithOthers;
      throw error;
    });
    const commands = commandsOf(answer);
    if (!status.isOpen() || commands.includes("COMMIT")) return refuse(endedInside);
    const steered = commands.find((command) => steering[command] !== undefined);
    if (steered === undefined) return answer;
    if (commands.length > 1) return refuse(togetherWithOthers);
    const step = readStep(steered, text);
    if (step === null) return refuse(notRead);
    savepoints?.[step.tell](step.name);
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

/** What ends the transaction is not sent, where the text begins with it; behind others it is found by what came of it. */
function meansEnd(text: string): boolean {
  const word = steeringWord(text);
  if (word === null || word === "savepoint" || word === "release") return false;
  return word !== "rollback" || !goesBack.test(bare(text));
}

/** Goes by words, and rather finds too much: it is asked of texts that failed. */
const isSeveral = (text: string) => /;\s*\S/.test(text);
const namesSavepoint = /\b(?:savepoint|release|rollback)\b/i;

/** An identifier; without quotes it is folded to lower case. */
const nameInSql = String.raw`("(?:[^"]|"")+"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)`;
const backInSql = String.raw`rollback\s+(?:(?:work|transaction)\s+)?to\b`;
const goesBack = new RegExp(`^${backInSql}`, "i");
/**
 * By the answer: what such a statement looks like, and what it means for savepoints. ROLLBACK is the answer to ROLLBACK TO,
 * too, and AND CHAIN leaves a transaction open, but another one.
 *
 * @see https://www.postgresql.org/docs/current/sql-rollback-to.html
 */
const steering: Readonly<
  Record<string, { readonly form: RegExp; readonly tell: keyof Savepoints } | undefined>
> = {
  SAVEPOINT: { form: new RegExp(String.raw`^savepoint\b\s*${nameInSql}$`, "i"), tell: "set" },
  RELEASE: {
    form: new RegExp(String.raw`^release\b\s*(?:savepoint\b\s*)?${nameInSql}$`, "i"),
    tell: "release",
  },
  ROLLBACK: {
    form: new RegExp(String.raw`^${backInSql}\s*(?:savepoint\b\s*)?${nameInSql}$`, "i"),
    tell: "back",
  },
};

/** Longer names are cut by Postgres: https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS */
const maxNameBytes = 63;

/** @returns null when the statement, or the name in it, is not understood */
function readStep(command: string, text: string): { tell: keyof Savepoints; name: string } | null {
  const { form, tell } = steering[command] ?? {};
  const written = form?.exec(bare(text))?.[1];
  if (tell === undefined || written === undefined) return null;
  const name = written.startsWith('"')
    ? written.slice(1, -1).replaceAll('""', '"')
    : written.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  return new TextEncoder().encode(name).length > maxNameBytes ? null : { tell, name };
}
