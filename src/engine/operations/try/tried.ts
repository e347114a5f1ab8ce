import type { Catalog, Envelope, MessageId } from "@brain/schemas";
import type { ClaimState } from "../../consume/apply/claim-state.ts";
import type { Consumer, Subscription } from "../../consume/consumer.ts";
import type { TableChange, WatchedStatement } from "../../db/trial.ts";
import type { RecordedEvent } from "../../publish/record.ts";
import type { Collector, WrittenLine } from "./shown-lists.ts";
import type { RefusedCall, TryView } from "./try-view.ts";

/** Time limit of a try, ms; less where the consumer's own is. */
export const tryLimitMs = 10_000;

/** Shown at most, of each list. */
export const maxShown = { statements: 200, events: 100, log: 100, calls: 20 } as const;

/** An event of the record or of a dead letter, and the consumer that tries it. */
export interface TryInput {
  readonly consumer: Consumer;
  /** Names and values of the entry, as on the stream. */
  readonly fields: readonly string[];
  readonly messageId: MessageId;
  /** 0, or the generation of the forced replay that it is of. */
  readonly replayGeneration: number;
  readonly readFrom: TryView["read_from"];
  /** Whose events the reader may see; null: of all. */
  readonly tenantId: string | null;
}

/** What was seen while the handler ran. */
export interface Seen {
  readonly statements: Collector<WatchedStatement>;
  readonly log: Collector<WrittenLine>;
  readonly calls: Collector<RefusedCall>;
}

/** How a handler ended, in a transaction that was rolled back. */
export interface HandlerEnd {
  /** What it would publish, in that order. */
  readonly published: readonly RecordedEvent[];
  /** Ids of these that the record has already. */
  readonly recorded: ReadonlySet<string>;
  readonly changes: readonly TableChange[];
  /** What was thrown; null when nothing was. */
  readonly error: unknown;
  readonly ms: number;
}

/** A try that came to its end. */
export interface Tried {
  readonly catalog: Catalog;
  readonly input: TryInput;
  readonly event: Envelope;
  readonly handler: Subscription["kind"];
  /** Ordering key; null: none. */
  readonly key: string | null;
  /** What the claims say; null: this consumer has not applied it. */
  readonly already: ClaimState | null;
  readonly seen: Seen;
  readonly end: HandlerEnd;
  /** Unix time, ms. */
  readonly nowMs: number;
}
