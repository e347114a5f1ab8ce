import { sql } from "drizzle-orm";
import { hexOf } from "../core/encoding/hex.ts";
import { NotFoundError } from "../core/errors.ts";
import { archivedLines } from "../events/archive-lines.ts";
import type { Invocation } from "../invocation.ts";
import { blockHash, readListing, rowHash } from "./row-hash.ts";
import { firstRoot } from "./seal-days.ts";
import { type Block, blocksSql, readRows, type Seal, type StoredRow, sealOfSql } from "./seal-sql.ts";

/*
 * Compares a sealed day with what is stored of it: in the record, among the entries of other programs, and in the files of
 * the archive where rows went there. Some blocks at a time, so that a day of any size is looked at in bounded memory.
 */

/** The first thing that is not as it was sealed. */
export interface AuditFault {
  /** `chain`: a seal or a block itself does not fit; the others are about one row. */
  readonly kind: "changed" | "removed" | "added" | "chain";
  /** Of the row; null for the chain. */
  readonly position: number | null;
  /** Id and type of the event that stands there; null where none does, or the entry has none. */
  readonly id: string | null;
  readonly type: string | null;
  readonly message: string;
}

export interface Verification {
  readonly day: string;
  readonly root: string;
  /** Rows that the looked at blocks list. */
  readonly rows: number;
  /** Null: all is as it was sealed, as far as was looked. */
  readonly fault: AuditFault | null;
  /** Where the next look begins; null: the whole day was looked at. */
  readonly next_block: number | null;
}

/** Blocks of one look: a file of the archive is read once for all of them. */
const blocksAtOnce = 50;

/**
 * @param after number of the last block of an earlier look; 0: from the beginning
 * @throws {NotFoundError} the day is not sealed
 */
export async function verifyDay(invocation: Invocation, day: string, after: number): Promise<Verification> {
  const [seal, before] = await invocation.db.rows<Seal>(sealOfSql(day));
  if (seal === undefined || seal.day !== day || seal.sealed_at === null) {
    throw new NotFoundError(
      `The day ${day} is not sealed: it has no rows, is not over for an hour, or the janitor has not come to it.`,
    );
  }
  const blocks = await invocation.db.rows<Block>(blocksSql(day, after - 1, blocksAtOnce + 1));
  const known = after === 0 ? null : (blocks.shift() ?? null);
  const looked = blocks.slice(0, blocksAtOnce);
  const isEnd = blocks.length <= blocksAtOnce;
  const state = { root: known?.hash ?? seal.previous, to: known?.to ?? seal.from, number: after };
  const fault =
    brokenLink(seal, before ?? null) ??
    (await brokenChain(seal, looked, state, isEnd)) ??
    (await firstFault(invocation, seal, looked));
  const rows = looked.reduce((sum, block) => sum + block.rows, 0);
  const last = looked.at(-1)?.number ?? after;
  return { day, root: seal.root, rows, fault, next_block: isEnd || fault !== null ? null : last };
}

function chainFault(message: string): AuditFault {
  return { kind: "chain", position: null, id: null, type: null, message };
}

/** How the day hangs together with the one sealed before it. */
function brokenLink(seal: Seal, before: Seal | null): AuditFault | null {
  if (before === null) {
    if (seal.previous === firstRoot) return null;
    return chainFault(`The seal of ${seal.day} follows another day, and there is no seal before it.`);
  }
  if (seal.previous === before.root && seal.from === before.to) return null;
  return chainFault(
    `The seal of ${seal.day} does not follow that of ${before.day}: one of them was changed, or one between them removed.`,
  );
}

async function brokenChain(
  seal: Seal,
  blocks: readonly Block[],
  start: { readonly root: string; readonly to: string; readonly number: number },
  isEnd: boolean,
): Promise<AuditFault | null> {
  let { root, to, number } = start;
  for (const block of blocks) {
    number += 1;
    const fits =
      block.number === number && block.from === to && (await blockHash(root, block)) === block.hash;
    const hasRows = readListing(block.listing).size === block.rows;
    if (!fits || !hasRows) {
      return chainFault(`Block ${number} of ${seal.day} does not fit the chain: it was changed or removed.`);
    }
    ({ hash: root, to } = block);
  }
  if (!isEnd || (root === seal.root && to === seal.to && number === seal.blocks)) return null;
  return chainFault(
    `The blocks of ${seal.day} do not end in its root: its seal or its last blocks were changed.`,
  );
}

