import { sha256Hex } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import type { Ir, IrStep } from "../../ports/ir-gate.ts";
import type { GenerationRequest } from "../content/model.ts";
import type { WorkflowState } from "../workflow/state.ts";

/* The plans that the factory asks the gate about. Pure: the same request gives the same plan, and so the same hash. */

const provider = "course_factory.v1";
const maxKeyLength = 200;

/** Actions that the factory plans, as `GET /info` lists them. */
export const irActions = [
  "course.create",
  "course.generate_outline",
  "course.generate_lessons",
  "course.generate_quiz",
  "course.generate_landing",
  "course.deploy_staging",
  "course.workflow_transition",
] as const;

type Action = (typeof irActions)[number];

/** What a step is about, before its keys are made. */
interface Draft {
  readonly action: Action;
  /** Behind the course in the resource, e.g. `outline`; null for the course itself. */
  readonly part: string | null;
  readonly key: string;
  readonly params: JsonObject;
  readonly constraints?: JsonObject;
}

/** The plan of a generation: one step per artifact, and one for staging when a domain was named. */
export async function buildIr(request: GenerationRequest): Promise<Ir> {
  const { tenant_id: tenant, title } = request;
  const drafts: Draft[] = [
    {
      action: "course.create",
      part: null,
      key: "create",
      params: {
        title,
        description: request.description,
        language: request.language,
        target_audiences: request.target_audiences,
      },
    },
    {
      action: "course.generate_outline",
      part: "outline",
      key: "outline",
      params: { modules_count: "4-6", lessons_per_module: "3-5" },
    },
    {
      action: "course.generate_lessons",
      part: "lessons",
      key: "lessons",
      params: { full_lessons_count: request.full_lessons_count },
    },
  ];
  if (request.generate_quiz) {
    drafts.push({
      action: "course.generate_quiz",
      part: "quiz",
      key: "quiz",
      params: { question_count: 15 },
    });
  }
  if (request.generate_landing_page) {
    drafts.push({ action: "course.generate_landing", part: "landing", key: "landing", params: {} });
  }
  if (request.deploy_to_staging && request.staging_domain !== undefined) {
    drafts.push({
      action: "course.deploy_staging",
      part: "staging",
      key: "deploy",
      params: { staging_domain: request.staging_domain },
      constraints: { environment: "staging" },
    });
  }
  const steps = drafts.map(async (draft): Promise<IrStep> => {
    const resource = draft.part === null ? `course:${title}` : `course:${title}:${draft.part}`;
    const key = await boundedKey(`course_${draft.key}_${tenant}_${title}`);
    return stepOf(draft.action, resource, key, draft.params, draft.constraints ?? {});
  });
  return {
    tenant_id: tenant,
    steps: await Promise.all(steps),
    intent_summary: `Generate the course: ${title}`,
    labels: { module: "course_factory", language: request.language, dry_run: String(request.dry_run) },
  };
}

/** A change of the author workflow that a person has to allow. */
export interface WorkflowChange {
  readonly course_id: string;
  readonly tenant_id: string;
  readonly from_state: WorkflowState;
  readonly to_state: WorkflowState;
  /**
   * The newest transition before this one; null before the first. It makes the plan of each round another one, so that
   * an approval allows one round.
   */
  readonly after_transition: string | null;
}

export function workflowResource(change: WorkflowChange): string {
  return `course:${change.course_id}:workflow:${change.from_state}->${change.to_state}`;
}

export function buildWorkflowIr(change: WorkflowChange): Ir {
  const { course_id, from_state, to_state } = change;
  const round = change.after_transition ?? "none";
  return {
    tenant_id: change.tenant_id,
    steps: [
      stepOf(
        "course.workflow_transition",
        workflowResource(change),
        `course_workflow_${course_id}_${from_state}_${to_state}_${round}`,
        { course_id, from_state, to_state, after_transition: change.after_transition },
        {},
      ),
    ],
    intent_summary: `Move the course ${course_id} from ${from_state} to ${to_state}`,
    labels: { module: "course_factory" },
  };
}

function stepOf(
  action: Action,
  resource: string,
  key: string,
  params: JsonObject,
  constraints: JsonObject,
): IrStep {
  return {
    action,
    provider,
    resource,
    params,
    idempotency_key: key,
    constraints,
    budget_cents: null,
    step_id: null,
    description: null,
  };
}

/** At most 200 UTF-16 units. A longer key keeps its beginning and ends in 16 hex digits of the SHA-256 of all of it. */
export async function boundedKey(key: string): Promise<string> {
  if (key.length <= maxKeyLength) return key;
  // Half a surrogate pair at the cut would be no text any more.
  const start = key.slice(0, maxKeyLength - 17).replace(/[\ud800-\udbff]$/, "");
  return `${start}_${(await sha256Hex(key)).slice(0, 16)}`;
}

/** The plan as POST /generate-ir answers it: with an id and a time of its own, and without what the gate computes. */
export function irDocument(ir: Ir, requestId: string, createdAt: Date) {
  return {
    tenant_id: ir.tenant_id,
    request_id: requestId,
    created_at: createdAt.toISOString(),
    intent_summary: ir.intent_summary,
    labels: ir.labels,
    steps: ir.steps.map((step) => ({ ...step, risk_tier: null, requires_approval: false })),
  };
}
