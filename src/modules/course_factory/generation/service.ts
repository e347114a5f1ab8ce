import { ConflictError, settlesWithin } from "@brain/engine";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import type { IrGate } from "../../ports/ir-gate.ts";
import { announceRequested, announceStarted, factorySource, runContext } from "../announce.ts";
import type { ContentGenerator } from "../content/generator.ts";
import type { GenerationRequest, GenerationResult } from "../content/model.ts";
import { readCourse, shownOutline } from "../courses/courses.ts";
import { maybeWithCourseId, withCourseId } from "../errors.ts";
import { askGate, blockedError } from "../governance/gate.ts";
import { buildIr } from "../governance/ir.ts";
import { type CourseMaker, generate, leaseMsOf } from "./generation.ts";
import { produce, type Run } from "./produce.ts";
import { advance, nextStep, noProgress } from "./progress.ts";
import { createRepeats } from "./repeats.ts";
import { insertCourse, reopenFailed } from "./store.ts";

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

/** What POST /generate works with beside the request. */
export interface GenerateDeps {
  readonly generator: CourseMaker;
  readonly gate: IrGate;
  /** Longest time that the caller waits for the result, ms. */
  readonly inlineMs: number;
}

/**
 * Asks the gate, accepts a request and generates the course, for as long as `inlineMs` within the request and behind it
 * otherwise. What the gate found is committed also when it blocks; then there is no course.
 *
 * @param token the approval token of the request; null: none was sent
 * @throws {ForbiddenError} the gate blocks; `extra` has reason, ir_hash and validation_result
 * @throws {ValidationError} title or description hold something that events must not carry; nothing is stored
 * @throws {UpstreamError | TransientError | GenerationError} the generation failed; recorded, and `issues` has the course_id
 * @throws {TransientError} the answer of the database was lost: the course of the course_id in `issues` may exist
 */
export async function generateCourse(
  services: RequestServices,
  { generator, gate, inlineMs }: GenerateDeps,
  request: GenerationRequest,
  token: string | null,
): Promise<GenerateAnswer> {
  const planned = runFor(services, request);
  const run = await acceptRun(services, generator, gate, planned, token).catch((error: unknown) => {
    throw maybeWithCourseId(error, planned.course_id);
  });
  const work = generate(services, generator, run);
  // Also when the caller hangs up, the course is finished.
  services.waitUntil(work);
  const running = { kind: "running", course_id: run.course_id } as const;
  if (!(await settlesWithin(inlineMs, work))) return running;
  const outcome = await work;
  if (outcome.kind === "taken_over") return running;
  if (outcome.kind === "failed") throw withCourseId(outcome.error, run.course_id);
  return { kind: "finished", result: shownResult(outcome.result) };
}

/**
 * The course's row with its first event, both caused by the gate's answer.
 *
 * @param token the approval token of the request; null: none was sent
 * @returns the run in the story that it belongs to: that of its approval, if it was approved
 * @throws {ForbiddenError} the gate blocks; what it found is committed
 */
export async function acceptRun(
  services: Pick<RequestServices, "transact" | "now">,
  generator: ContentGenerator,
  gate: IrGate,
  run: Run,
  token: string | null,
): Promise<Run> {
  const ir = await buildIr(run.request);
  const asked = await services.transact(runContext(run), async (tx, publish) => {
    const question = {
      ir,
      token,
      actorId: run.requested_by,
      usedFor: `course:${run.course_id}`,
      alwaysApprove: false,
    };
    const answer = await askGate(gate, tx, publish, question, services.now());
    if (!answer.allowed) return { run: null, answer };
    // An approved course belongs to the story in which its approval was asked for.
    const correlationId = answer.approval?.correlation_id ?? run.correlation_id;
    const accepted: Run = { ...run, correlation_id: correlationId };
    await insertCourse(tx, accepted, leaseMsOf(generator));
    await announceRequested(publish, accepted, answer.validated_event_id);
    return { run: accepted };
  });
  if (asked.run === null) throw blockedError("The generation of this course", asked.answer);
  return asked.run;
}

/**
 * Generates a failed course once more, under its id and with what it has of artifacts. The consumer does the work, and
 * asks again after passing failures. The gate is not asked: its answer was about this very content.
 *
 * @throws {NotFoundError} no such course
 * @throws {ConflictError} it has not failed
 */
export async function retryCourse(
  services: RequestServices,
  generator: ContentGenerator,
  courseId: string,
): Promise<void> {
  const known = await readCourse(services.db, courseId, visibleTenant(services));
  const refused = () =>
    new ConflictError(
      `The course ${courseId} is ${known.status === "failed" ? "being generated again already" : known.status}; only one whose generation failed can be tried again.`,
    );
  if (known.status !== "failed") throw refused();
  const { actorId: actor_id, now } = services;
  await services.transact(
    { source: factorySource, tenant_id: known.tenant_id, actor_id },
    async (tx, publish) => {
      const run = await reopenFailed(tx, courseId, crypto.randomUUID(), leaseMsOf(generator), now());
      if (run === null) throw refused();
      const tell: typeof publish = (definition, payload, options) =>
        publish(definition, payload, { ...runContext(run), actor_id, ...options });
      await announceStarted(tell, run, generator.name, true);
    },
  );
}

/** The result as it is shown: in the words of the course's language. */
function shownResult(result: GenerationResult): GenerationResult {
  return result.outline === undefined ? result : { ...result, outline: shownOutline(result.outline) };
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
  await services.transact(runContext(run), (_tx, publish) => announceRequested(publish, run, null));
  const { beforeRepeat } = createRepeats(async () => undefined);
  const deps = {
    generator,
    log: services.log,
    now: services.now,
    signal: null,
    willRetry: false,
    beforeRepeat,
  };
  let progress = noProgress;
  for (;;) {
    const made = await produce(run, progress, nextStep(run.request, progress), deps);
    if (made.kind === "finish") return shownResult(made.result);
    progress = advance(progress, made);
  }
}
