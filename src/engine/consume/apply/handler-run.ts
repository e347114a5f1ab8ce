import type { SQL } from "drizzle-orm";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/telemetry/log.ts";
import type { Tx } from "../../db/database.ts";
import type { PublishSettings } from "../../publish/publish.ts";
import type { RecordedEvent } from "../../publish/record.ts";
import type { Consumer } from "../consumer.ts";
import type { CallOutside } from "../define/call-outside.ts";
import type { Runnable } from "../delivery.ts";
import type { DrainTrace } from "../drain/trace.ts";

/** What handlers are called with, besides their deliveries. */
export interface HandlerDeps {
  readonly consumer: Consumer;
  readonly publish: PublishSettings;
  readonly log: Logger;
  /** Null: nobody traces. */
  readonly trace: DrainTrace | null;
  readonly now: Clock;
  readonly beforePublish?: () => void;
  /** How handlers call the outside; left out: `callOutside`. */
  readonly fetch?: CallOutside;
}

/** How far the handlers of a transaction came. */
export interface HandlerRun {
  /** The claims stand: the database is there, and what fails from here on is about the deliveries. */
  claimed: boolean;
  /** `ClaimResult.neverApplied`. */
  neverApplied: ReadonlySet<string>;
  /** Events that handlers published, to be inserted before the commit. */
  readonly published: RecordedEvent[];
  /** All handlers have returned, or one has thrown: an event that one of them publishes from here on would be lost. */
  isClosed: boolean;
  /** How long handlers took for each delivery that they came to the end with, ms; those of a set share its time. */
  readonly processingMs: Map<Runnable, number>;
  /** Not begun, because the time for one transaction was used up; their claims are given back. */
  remaining: readonly Runnable[];
  /** The delivery whose handler threw, when that is known. */
  culprit: Runnable | null;
}

export function beginRun(): HandlerRun {
  return {
    claimed: false,
    neverApplied: new Set(),
    published: [],
    isClosed: false,
    processingMs: new Map(),
    remaining: [],
    culprit: null,
  };
}

/** How effects reach Postgres. */
export interface Effects {
  /** Null: only statements are wanted, and all deliveries are for handlers that give them. */
  readonly tx: Tx | null;
  /** Takes one statement of a statement handler. */
  readonly execute: (statement: SQL) => Promise<unknown>;
}

/** What one call of `runHandlers` works with. */
export interface HandlerScope {
  readonly deps: HandlerDeps;
  readonly effects: Effects;
  /** Told how far it came, also when a handler throws. */
  readonly run: HandlerRun;
  /** Unix time, ms, after which no further handler is begun. */
  readonly sliceEndMs: number;
}
