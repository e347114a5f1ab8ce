import type { KeyRow } from "./tables.ts";

/** A key as it was read; null: there is none with this id. */
interface Kept {
  readonly row: KeyRow | null;
  readonly untilMs: number;
}

const maxKept = 1_000;

function createKeyCache() {
  // Apart, so that ids which somebody makes up push no key out.
  const [known, unknown] = [new Map<string, Kept>(), new Map<string, Kept>()];
  return {
    /** Undefined: not known here, ask. */
    find(id: string, nowMs: number): KeyRow | null | undefined {
      const kept = known.get(id) ?? unknown.get(id);
      return kept === undefined || kept.untilMs <= nowMs ? undefined : kept.row;
    },
    keep(id: string, row: KeyRow | null, untilMs: number): void {
      const kept = row === null ? unknown : known;
      (row === null ? known : unknown).delete(id);
      kept.delete(id);
      kept.set(id, { row, untilMs });
      const [oldest] = kept.keys();
      if (kept.size > maxKept && oldest !== undefined) kept.delete(oldest);
    },
    /** The key was used in this hour; how long it is kept stays as it is. */
    noteUse(id: string, hour: Date): void {
      const kept = known.get(id);
      if (kept?.row) known.set(id, { ...kept, row: { ...kept.row, lastUsedAt: hour } });
    },
    forget(id: string): void {
      known.delete(id);
      unknown.delete(id);
    },
  };
}

/**
 * Keys that this isolate has read, so that a request with one of them asks nobody. A revoked key is good until its time
 * here is over.
 */
export const isolateKeys = createKeyCache();
