import { type HandlerContext, RetryAfter, TransientError } from "@brain/engine";
import { announceStarted, runContext } from "../announce.ts";
import { type CourseMaker, commitMade, fail, leaseMsOf } from "./generation.ts";
import { type ProduceDeps, produce } from "./produce.ts";
import { advance, type Made, nextStep } from "./progress.ts";
import { type TakenOver, type Taker, takeOver, takeOverLost } from "./store.ts";

/** Tries of one event; a course whose content service is away for that long has failed. */
export const maxAttempts = 20;

/** After this time in one handler no further step is begun, ms; the next handler goes on. */
const stepBudgetMs = 5_000;

/** First wait for a course that is being generated, ms; most are complete by then. Doubles with each look. */
const firstLookMs = 500;

/** Time limit of a handler, ms: the budget, one slow step that was begun in time, and the commit. */
export function resumeTimeoutMs(slowestCallMs: number): number {
  return stepBudgetMs + slowestCallMs + 5_000;
}

interface ResumeContext
  extends Pick<HandlerContext, "tx" | "publish" | "log" | "attempt" | "signal" | "now"> {
  /** Tenant of the event; null: it tells of all. */
  readonly teller: string | null;
}

/**
 * Watches over a requested course: nothing to do when it is finished, look again while its run is alive, and go on
 * with it when the run was lost (its isolate was killed, its lease ended).
 *
 * @throws {RetryAfter} the run is alive
 */
export async function watch(courseId: string, generator: CourseMaker, context: ResumeContext): Promise<void> {
  const lease = await takeOverLost(context.tx, courseId, takerFor(generator, context));
  if (lease === null) return;
  if (lease.remainingMs > 0) {
    const wait = Math.min(lease.remainingMs + 50, firstLookMs * 2 ** (context.attempt - 1));
    throw new RetryAfter(Math.ceil(wait), `The course ${courseId} is being generated.`, {
      overtakable: true,
    });
  }
  if (lease.taken !== null) await goOn(lease.taken, generator, context);
}

const takerFor = (generator: CourseMaker, { now, teller }: ResumeContext): Taker => ({
  owner: crypto.randomUUID(),
  leaseMs: leaseMsOf(generator),
  at: now(),
  teller,
});

/**
 * Goes on with a course that an earlier handler took over and left with its lease.
 *
 * @param run the owner that the earlier handler wrote; anything else means that the course has moved on
 */
export async function proceed(
  courseId: string,
  run: string,
  generator: CourseMaker,
  context: ResumeContext,
): Promise<void> {
  const taken = await takeOver(context.tx, courseId, run, takerFor(generator, context));
  if (taken !== null) await goOn(taken, generator, context);
}

async function goOn(taken: TakenOver, generator: CourseMaker, context: ResumeContext): Promise<void> {
  const { course_id, takeovers } = taken.run;
  context.log.warn({ course_id, takeovers }, "Going on with a course whose run was lost");
  await workOff(taken, generator, context);
}

/**
 * Does steps until the course is finished or the budget is used up. All of it commits with the handler. What is left
 * is asked for by publishing `course.generation.started` once more: its delivery is the next turn.
 */
async function workOff(taken: TakenOver, generator: CourseMaker, context: ResumeContext): Promise<void> {
  const { run } = taken;
  const { tx, now } = context;
  const publish: ResumeContext["publish"] = (definition, payload, options) =>
    context.publish(definition, payload, { ...runContext(run), ...options });
  const last = context.attempt >= maxAttempts;
  const deps: ProduceDeps = {
    generator,
    log: context.log,
    now,
    signal: context.signal,
    willRetry: !last,
    beforeRepeat: null,
  };
  const stopAt = now().getTime() + stepBudgetMs;
  let progress = taken.progress;
  const made: Made[] = [];
  let failure: { readonly error: unknown } | null = null;
  while (made.at(-1)?.kind !== "finish" && now().getTime() < stopAt) {
    try {
      const item = await produce(run, progress, nextStep(run.request, progress), deps);
      progress = advance(progress, item);
      made.push(item);
    } catch (error) {
      failure = { error };
      break;
    }
  }
  if (failure !== null && passing(failure.error, context, last)) {
    // Nothing new to keep: let the backoff decide when to ask again. Otherwise the next turn asks again.
    if (made.length === 0) throw failure.error;
    failure = null;
  }
  const ending = failure === null ? null : { error: failure.error, repeats: context.attempt - 1 };
  if (made.length > 0) await commitMade(tx, publish, run, generator, { made, progress, at: now(), ending });
  else if (ending !== null) await fail(tx, publish, run, ending, now());
  if (failure !== null) return;
  if (made.at(-1)?.kind !== "finish") await announceStarted(publish, run, generator.name, true);
}

function passing(error: unknown, context: ResumeContext, last: boolean): boolean {
  return context.signal.aborted || (error instanceof TransientError && !last);
}