interface Missing {
  readonly hash: string;
  found: boolean;
}

async function firstFault(
  invocation: Invocation,
  seal: Seal,
  blocks: readonly Block[],
): Promise<AuditFault | null> {
  const faults: AuditFault[] = [];
  const missing = new Map<number, Missing>();
  for (const block of blocks) {
    const fault = await compareBlock(invocation, block, missing);
    if (fault === null) continue;
    faults.push(fault);
    break;
  }
  if (missing.size > 0) faults.push(...(await lookInArchive(invocation, seal.day, missing)));
  return faults.toSorted((a, b) => (a.position ?? 0) - (b.position ?? 0))[0] ?? null;
}

/** Compares the rows that are there; what is not is added to `missing`. */
async function compareBlock(
  { db }: Invocation,
  block: Block,
  missing: Map<number, Missing>,
): Promise<AuditFault | null> {
  const listed = readListing(block.listing);
  const present = new Set<number>();
  let fault: AuditFault | null = null;
  for (let from = block.from; fault === null && Number(from) < Number(block.to); ) {
    const { rows, reached } = await readRows(db, from, block.to);
    for (const row of rows) {
      const hash = listed.get(row.position);
      if (hash === undefined) fault = rowFault("added", row);
      else if (hexOf(await rowHash({ ...row })) !== hash) fault = rowFault("changed", row);
      if (fault !== null) break;
      present.add(row.position);
    }
    from = reached;
  }
  // What is missing before a fault comes first.
  for (const [position, hash] of listed) {
    if (position >= (fault?.position ?? Number.POSITIVE_INFINITY)) break;
    if (!present.has(position)) missing.set(position, { hash, found: false });
  }
  return fault;
}

const told = {
  changed: "is not as it was sealed",
  added: "was not there when its day was sealed",
  removed: "was there when its day was sealed, and is neither in the record nor in the archive",
} as const;

function rowFault(
  kind: keyof typeof told,
  row: Pick<StoredRow, "position" | "id" | "type">,
  where = "",
): AuditFault {
  const { position, id, type } = row;
  const name = id === null ? "" : ` (${type ?? "no type"}, ${id})`;
  return {
    kind,
    position,
    id,
    type,
    message: `The row at position ${position}${name}${where} ${told[kind]}.`,
  };
}

/** Looks for missing rows in the files of the day and of its neighbours, into which rows around midnight may have gone. */
async function lookInArchive(
  { db, archive }: Invocation,
  day: string,
  missing: ReadonlyMap<number, Missing>,
): Promise<AuditFault[]> {
  const days = await db.rows<{ day: string }>(sql`
    SELECT day::text AS day FROM archive_days
    WHERE archived_at IS NOT NULL AND day BETWEEN ${day}::date - 1 AND ${day}::date + 1 ORDER BY day`);
  const faults: AuditFault[] = [];
  for (const { day: file } of archive === null ? [] : days) {
    if (archive === null) break;
    for await (const line of archivedLines(archive, file)) {
      const { position } = line;
      const sought = position === null ? undefined : missing.get(position);
      if (sought === undefined || position === null) continue;
      sought.found = true;
      if (hexOf(await rowHash({ ...line, position })) === sought.hash) continue;
      const [id, type] = [textOf(line.id), textOf(line.type)];
      faults.push(rowFault("changed", { position, id, type }, ` in the archive of ${file}`));
    }
  }
  for (const [position, { found }] of missing) {
    if (!found) faults.push(rowFault("removed", { position, id: null, type: null }));
  }
  return faults;
}

const textOf = (value: unknown) => (typeof value === "string" ? value : null);
