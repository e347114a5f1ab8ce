import {
  type courseGenerationCompleted,
  type EventDefinition,
  type PayloadInputOf,
  paymentRefundCompleted,
  paymentTransactionCompleted,
} from "@brain/schemas";
import { expect } from "vitest";
import type { Backbone } from "../../backbone.ts";
import type { TestEngine } from "../../engine.ts";

/** What the tests of access share: events as other modules publish them, and looks at what they did. */

export const base = "/api/course-access";
export const subscriber = "course_access";

export interface Purchase {
  readonly paymentId: string;
  readonly courseId: string;
  readonly userId: string;
  readonly tenantId: string | null;
  /** Null: not told. */
  readonly amountCents: number | null;
}

/** A purchase of its own. */
export function newPurchase(changes: Partial<Purchase> = {}): Purchase {
  return {
    paymentId: `pay-${crypto.randomUUID()}`,
    courseId: crypto.randomUUID(),
    userId: `user-${crypto.randomUUID()}`,
    tenantId: "tenant_a",
    amountCents: 4_900,
    ...changes,
  };
}

export function paymentOf(purchase: Purchase) {
  return {
    payment_id: purchase.paymentId,
    intent_id: `intent-${purchase.paymentId.slice(-36)}`,
    user_id: purchase.userId,
    tenant_id: purchase.tenantId,
    course_id: purchase.courseId,
    amount_cents: purchase.amountCents ?? 0,
    currency: "EUR",
    provider: "stripe",
    occurred_at: "2026-11-21T10:00:00.000Z",
  } satisfies PayloadInputOf<typeof paymentTransactionCompleted>;
}

type Publisher = Pick<Backbone, "publish">;

/** Publishes an event as the payment module does. */
export function publishAs<D extends EventDefinition>(
  engine: Publisher,
  definition: D,
  payload: PayloadInputOf<D>,
  options: { readonly tenantId?: string | null } = {},
) {
  const context = {
    source: "payment",
    tenant_id: options.tenantId === undefined ? "tenant_a" : options.tenantId,
    correlation_id: "request-1",
  };
  return engine.publish(context, (record) => record(definition, payload));
}

export function pay(engine: Publisher, purchase: Purchase) {
  return publishAs(engine, paymentTransactionCompleted, paymentOf(purchase), { tenantId: purchase.tenantId });
}

/** @param amountCents left out: all of it */
export function refund(engine: Publisher, purchase: Purchase, amountCents?: number, refundId?: string) {
  const payload = {
    ...paymentOf(purchase),
    amount_cents: amountCents ?? purchase.amountCents ?? 0,
    refund_id: refundId ?? `refund-${crypto.randomUUID()}`,
  };
  return publishAs(engine, paymentRefundCompleted, payload, { tenantId: purchase.tenantId });
}

/** An event as the first charter template wrote it: fields of the envelope are texts, the payload has three. */
export function oldEntry(type: string, payload: unknown): string[] {
  const fields = {
    id: crypto.randomUUID(),
    type,
    source: "paycore",
    payload: JSON.stringify(payload),
    timestamp: "2026-11-21T10:00:00.123456",
    meta: JSON.stringify({ schema_version: 1, producer: "paycore", source_module: "payment" }),
  };
  return Object.entries(fields).flat();
}

export function finishedCourse(
  courseId: string,
  changes: Partial<PayloadInputOf<typeof courseGenerationCompleted>> = {},
) {
  return {
    course_id: courseId,
    title: "Grundlagen der Geldanlage",
    description: "How to manage money without a bank, step by step and for everybody.",
    language: "de",
    target_audiences: ["students"],
    tenant_id: "tenant_a",
    total_modules: 4,
    total_lessons: 12,
    full_lessons_generated: 3,
    quiz_questions_count: 15,
    evidence_pack_path: `artifact:course/${courseId}`,
    execution_time_seconds: 1.5,
    deployed: false,
    staging_url: null,
    completed_at: "2026-11-21T10:00:00.000Z",
    ...changes,
  } satisfies PayloadInputOf<typeof courseGenerationCompleted>;
}

/** The access as the API answers it. */
export async function read(engine: TestEngine, { courseId, userId }: Purchase, tenantId?: string) {
  const tenant = tenantId === undefined ? "" : `&tenant_id=${tenantId}`;
  const answer = await engine.request("GET", `${base}/${courseId}?user_id=${userId}${tenant}`);
  expect(answer.status, answer.text).toBe(200);
  return answer.body;
}

interface Recorded {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly tenant_id: string | null;
  readonly actor_id: string | null;
  readonly correlation_id: string | null;
  readonly causation_id: string | null;
  readonly meta: Record<string, unknown>;
  readonly payload: Record<string, unknown>;
}

/** The events of access to a course, in the order they were recorded, with personal fields in clear. */
export async function accessEvents(
  engine: Pick<Backbone, "sql" | "open">,
  courseId: string,
): Promise<readonly Recorded[]> {
  const rows = await engine.sql<Recorded>(
    `SELECT id::text, type, source, tenant_id, actor_id, correlation_id, causation_id, meta, payload
     FROM events WHERE key = $1 AND type LIKE 'course.access.%' ORDER BY position`,
    [courseId],
  );
  return (await engine.open().publish.personal?.reveal(rows)) ?? rows;
}

/** Their types without the common part: `granted`, `revoked`. */
export async function changesOf(engine: Pick<Backbone, "sql" | "open">, courseId: string): Promise<string[]> {
  return (await accessEvents(engine, courseId)).map(({ type }) => type.replace("course.access.", ""));
}

/** Entries delivered to the group and not acked. */
export async function pendingCount(engine: TestEngine): Promise<number> {
  const [count] = (await engine.redis("XPENDING", engine.stream, `edge_${subscriber}`)) as [number];
  return count;
}
