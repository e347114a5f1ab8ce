import { type SQL, type SQLWrapper, sql } from "drizzle-orm";

/*
 * Advisory locks of Postgres, all of them. The keys of events have the space of one integer to themselves, as hashes of 64
 * bits (`record_events` in the migration `record_function`); whatever else is locked has the space of two, a class and a number. So no event's key, whatever it is called, can
 * share a lock with anything but another key.
 *
 * @see https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS
 */

/** Classes of the space of two integers. A number is never used again for something else. */
const classes = {
  /** 1: the layout of the shards; 2 and on: turns of statements with many keys. */
  publishing: 1_918_985_580,
  /** 1: which bulk operations run. */
  bulk: 1_918_985_581,
  /** Hashes of a payment's id at its provider. */
  payments: 1_918_985_582,
  /** 1: who applies migrations. */
  migrations: 1_918_985_583,
  /** Names of tenants that have a quota of missions. */
  missions: 1_918_985_584,
} as const;

export type LockClass = keyof typeof classes;

/**
 * The lock under which releases up to 0019 apply migrations; its number spells "brai". It is in the space of the keys,
 * where only a key whose 64-bit hash is this very number would share it.
 */
export const formerMigrationLock: SQL = sql.raw(String(0x62726169));

/** Arguments of a function that takes the lock with this number. @param number or the parameter that has it */
export function numberedLock(lockClass: LockClass, number: number | SQLWrapper): SQL {
  const place = typeof number === "number" ? sql.raw(String(number)) : sql`${number}::integer`;
  return sql`${sql.raw(String(classes[lockClass]))}, ${place}`;
}

/** The same for a name; two names may share a lock, which costs a wait and nothing else. */
export function namedLock(lockClass: LockClass, name: string): SQL {
  return sql`${sql.raw(String(classes[lockClass]))}, hashtext(${name})`;
}
