import type { FoundSession } from "./sessions/store.ts";
import type { KeyRow } from "./tables.ts";

const maxKept = 1_000;

/** Rows by what finds them; null for what there is none of. */
function createRowCache<Row>() {
  interface Kept {
    readonly row: Row | null;
    readonly untilMs: number;
  }
  // Apart, so that ids which somebody makes up push no row out.
  const [known, unknown] = [new Map<string, Kept>(), new Map<string, Kept>()];
  return {
    /** Undefined: not known here, ask. */
    find(id: string, nowMs: number): Row | null | undefined {
      const kept = known.get(id) ?? unknown.get(id);
      return kept === undefined || kept.untilMs <= nowMs ? undefined : kept.row;
    },
    keep(id: string, row: Row | null, untilMs: number): void {
      const kept = row === null ? unknown : known;
      (row === null ? known : unknown).delete(id);
      kept.delete(id);
      kept.set(id, { row, untilMs });
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
  };
}

/*
 * What this isolate has read, so that a request with it asks nobody. What is revoked is good until its time here is over.
 */

/** By their ids. */
export const isolateKeys = createRowCache<KeyRow>();
/** By the hashes of their tokens. */
export const isolateSessions = createRowCache<FoundSession>();
