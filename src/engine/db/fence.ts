import { sqlState } from "./errors.ts";

declare const fenceBrand: unique symbol;
/** A statement made by `fenceText`. */
export type FenceText = string & { readonly [fenceBrand]: true };

/**
 * The statement that lets a transaction commit only under the fencing token that its worker began with. It fails when another
 * worker has raised it, or nobody has set it, and locks the row until the commit, so that nobody raises it in between.
 *
 * @param subscriber a checked name: lower-case letters, digits, underscores
 */
export function fenceText(subscriber: string, shard: number, fencingToken: number): FenceText {
  if (!/^[a-z0-9_]+$/.test(subscriber)) throw new Error(`"${subscriber}" is not a subscriber's name.`);
  // A cast that fails is the one way for a plain statement to end a transaction; the column keeps it from being
  // evaluated while the statement is planned. Without a row, because the record was set back, there is no token.
  const row = `SELECT epoch FROM consumer_shards WHERE subscriber_name = '${subscriber}' AND shard = ${Math.trunc(shard)} FOR SHARE`;
  return `SELECT CASE WHEN epoch = ${Math.trunc(fencingToken)} THEN 0 ELSE concat('${fencedWord} ', epoch)::integer END
    FROM (SELECT (${row}) AS epoch) AS fence` as FenceText;
}

const fencedWord = "fenced by epoch";

/** SQLSTATE of the cast by which a statement ends a transaction; what tells it from another cast is our own word in it. */
const castRefused = "22P02";

function describes(error: Error, word: string): boolean {
  return error.message.includes(word) || (error.cause instanceof Error && describes(error.cause, word));
}

/** True when a statement ended a transaction by a cast of a text that begins with this word of its own. */
export function endedByWord(error: unknown, word: string): boolean {
  return sqlState(error) === castRefused && error instanceof Error && describes(error, word);
}

/** True when the statement of `fenceText` ended a transaction: another worker has raised the token. */
export function isFenced(error: unknown): boolean {
  return endedByWord(error, fencedWord);
}
