import type { RequestServices } from "../module.ts";
import { announceRequested, contextOf } from "./announce.ts";
import type { ContentGenerator } from "./content/generator.ts";
import type { GenerationRequest, GenerationResult } from "./content/model.ts";
import { withCourseId } from "./errors.ts";
import { generate, leaseMsOf, type Outcome } from "./generation.ts";
import { produce, type Run } from "./produce.ts";
import { advance, nextStep, noProgress } from "./progress.ts";
import { insertCourse } from "./store.ts";

/** Answer of POST /generate: the result when it was ready in time, otherwise only the course's id. */
export type GenerateAnswer =
  | { readonly kind: "finished"; readonly result: GenerationResult }
  | { readonly kind: "running"; readonly course_id: string };

function runFor(services: RequestServices, request: GenerationRequest): Run {
  return {
    course_id: crypto.randomUUID(),
    tenant_id: request.tenant_id,
    request,
    correlation_id: services.correlationId,
    requested_by: services.actorId,
    created_at: services.now().toISOString(),
    owner: crypto.randomUUID(),
    takeovers: 0,
  };
}

/**
 * Accepts a request and generates the course, for as long as `inlineMs` within the request and behind it otherwise.
 *
 * @throws {ValidationError} title or description hold something that events must not carry; nothing is stored
 * @throws {UpstreamError | TransientError | GenerationError} the generation failed; recorded, and `issues` has the course_id
 */
export async function generateCourse(
  services: RequestServices,
  generator: ContentGenerator,
  request: GenerationRequest,
  inlineMs: number,
): Promise<GenerateAnswer> {
  const run = runFor(services, request);
  await services.transact(contextOf(run), async (tx, publish) => {
    await insertCourse(tx, run, leaseMsOf(generator));
    await announceRequested(publish, run);
  });
  const work = generate(services, generator, run);
  // Also when the caller hangs up, the course is finished.
  services.waitUntil(work);
  const outcome = await within(work, inlineMs);
  if (outcome === null || outcome.kind === "taken_over") return { kind: "running", course_id: run.course_id };
  if (outcome.kind === "failed") throw withCourseId(outcome.error, run.course_id);
  return { kind: "finished", result: outcome.result };
}

/** The outcome, or null when it takes longer. */
async function within(work: Promise<Outcome>, ms: number): Promise<Outcome | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Shows what a request would give: outline, quiz and landing page, but no lesson texts. Stores no course. The only
 * event is `course.generation.requested` with `dry_run: true`, so that demand can be measured; nothing follows from it.
 *
 * @throws {ValidationError} as {@link generateCourse}
 * @throws {UpstreamError} the content service failed
 */
export async function dryRun(
  services: RequestServices,
  generator: ContentGenerator,
  request: GenerationRequest,
): Promise<GenerationResult> {
  const run = runFor(services, { ...request, dry_run: true });
  await services.transact(contextOf(run), (_tx, publish) => announceRequested(publish, run));
  const deps = { generator, log: services.log, now: services.now, signal: null, willRetry: false };
  let progress = noProgress;
  for (;;) {
    const made = await produce(run, progress, nextStep(run.request, progress), deps);
    if (made.kind === "finish") return made.result;
    progress = advance(progress, made);
  }
}
