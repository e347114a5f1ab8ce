import { TransientError } from "../core/errors.ts";
import { completeUpTo } from "../events/complete-up-to.ts";
import { settleUndecided } from "../events/foreign-entries.ts";
import type { Invocation } from "../invocation.ts";
import { throughIndexSql } from "./archive-sql.ts";
import { blockHash, listingOf } from "./row-hash.ts";
import {
  addBlockSql,
  beginSealSql,
  type NextDay,
  nextDaySealedSql,
  readRows,
  type Seal,
  sealsSql,
} from "./seal-sql.ts";

/*
 * The hash chain. Each UTC day is sealed an hour after its end: its rows, own and foreign ones, in blocks of up to 1,000.
 * A block lists position and hash of each row, and its hash is over the one before it and the list. The hash of the last
 * block is the root of the day, with which the next day begins. So changes show:
 *
 * - a row that is changed, removed or added differs from the list of its block
 * - a block that is changed with it does not fit the next one
 * - a chain that is made anew has another root than the one that was sent outside
 *
 * What belongs to a day are the rows between two positions, and the second one is chosen where all rows up to it are
 * there. A row of yesterday that commits later stands behind it: it belongs to the day sealed next.
 */

export interface SealReport {
  /** Days sealed in this run. */
  readonly days: readonly string[];
  /** Rows that came into blocks. */
  readonly rows: number;
  /** Time was used up before all was sealed. */
  readonly more: boolean;
}

export const firstRoot = "0".repeat(64);

/**
 * Seals the days that are over.
 *
 * @param mayGoOn false when time or calls are used up: no further block is begun
 * @throws {TransientError} Postgres is not reachable, or another janitor goes on with the same day; the next run goes on
 */
export async function sealDays(invocation: Invocation, mayGoOn: () => boolean): Promise<SealReport> {
  const { db, log } = invocation;
  const days: string[] = [];
  let rows = 0;
  for (;;) {
    if (!mayGoOn()) return { days, rows, more: true };
    const [last] = await db.rows<Seal>(sealsSql(null, 1));
    let seal =
      last === undefined || last.sealed_at !== null ? await beginNext(invocation, last ?? null) : last;
    if (seal === null) return { days, rows, more: false };
    while (seal.sealed_at === null) {
      if (!mayGoOn()) return { days, rows, more: true };
      const before = seal.rows;
      seal = await addBlock(invocation, seal);
      rows += seal.rows - before;
    }
    days.push(seal.day);
    log.info({ day: seal.day, rows: seal.rows, root: seal.root }, "A day was sealed.");
  }
}

/** @returns null: no day is to be sealed, or one that is has a transaction or an entry that is not over yet */
async function beginNext({ db }: Invocation, last: Seal | null): Promise<Seal | null> {
  await settleUndecided(db);
  const [, found] = await db.batch([throughIndexSql, nextDaySealedSql(last)]);
  const next = found?.[0] as NextDay | undefined;
  if (next === undefined) return null;
  const complete = Number(await completeUpTo(db));
  const bounds = [Number(next.last), complete];
  if (next.undecided !== null) bounds.push(Number(next.undecided) - 1);
  const to = Math.min(...bounds);
  if (to < Number(next.first)) return null;
  const from = last?.to ?? String(Number(next.first) - 1);
  const previous = last?.root ?? firstRoot;
  const [seal] = await db.rows<Seal>(beginSealSql({ day: next.day, from, to: String(to), previous }));
  if (seal === undefined) throw new TransientError(`Another janitor seals ${next.day}.`);
  return seal;
}

async function addBlock({ db }: Invocation, seal: Seal): Promise<Seal> {
  const { rows, reached } = await readRows(db, seal.cursor, seal.to);
  const bounds = {
    from: seal.cursor,
    to: reached,
    listing: await listingOf(rows.map((row) => ({ ...row }))),
  };
  const hash = await blockHash(seal.root, bounds);
  const block = { ...bounds, number: seal.blocks + 1, rows: rows.length, hash };
  const [moved] = await db.rows<Seal>(addBlockSql(seal, block));
  if (moved === undefined) throw new TransientError(`Another janitor seals ${seal.day}.`);
  return moved;
}
