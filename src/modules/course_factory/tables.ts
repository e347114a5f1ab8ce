import { tenantRows, tenantRowsThrough, withoutTenants } from "@brain/engine";
import { sql } from "drizzle-orm";
import {
  bigint,
  boolean,
  check,
  index,
  integer,
  jsonb,
  pgTable,
  text,
  unique,
  uniqueIndex,
  uuid,
} from "drizzle-orm/pg-core";
import { cents, instantText } from "../columns.ts";
import type { GenerationRequest, GenerationResult, Outline } from "./content/model.ts";
import type { JobContract } from "./staging/contract.ts";

/** One course per accepted generation request; dry runs leave no row. */
export const courses = pgTable(
  "course_factory_courses",
  {
    courseId: uuid("course_id").primaryKey(),
    tenantId: text("tenant_id").notNull(),
    title: text("title").notNull(),
    language: text("language").notNull(),
    version: text("version").notNull().default("1.0.0"),
    /** `generating`, then `completed` or `failed`; both are final. */
    status: text("status").notNull().default("generating"),
    workflowState: text("workflow_state").notNull().default("draft"),
    /** The newest row of course_factory_transitions; null before the first. Only that one can be rolled back. */
    lastTransitionId: uuid("last_transition_id"),
    request: jsonb("request").$type<GenerationRequest>().notNull(),
    outline: jsonb("outline").$type<Outline>(),
    /** What the generator reported; null until it is completed. */
    result: jsonb("result").$type<StoredResult>(),
    /** Lease of the run that works on the course: who, and until when. Each commit of a run checks the owner. */
    generationOwner: uuid("generation_owner"),
    generatingUntil: instantText("generating_until"),
    /** Runs that took the course over after a lost lease. */
    takeovers: integer("takeovers").notNull().default(0),
    errorMessage: text("error_message"),
    errorType: text("error_type"),
    correlationId: text("correlation_id").notNull(),
    requestedBy: text("requested_by"),
    createdAt: instantText("created_at").notNull(),
    /** Time of `course.generation.started`; null when the process died before it. */
    startedAt: instantText("started_at"),
    finishedAt: instantText("finished_at"),
    updatedAt: instantText("updated_at").notNull(),
  },
  (table) => [
    ...tenantRows(),
    check("course_factory_courses_status", sql`${table.status} in ('generating', 'completed', 'failed')`),
    check(
      "course_factory_courses_workflow_state",
      sql`${table.workflowState} in ('draft', 'review', 'publish_ready', 'published', 'archived')`,
    ),
    index("course_factory_courses_catalog")
      .on(table.finishedAt.desc(), table.courseId.desc())
      .where(sql`${table.status} = 'completed'`),
    index("course_factory_courses_tenant")
      .on(table.tenantId, table.finishedAt.desc(), table.courseId.desc())
      .where(sql`${table.status} = 'completed'`),
    // Read by health: what runs, and what nobody works on any more.
    index("course_factory_courses_generating")
      .on(table.generatingUntil)
      .where(sql`${table.status} = 'generating'`),
  ],
);

/** The counted part of a GenerationResult; the artifacts themselves are rows of their own. */
export type StoredResult = Omit<
  GenerationResult,
  "outline" | "quiz" | "landing_page" | "deployed" | "staging_url" | "errors"
>;

/** Lessons, quiz and landing page as generated. `position` counts from 1 per kind. */
export const artifacts = pgTable(
  "course_factory_artifacts",
  {
    artifactId: uuid("artifact_id").primaryKey(),
    courseId: uuid("course_id")
      .notNull()
      .references(() => courses.courseId, { onDelete: "cascade" }),
    kind: text("kind").notNull(),
    position: integer("position").notNull(),
    content: jsonb("content").notNull(),
    /** True when the generator failed and this is the text that stands in for it. */
    fallback: boolean("fallback").notNull().default(false),
    createdAt: instantText("created_at").notNull(),
  },
  (table) => [
    ...tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_artifacts"),
    unique("course_factory_artifacts_place").on(table.courseId, table.kind, table.position),
    check("course_factory_artifacts_kind", sql`${table.kind} in ('lesson', 'quiz', 'landing_page')`),
  ],
);

/** Every change of the author workflow, rollbacks too. */
export const transitions = pgTable(
  "course_factory_transitions",
  {
    transitionId: uuid("transition_id").primaryKey(),
    courseId: uuid("course_id")
      .notNull()
      .references(() => courses.courseId, { onDelete: "cascade" }),
    fromState: text("from_state").notNull(),
    toState: text("to_state").notNull(),
    requiresApproval: boolean("requires_approval").notNull(),
    /** Id of the human approval; null when none was needed. Never a token. */
    approvalId: uuid("approval_id"),
    approvedBy: text("approved_by"),
    transitionedBy: text("transitioned_by").notNull(),
    reason: text("reason"),
    canRollback: boolean("can_rollback").notNull(),
    rollbackState: text("rollback_state"),
    /** The transition that this one takes back; null for an ordinary one. */
    rollbackOf: uuid("rollback_of"),
    transitionedAt: instantText("transitioned_at").notNull(),
    /** Order of the history; times may be equal. */
    position: bigint("position", { mode: "number" }).generatedAlwaysAsIdentity(),
  },
  (table) => [
    ...tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_transitions"),
    index("course_factory_transitions_course").on(table.courseId, table.position),
  ],
);

