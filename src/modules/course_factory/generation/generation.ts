import { type Publish, settlesWithin, type Tx } from "@brain/engine";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { announceFailed, announceMade, announceStarted, runContext } from "../announce.ts";
import type { ContentGenerator } from "../content/generator.ts";
import type { GenerationResult } from "../content/model.ts";
import { errorType, LostLeaseError, safeMessage } from "../errors.ts";
import { type ProduceDeps, produce, type Run } from "./produce.ts";
import { advance, type Made, nextStep, noProgress, type Progress } from "./progress.ts";
import { createRepeats, type Repeats } from "./repeats.ts";
import { markFailed, markStarted, renewLease, storeMade } from "./store.ts";

/** Artifacts that are ready within this time of each other are committed together, ms. */
const groupMs = 50;

/** Time on top of the slowest call before a run counts as lost, ms. */
const leaseMarginMs = 5_000;

/** Writes courses, and knows the origin under which they can be read; without one it was not told. */
export interface CourseMaker extends ContentGenerator {
  readonly publicUrl?: string | null;
}

/** Length of the lease, which every commit renews. */
export function leaseMsOf(generator: ContentGenerator): number {
  return generator.slowestCallMs + leaseMarginMs;
}

/** How a generation ended. */
export type Outcome =
  | { readonly kind: "completed"; readonly result: GenerationResult }
  | { readonly kind: "failed"; readonly error: unknown }
  /** Another run has the course now. */
  | { readonly kind: "taken_over" };

/**
 * Generates a course whose row exists and is leased to `run`: announces the work, then stores each artifact together
 * with its event. Failure is recorded and announced too.
 *
 * @param progress what an earlier run of the course has stored; it is not made again
 *
 * Never rejects for a failed generation. When even the failure cannot be recorded (Postgres is away), the course stays
 * `generating` until its lease ends; then the consumer goes on with it.
 */
export async function generate(
  services: Pick<RequestServices, "transact" | "log" | "now">,
  generator: CourseMaker,
  run: Run,
  progress: Progress = noProgress,
): Promise<Outcome> {
  const repeats = createRepeats(() =>
    services.transact(runContext(run), (tx) => renewLease(tx, run, leaseMsOf(generator))),
  );
  try {
    await services.transact(runContext(run), async (tx, publish) => {
      await markStarted(tx, run, leaseMsOf(generator), services.now());
      await announceStarted(publish, run, generator.name, false);
    });
    return { kind: "completed", result: await produceAll(services, generator, run, progress, repeats) };
  } catch (error) {
    if (error instanceof LostLeaseError) return { kind: "taken_over" };
    const log = services.log.child({ course_id: run.course_id });
    log.error({ error_class: errorType(error) }, `The generation failed: ${safeMessage(error)}`);
    try {
      await services.transact(runContext(run), (tx, publish) =>
        fail(tx, publish, run, { error, repeats: repeats.count() }, services.now()),
      );
    } catch (recording) {
      if (recording instanceof LostLeaseError) return { kind: "taken_over" };
      log.error(
        { error_class: errorType(recording) },
        "The failure could not be recorded; the course is taken up again when its lease ends",
      );
    }
    return { kind: "failed", error };
  }
}

/** Why a generation ends. */
interface Ending {
  readonly error: unknown;
  /** Of this run; those of runs before it are counted with it. */
  readonly repeats: number;
}

function failureOf(run: Run, { error, repeats }: Ending, at: Date) {
  return { message: safeMessage(error), type: errorType(error), retries: run.takeovers + repeats, at };
}

/**
 * Records and announces the end of a generation by an error.
 *
 * @throws {LostLeaseError} nothing was recorded
 */
export async function fail(tx: Tx, publish: Publish, run: Run, ending: Ending, at: Date): Promise<void> {
  const failure = failureOf(run, ending, at);
  await markFailed(tx, run, failure, at);
  await announceFailed(publish, run, failure);
}

/** Steps that are committed together. */
export interface Stretch {
  readonly made: readonly Made[];
  /** With these steps. */
  readonly progress: Progress;
  readonly at: Date;
  /** The generation fails behind these steps; null: it does not. */
  readonly ending: Ending | null;
}

/**
 * Stores steps and their events in the caller's transaction.
 *
 * @throws {LostLeaseError} nothing is stored
 */
export async function commitMade(
  tx: Tx,
  publish: Publish,
  run: Run,
  maker: CourseMaker,
  { made, progress, at, ending }: Stretch,
): Promise<void> {
  const failure = ending === null ? null : failureOf(run, ending, at);
  const { lessons } = progress;
  const access = await storeMade(tx, run, { made, lessons, leaseMs: leaseMsOf(maker), at, failure });
  if (progress.outline === null) throw new Error("Nothing can be announced of a course without an outline.");
  const url = maker.publicUrl ?? null;
  for (const item of made) await announceMade(publish, run, item, { outline: progress.outline, access }, url);
  if (failure !== null) await announceFailed(publish, run, failure);
}

/**
 * All steps one after the other. What is ready waits for its neighbours, but never while a slow call runs: with the
 * templates everything fits one transaction, with a content service each artifact gets its own.
 */
async function produceAll(
  services: Pick<RequestServices, "transact" | "log" | "now">,
  generator: CourseMaker,
  run: Run,
  found: Progress,
  { beforeRepeat }: Repeats,
): Promise<GenerationResult> {
  const deps: ProduceDeps = {
    generator,
    log: services.log,
    now: services.now,
    signal: null,
    willRetry: false,
    beforeRepeat,
  };
  let progress = found;
  let ready: Made[] = [];
  let readySince = 0;
  const flush = async () => {
    const made = ready;
    ready = [];
    if (made.length === 0) return;
    await services.transact(runContext(run), (tx, publish) =>
      commitMade(tx, publish, run, generator, { made, progress, at: services.now(), ending: null }),
    );
  };
  for (;;) {
    const pending = produce(run, progress, nextStep(run.request, progress), deps);
    // It is awaited below; until then a commit may fail first, and this one's failure would go unhandled.
    pending.catch(() => undefined);
    if (ready.length > 0 && !(await settlesWithin(readySince + groupMs - services.now().getTime(), pending)))
      await flush();
    let made: Made;
    try {
      made = await pending;
    } catch (error) {
      await flush();
      throw error;
    }
    progress = advance(progress, made);
    if (ready.length === 0) readySince = services.now().getTime();
    ready.push(made);
    if (made.kind === "finish") {
      await flush();
      return made.result;
    }
  }
}
