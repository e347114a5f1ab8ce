import type { Catalog } from "@brain/schemas";
import type { Decision } from "../../core/retry.ts";
import type { Database, FenceText } from "../../db/database.ts";
import type { RecordAtEnd } from "../../publish/publish.ts";
import type { Delivery, Runnable } from "../delivery.ts";
import type { HandlerDeps } from "./handler-run.ts";

/** What became of one delivery. */
export interface Applied {
  readonly delivery: Runnable;
  readonly decision: Decision;
  /** How a duplicate was told: the same entry, or the same event under another id. */
  readonly duplicate: "redelivered" | "published_twice" | null;
  /** What was thrown; null when nothing was. */
  readonly error: unknown;
  /** Null when no handler came to its end. */
  readonly times: HandledTimes | null;
  /** The failure costs no attempt, because the circuit breaker is open. */
  readonly uncounted?: boolean;
}

/** When it was handled. */
export interface HandledTimes {
  /** Its share of the time in its handler. */
  readonly processingMs: number;
  /** Unix ms. */
  readonly committedMs: number;
}

export interface ApplyResult {
  readonly applied: readonly Applied[];
  /** Not tried: time was up, the database was away, or an older delivery with the same key failed. */
  readonly untried: readonly Runnable[];
  /** The database could not be reached; trying on would only count attempts. */
  readonly unavailable: unknown;
}

export interface ApplyDeps extends HandlerDeps {
  readonly db: Database;
  /** What the types of claims are called now. */
  readonly catalog: Catalog;
  readonly stream: string;
  readonly shard: number;
  /** Called after each commit that recorded events; starts the relay. */
  readonly onPublished: () => void;
  /** How what handlers publish is recorded; left out: it is, and nothing else. */
  readonly recordAtEnd?: RecordAtEnd;
  /** The fence of this drain's transactions. */
  readonly fence: () => FenceText;
  /** Judges a failure before it counts; `stop` ends the list there, and what is left of it was not tried. */
  readonly judge: (failure: Applied) => { readonly failure: Applied; readonly stop: boolean };
  /** Called when the handlers of a transaction have come to their end: only the answer to its COMMIT is waited for. */
  readonly onEnding?: () => void;
  /** Called after each commit in which a handler ran, with what it ran for. */
  readonly onApplied: (applied: readonly Delivery[]) => void;
  /** Which migrations the database lacks, as a sentence; null when none. Asked only when a statement does not fit there. */
  readonly schemaLacks: () => Promise<string | null>;
}
