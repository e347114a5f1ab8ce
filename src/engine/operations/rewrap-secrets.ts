import { sql } from "drizzle-orm";
import { defineJob, type ScheduledJob } from "../consume/define/define-job.ts";
import { sealedPrefix, type Vault } from "../core/secrets/vault.ts";
import type { Database } from "../db/database.ts";

/** A column in which secrets are sealed, alone or inside of a document. */
export interface SealedColumn {
  readonly table: string;
  /** The column that names the row in `SecretAddress.row`; its text is unique. */
  readonly id: string;
  readonly column: string;
  readonly type: "text" | "jsonb";
}

/** Rows read at once. */
const pageSize = 100;

/**
 * A job that wraps the secrets of a module with the current key, while the one before it is configured beside it. It
 * looks once an hour; when it has found nothing for the old key, that can be taken away. Without an old key it does
 * nothing. Two at once do the same, and a row that changes meanwhile is left for the next look.
 */
export function rewrapSecrets(name: string, vault: Vault, columns: readonly SealedColumn[]): ScheduledJob {
  return defineJob({
    name,
    async run({ db, log, now, isOver }) {
      const prefix = vault.isRotating ? await vault.currentPrefix() : null;
      if (prefix === null) return null;
      for (const column of columns) {
        const { rewrapped, more } = await rewrapColumn(db, vault, column, prefix, isOver);
        if (rewrapped > 0)
          log.info({ table: column.table, column: column.column, rewrapped }, "Secrets have the new key.");
        if (more) return now();
      }
      return null;
    },
  });
}

async function rewrapColumn(
  db: Database,
  vault: Vault,
  { table, id, column, type }: SealedColumn,
  prefix: string,
  isOver: () => boolean,
): Promise<{ readonly rewrapped: number; readonly more: boolean }> {
  const [from, row, text] = [sql.identifier(table), sql.identifier(id), sql.identifier(column)];
  const other = `${sealedPrefix.replaceAll(".", "\\.")}(?!${prefix.slice(sealedPrefix.length).replaceAll(".", "\\.")})`;
  let rewrapped = 0;
  for (let after = ""; !isOver(); ) {
    const rows = await db.rows<{ row: string; text: string }>(sql`
      SELECT ${row}::text AS row, ${text}::text AS text FROM ${from}
      WHERE ${row}::text > ${after} AND ${text}::text ~ ${other} ORDER BY ${row}::text LIMIT ${pageSize}`);
    for (const old of rows) {
      const anew = await vault.rewrap(old.text, { table, row: old.row, column });
      const written = await db.rows(sql`
        UPDATE ${from} SET ${text} = ${anew}::${sql.raw(type)}
        WHERE ${row}::text = ${old.row} AND ${text}::text = ${old.text} RETURNING 1`);
      rewrapped += written.length;
      after = old.row;
    }
    if (rows.length < pageSize) return { rewrapped, more: false };
  }
  return { rewrapped, more: true };
}
