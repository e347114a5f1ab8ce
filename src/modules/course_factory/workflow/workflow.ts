import {
  BadRequestError,
  ConflictError,
  NotFoundError,
  type Publish,
  type PublishOptions,
  type Tx,
  ValidationError,
} from "@brain/engine";
import { courseWorkflowTransitioned } from "@brain/schemas";
import { and, eq, sql } from "drizzle-orm";
import { actorNamed } from "../../../http/kit/acting.ts";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { publishContext } from "../../../http/kit/publish-context.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import type { IrGate } from "../../ports/ir-gate.ts";
import { isCourse } from "../courses/whose-course.ts";
import { noCourse } from "../errors.ts";
import { blockedError, type GateAnswer } from "../governance/gate.ts";
import { courses, transitions } from "../tables.ts";
import { approveChange } from "./approval.ts";
import { decideTransition, type TransitionPlan, type WorkflowState } from "./state.ts";

/** Producer of the workflow's events. */
const workflowSource = "workflow_state_machine";

/** One change of the author workflow, as stored and as answered. */
export interface TransitionRecord {
  readonly transition_id: string;
  readonly course_id: string;
  readonly from_state: WorkflowState;
  readonly to_state: WorkflowState;
  readonly requires_approval: boolean;
  /** Id under which the human approval is recorded; null when none was needed. */
  readonly approval_id: string | null;
  readonly approved_by: string | null;
  /** Always true for a stored change: one that breaks a rule is refused. */
  readonly validation_passed: boolean;
  readonly validation_errors: readonly string[];
  readonly transitioned_at: string;
  readonly transitioned_by: string;
  readonly reason: string | null;
  readonly can_rollback: boolean;
  readonly rollback_state: WorkflowState | null;
  /** The transition that this one takes back; null for an ordinary one. */
  readonly rollback_of: string | null;
}

export interface TransitionInput {
  readonly course_id: string;
  readonly from_state: WorkflowState;
  readonly to_state: WorkflowState;
  /** Left out: who acts. */
  readonly actor?: string | undefined;
  readonly reason: string | null;
  /** The caller's word that a person has approved the change; counts only while the gate is off. */
  readonly hitl_approval: boolean;
  /** Token of the person's approval; null: an approval that was consumed before may do. */
  readonly approval_token: string | null;
}

export interface RollbackInput {
  readonly course_id: string;
  readonly transition_id: string;
  /** Left out: who acts. */
  readonly actor?: string | undefined;
  readonly reason: string;
  readonly hitl_approval: boolean;
  readonly approval_token: string | null;
}

interface CourseState {
  readonly state: WorkflowState;
  readonly lastTransitionId: string | null;
  readonly status: string;
  readonly tenantId: string;
}

/**
 * Changes the workflow state and announces it in one transaction. Of two concurrent changes one wins.
 *
 * @throws {ValidationError} nobody says who makes the change
 * @throws {NotFoundError} no such course
 * @throws {ConflictError} the course is not in `from_state`, or its content does not exist yet
 * @throws {BadRequestError} the table of states does not allow it, or, while the gate is off, `hitl_approval` is missing
 * @throws {ForbiddenError} the change needs a person's approval; `extra` has reason, ir_hash and validation_result
 */
export async function transitionCourse(
  services: RequestServices,
  gate: IrGate,
  input: TransitionInput,
): Promise<TransitionRecord> {
  return await changeState(services, gate, input, async (tx) => {
    const course = await lockCourse(tx, input.course_id, visibleTenant(services));
    if (course.state !== input.from_state) throw movedOn(input.course_id, input.from_state, course.state);
    return { course, plan: planOrThrow(input.from_state, input.to_state, course), rollbackOf: null };
  });
}

/**
 * Takes the newest transition of a course back. It is itself a transition: same table, same approval rule.
 *
 * @throws {NotFoundError} no such course, or no such transition of it
 * @throws {ConflictError} the transition is not the newest one, or there is no way back
 * @throws {BadRequestError | ForbiddenError} as {@link transitionCourse}
 */
export async function rollbackCourse(
  services: RequestServices,
  gate: IrGate,
  input: RollbackInput,
): Promise<TransitionRecord> {
  return await changeState(services, gate, input, async (tx) => {
    const course = await lockCourse(tx, input.course_id, visibleTenant(services));
    const [undone] = await tx
      .select({
        toState: transitions.toState,
        rollbackState: transitions.rollbackState,
        can: transitions.canRollback,
      })
      .from(transitions)
      .where(
        and(eq(transitions.transitionId, input.transition_id), eq(transitions.courseId, input.course_id)),
      );
    if (undone === undefined) {
      throw new NotFoundError(
        `The course ${input.course_id} has no transition ${input.transition_id}. GET the course for its workflow_history.`,
      );
    }
    if (course.lastTransitionId !== input.transition_id) {
      throw new ConflictError(
        `The transition ${input.transition_id} is not the newest of course ${input.course_id}; only ${course.lastTransitionId} can be taken back.`,
      );
    }
    if (!undone.can || undone.rollbackState === null) {
      throw new ConflictError(
        `The transition to ${undone.toState} cannot be taken back; archive the course or make an ordinary transition.`,
      );
    }
    const plan = planOrThrow(course.state, undone.rollbackState as WorkflowState, course);
    return { course, plan, rollbackOf: input.transition_id };
  });
}

