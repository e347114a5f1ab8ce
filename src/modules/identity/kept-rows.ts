import type { FoundSession } from "./sessions/store.ts";
import type { KeyRow } from "./tables.ts";

const maxKept = 1_000;

/** Rows by what finds them; null for what there is none of. */
function createRowCache<Row>() {
  interface Kept {
    readonly row: Row | null;
    readonly sinceMs: number;
    readonly keepMs: number;
  }
  // Apart, so that ids which somebody makes up push no row out.
  const [known, unknown] = [new Map<string, Kept>(), new Map<string, Kept>()];
  return {
    /** Undefined: not known here, ask. */
    find(id: string, nowMs: number): Row | null | undefined {
      const kept = known.get(id) ?? unknown.get(id);
      if (kept === undefined) return undefined;
      // Neither is it kept for longer when the clock was set back.
      const ageMs = nowMs - kept.sinceMs;
      return ageMs >= 0 && ageMs < kept.keepMs ? kept.row : undefined;
    },
    keep(id: string, row: Row | null, sinceMs: number, keepMs: number): void {
      const kept = row === null ? unknown : known;
      (row === null ? known : unknown).delete(id);
      kept.delete(id);
      kept.set(id, { row, sinceMs, keepMs });
      const [oldest] = kept.keys();
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
    },
    /** The row has changed; how long it is kept stays as it is. */
    change(id: string, row: Row): void {
      const kept = known.get(id);
      if (kept !== undefined) known.set(id, { ...kept, row });
    },
    forget(id: string): void {
      known.delete(id);
      unknown.delete(id);
    },
    forgetThose(areMeant: (row: Row) => boolean): void {
      for (const [id, { row }] of known) if (row !== null && areMeant(row)) known.delete(id);
    },
  };
}

/*
 * What this isolate has read, so that a request with it asks nobody. What another isolate revokes is good until its time
 * here is over; what this one revokes, it forgets.
 */

/** By their ids. */
export const isolateKeys = createRowCache<KeyRow>();
/** By the hashes of their tokens, also earlier ones. */
export const isolateSessions = createRowCache<FoundSession>();

/** Whatever was read of this session, by whichever of its tokens. */
export function forgetSession(id: string): void {
  isolateSessions.forgetThose(({ session }) => session.id === id);
}

/** Also of the sessions that were opened with it. */
export function forgetKey(id: string): void {
  isolateKeys.forget(id);
  isolateSessions.forgetThose(({ key }) => key?.id === id);
}