/** One staging deployment per course and version. */
export const deployments = pgTable(
  "course_factory_deployments",
  {
    deploymentId: uuid("deployment_id").primaryKey(),
    courseId: uuid("course_id")
      .notNull()
      .references(() => courses.courseId, { onDelete: "cascade" }),
    courseVersion: text("course_version").notNull(),
    distributionId: text("distribution_id").notNull(),
    stagingUrl: text("staging_url").notNull(),
    stagingDomain: text("staging_domain").notNull(),
    job: jsonb("job").$type<JobContract>().notNull(),
    deployedAt: instantText("deployed_at").notNull(),
  },
  (table) => [
    ...tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_deployments"),
    unique("course_factory_deployments_version").on(table.courseId, table.courseVersion),
  ],
);

/*
 * Whoever publishes events chooses the ids of payments, so what is known of them is kept by tenant and id. Until the
 * releases up to 0036_payments_by_tenant are gone, which know one row an id, the column `payment_id` has the id in the
 * row that came first; triggers see to it.
 */

/** One delivery per payment: requested, then delivered or failed by what course_distribution answers. */
export const deliveries = pgTable(
  "course_factory_deliveries",
  {
    deliveryId: uuid("delivery_id").primaryKey(),
    paymentId: text("payment").notNull(),
    /** The id, in the first row that has it; null in others. */
    firstOfId: text("payment_id"),
    /** That of the course. */
    tenantId: text("tenant_id").notNull(),
    courseId: uuid("course_id")
      .notNull()
      .references(() => courses.courseId, { onDelete: "cascade" }),
    status: text("status").notNull().default("requested"),
    distributionId: text("distribution_id"),
    slug: text("slug"),
    error: text("error"),
    /** What the payment's event told, for paying it back; null: it did not say, or came before these columns. */
    intentId: text("intent_id"),
    amountCents: bigint("amount_cents", { mode: "number" }),
    currency: text("currency"),
    requestedAt: instantText("requested_at").notNull(),
    closedAt: instantText("closed_at"),
  },
  (table) => [
    ...tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_deliveries"),
    unique("course_factory_deliveries_key").on(table.paymentId, table.tenantId),
    uniqueIndex("course_factory_deliveries_payment").on(table.firstOfId),
    index("course_factory_deliveries_course").on(table.courseId, table.status),
    check("course_factory_deliveries_status", sql`${table.status} in ('requested', 'delivered', 'failed')`),
  ],
);

/**
 * One row per payment of which a refund was told, or that cannot be delivered. The second has to be paid back: it was
 * noticed. Who counts a refund or notices a payment locks this row, so that one of them sees what the other did.
 */
export const refundsDue = pgTable(
  "course_factory_refunds_due",
  {
    row: bigint("id", { mode: "number" }).generatedAlwaysAsIdentity().primaryKey(),
    paymentId: text("payment").notNull(),
    /** The id, in the first noticed row that has it; null in others. */
    firstOfId: text("payment_id"),
    /** Null: the event named none, or a release told of it that kept none. */
    tenantId: text("tenant_id"),
    /** Of any shape: perhaps there is no such course. Null until it is noticed. */
    courseId: text("course_id"),
    /** Null: nobody said how much was paid. */
    amountCents: cents("amount_cents"),
    /** Sum of the refunds that count. */
    refundedCents: cents("refunded_cents").notNull().default(0),
    /** What of it has rows in `course_factory_refunds`; the releases before counted without them. */
    toldCents: cents("told_cents").notNull().default(0),
    /** Refunds that count and named no amount, so paid back all. */
    wholeRefunds: integer("whole_refunds").notNull().default(0),
    /** Null until it is noticed. */
    reason: text("reason"),
    /** When it was noticed that it cannot be delivered. */
    noticedAt: instantText("noticed_at"),
    /** When it was paid back in full. */
    settledAt: instantText("settled_at"),
  },
  (table) => [
    unique("course_factory_refunds_due_key").on(table.paymentId, table.tenantId).nullsNotDistinct(),
    unique("course_factory_refunds_due_first_key").on(table.firstOfId),
  ],
);

/** Every refund that was told, of any payment, so that one told twice counts once. */
export const toldRefunds = pgTable(
  "course_factory_refunds",
  {
    paymentId: text("payment").notNull(),
    /** As in the row of its payment. */
    tenantId: text("tenant_id"),
    /** The refund's id; the event's where it named none. */
    refundId: text("refund_id").notNull(),
    /** Null: not told, so all of it. */
    amountCents: cents("amount_cents"),
    toldAt: instantText("told_at").notNull(),
    /** When it was told that the money came back to us: it counts no more. */
    reversedAt: instantText("reversed_at"),
  },
  (table) => [
    unique("course_factory_refunds_key")
      .on(table.paymentId, table.tenantId, table.refundId)
      .nullsNotDistinct(),
  ],
);

for (const table of [refundsDue, toldRefunds]) {
  withoutTenants(table, "payments for courses that perhaps are nobody's, which its handlers alone ask");
}