/** The row lock makes the second of two concurrent changes see the state that the first one left. */
async function lockCourse(tx: Tx, courseId: string, tenantId: string | null): Promise<CourseState> {
  const [row] = await tx
    .select({
      state: courses.workflowState,
      lastTransitionId: courses.lastTransitionId,
      status: courses.status,
      tenantId: courses.tenantId,
    })
    .from(courses)
    .where(isCourse(courseId, tenantId))
    .for("update");
  if (row === undefined) throw noCourse(courseId);
  return { ...row, state: row.state as WorkflowState };
}

function movedOn(courseId: string, expected: WorkflowState, found: WorkflowState): ConflictError {
  return new ConflictError(
    `The course ${courseId} is in state ${found}, not in ${expected}. Read it again and decide anew.`,
  );
}

/** Whether the change is possible at all; a person is asked only then, so that no approval is wasted. */
function planOrThrow(from: WorkflowState, to: WorkflowState, course: CourseState): TransitionPlan {
  const decision = decideTransition(from, to, { contentComplete: course.status === "completed" });
  if (decision.ok) return decision.plan;
  throw decision.refusal === "content_missing"
    ? new ConflictError(decision.message)
    : new BadRequestError(decision.message);
}

interface Change {
  readonly course: CourseState;
  readonly plan: TransitionPlan;
  readonly rollbackOf: string | null;
}

type Changed =
  | { readonly record: TransitionRecord }
  | { readonly record: null; readonly blocked: Extract<GateAnswer, { allowed: false }> };

async function changeState(
  services: RequestServices,
  gate: IrGate,
  input: Pick<TransitionInput, "course_id" | "actor" | "reason" | "hitl_approval" | "approval_token">,
  decide: (tx: Tx) => Promise<Change>,
): Promise<TransitionRecord> {
  const actor = actorNamed(services, "actor", input.actor);
  if (actor === null) {
    throw new ValidationError("The request does not say who makes the change.", {
      issues: [{ path: "actor", message: "expected an id, or the header x-actor-id" }],
    });
  }
  const changed = await services.transact(
    publishContext(services, workflowSource),
    async (tx, publish): Promise<Changed> => {
      const { course, plan, rollbackOf } = await decide(tx);
      const approval = plan.requires_approval
        ? await approveChange(gate, tx, publish, {
            change: {
              course_id: input.course_id,
              tenant_id: course.tenantId,
              from_state: plan.from_state,
              to_state: plan.to_state,
              after_transition: course.lastTransitionId,
            },
            token: input.approval_token,
            isTold: input.hitl_approval,
            actor,
            callerId: services.actorId,
            now: services.now(),
          })
        : null;
      // What the gate found is committed; the refusal follows.
      if (approval?.blocked) return { record: null, blocked: approval.blocked };
      const record = recordOf(input, { plan, rollbackOf }, approval, { by: actor, at: services.now() });
      await storeTransition(tx, record);
      await announceTransition(publish, record, {
        tenant_id: course.tenantId,
        correlation_id: approval?.correlation_id ?? services.correlationId,
        causation_id: approval?.caused_by ?? null,
      });
      return { record };
    },
  );
  if (changed.record === null) throw blockedError("This change of the workflow", changed.blocked);
  return changed.record;
}

function recordOf(
  { course_id, reason }: Pick<TransitionInput, "course_id" | "reason">,
  { plan, rollbackOf }: Omit<Change, "course">,
  approval: Pick<TransitionRecord, "approval_id" | "approved_by"> | null,
  made: { readonly by: string; readonly at: Date },
): TransitionRecord {
  return {
    transition_id: crypto.randomUUID(),
    course_id,
    from_state: plan.from_state,
    to_state: plan.to_state,
    requires_approval: plan.requires_approval,
    approval_id: approval?.approval_id ?? null,
    approved_by: approval?.approved_by ?? null,
    validation_passed: true,
    validation_errors: [],
    transitioned_at: made.at.toISOString(),
    transitioned_by: made.by,
    reason,
    can_rollback: plan.can_rollback,
    rollback_state: plan.rollback_state,
    rollback_of: rollbackOf,
  };
}

async function storeTransition(tx: Tx, record: TransitionRecord): Promise<void> {
  const changed = await tx
    .update(courses)
    .set({
      workflowState: record.to_state,
      lastTransitionId: record.transition_id,
      updatedAt: sql`greatest(${courses.updatedAt}, ${record.transitioned_at}::timestamptz)`,
    })
    .where(and(eq(courses.courseId, record.course_id), eq(courses.workflowState, record.from_state)))
    .returning({ courseId: courses.courseId });
  if (changed.length === 0)
    throw new ConflictError(`The course ${record.course_id} has changed; read it again.`);
  await tx.insert(transitions).values({
    transitionId: record.transition_id,
    courseId: record.course_id,
    fromState: record.from_state,
    toState: record.to_state,
    requiresApproval: record.requires_approval,
    approvalId: record.approval_id,
    approvedBy: record.approved_by,
    transitionedBy: record.transitioned_by,
    reason: record.reason,
    canRollback: record.can_rollback,
    rollbackState: record.rollback_state,
    rollbackOf: record.rollback_of,
    transitionedAt: record.transitioned_at,
  });
}

async function announceTransition(
  publish: Publish,
  record: TransitionRecord,
  context: Pick<PublishOptions, "tenant_id" | "correlation_id" | "causation_id">,
): Promise<void> {
  await publish(
    courseWorkflowTransitioned,
    {
      course_id: record.course_id,
      from_state: record.from_state,
      to_state: record.to_state,
      transitioned_by: record.transitioned_by,
      requires_approval: record.requires_approval,
      approval_id: record.approval_id,
      reason: record.reason,
    },
    { ...context, severity: record.requires_approval ? "WARNING" : "INFO" },
  );
}
