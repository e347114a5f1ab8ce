import { openObject } from "@brain/schemas";
import * as z from "zod";
import { day } from "../../../http/kit/instant.ts";
import { tenantIdText } from "../../../http/kit/tenant-id.ts";
import { writtenUuid } from "../../../http/kit/written-uuid.ts";
import { timeCursor } from "../../time-cursor.ts";
import { actorId } from "../route-parts.ts";
import { certificateId, enrollmentId, language, limit, oneLine, packId, plainLines } from "./fields.ts";
import { override } from "./override.ts";
import type { Completion, Enrollment, Pack, ProgressRow } from "./store.ts";

/** What the routes of learning take and answer. Times in answers are Unix seconds. */

export const certificateParam = z.strictObject({ course_id: writtenUuid, certificate_id: certificateId });
export const packParam = z.strictObject({ course_id: writtenUuid, pack_id: packId });

export const enrollInput = z.strictObject({
  /** Left out: the language of the course. */
  language: language.optional(),
  /** Left out: the caller (`x-actor-id`); without one the enrolment is anonymous. */
  actor_id: actorId.optional(),
});
export type EnrollInput = z.output<typeof enrollInput>;

export const progressInput = z.strictObject({
  enrollment_id: enrollmentId,
  chapter_id: writtenUuid.optional(),
  module_id: writtenUuid.optional(),
  status: z.enum(["started", "completed"]),
});
export type ProgressInput = z.output<typeof progressInput>;

export const completeInput = z.strictObject({ enrollment_id: enrollmentId, actor_id: actorId.optional() });
export type CompleteInput = z.output<typeof completeInput>;

export const enrollmentInput = z.strictObject({ enrollment_id: enrollmentId });

export const verifyInput = z.strictObject({
  /** Anything: what is no certificate is answered as not valid. */
  certificate_payload: openObject(1_000),
  signature_hex: z.string().max(1000),
});
export type VerifyInput = z.output<typeof verifyInput>;

const maxOverrides = 100;

export const packInput = z.strictObject({
  target_audience: oneLine(1, 100),
  language,
  overrides: z.array(override).min(1).max(maxOverrides),
  description: plainLines(1000).nullable().default(null),
});
export type PackInput = z.output<typeof packInput>;

export const packsQuery = z.strictObject({
  limit: limit(100, 20),
  cursor: timeCursor(/pack_[0-9a-f]{16}/).optional(),
});
export type PacksQuery = z.output<typeof packsQuery>;

export const renderQuery = z.strictObject({ pack_id: packId.optional() });

export const catalogQuery = z.strictObject({
  language: language.optional(),
  tenant_id: tenantIdText.optional(),
  limit: limit(100, 50),
  cursor: timeCursor().optional(),
});
export type CatalogQuery = z.output<typeof catalogQuery>;

export const summaryQuery = z.strictObject({ course_id: writtenUuid.optional() });

const maxExportRows = 10_000;

export const exportQuery = z.strictObject({
  course_id: writtenUuid.optional(),
  /** Checked by the route: another format is no field error, but 400. */
  format: z.string().max(100).default("json"),
  /** First and last day, in UTC. */
  from: day.optional(),
  to: day.optional(),
  limit: limit(maxExportRows, maxExportRows),
  /** Of CSV only: begin with a byte order mark, by which spreadsheets know UTF-8. */
  bom: z
    .enum(["true", "false"])
    .transform((value) => value === "true")
    .default(false),
});
export type ExportQuery = z.output<typeof exportQuery>;

export function unixOf(time: Date): number {
  return Math.floor(time.getTime() / 1000);
}

export function enrollmentView(row: Enrollment) {
  return {
    enrollment_id: row.enrollmentId,
    course_id: row.courseId,
    language: row.language,
    actor_id: row.actorId,
    enrolled_at: unixOf(row.enrolledAt),
  };
}

/** `chapter_id` is null for an entry about a whole module. */
export function progressView(row: ProgressRow) {
  return {
    enrollment_id: row.enrollmentId,
    course_id: row.courseId,
    chapter_id: row.kind === "chapter" ? row.targetId : null,
    module_id: row.kind === "module" ? row.targetId : null,
    status: row.status,
    started_at: unixOf(row.startedAt),
    completed_at: row.completedAt === null ? null : unixOf(row.completedAt),
  };
}

export function completionView(row: Completion, learner: string | null) {
  return {
    enrollment_id: row.enrollmentId,
    course_id: row.courseId,
    actor_id: learner,
    course_version: row.courseVersion,
    completed_at: unixOf(row.completedAt),
    completion_hash: row.completionHash,
  };
}

export function packView(row: Pack) {
  return {
    pack_id: row.packId,
    course_id: row.courseId,
    target_audience: row.targetAudience,
    language: row.language,
    description: row.description,
    overrides: row.overrides,
    created_by: row.createdBy,
    created_at: unixOf(row.createdAt),
  };
}
