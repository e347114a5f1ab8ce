import type { Tx } from "@brain/engine";
import { hexOf } from "@brain/engine";
import { and, eq, sql } from "drizzle-orm";
import type { AccessRule } from "../../access-rule.ts";
import { isCourse } from "../courses/whose-course.ts";
import { courses } from "../tables.ts";
import type { ProgressEntry, ProgressStatus, Target } from "./state.ts";
import {
  certificateKeys,
  certificates,
  completions,
  enrollments,
  learningProgress,
  packs,
} from "./tables.ts";

/** The statements of learning that run in a transaction, one a function. */

export type Enrollment = typeof enrollments.$inferSelect;
export type ProgressRow = typeof learningProgress.$inferSelect;
export type Completion = typeof completions.$inferSelect;
export type Certificate = typeof certificates.$inferSelect;
export type Pack = typeof packs.$inferSelect;

/** `prefix_` and 16 hex digits of the platform's random source. */
export function newId(prefix: "enr" | "cert" | "pack"): string {
  return `${prefix}_${hexOf(crypto.getRandomValues(new Uint8Array(8)))}`;
}

/** What learning needs of a course; the outline is never null once the course is completed. */
const courseColumns = {
  courseId: courses.courseId,
  tenantId: courses.tenantId,
  status: courses.status,
  workflowState: courses.workflowState,
  title: courses.title,
  language: courses.language,
  version: courses.version,
  outline: courses.outline,
  access: sql<AccessRule | null>`${courses.request} -> 'access'`,
};

/** Null when there is no such course. @param tenantId null: of any */
export async function findCourse(tx: Tx, courseId: string, tenantId: string | null) {
  const [course] = await tx.select(courseColumns).from(courses).where(isCourse(courseId, tenantId));
  return course ?? null;
}

/** @returns null when the actor is enrolled already */
export async function insertEnrollment(tx: Tx, row: Enrollment): Promise<Enrollment | null> {
  const [inserted] = await tx.insert(enrollments).values(row).onConflictDoNothing().returning();
  return inserted ?? null;
}

export async function findEnrollmentOfActor(
  tx: Tx,
  courseId: string,
  actorId: string,
): Promise<Enrollment | null> {
  const [row] = await tx
    .select()
    .from(enrollments)
    .where(and(eq(enrollments.courseId, courseId), eq(enrollments.actorId, actorId)));
  return row ?? null;
}

/**
 * An enrolment of the course, locked: reports about one enrolment follow one another, so that each event tells the
 * percentage that its report reached. What belongs to it is read by later statements, which see what the last holder
 * of the lock committed.
 *
 * @see https://www.postgresql.org/docs/current/transaction-iso.html#XACT-READ-COMMITTED
 * @returns null when the course has no such enrolment
 */
export async function lockEnrollment(
  tx: Tx,
  courseId: string,
  enrollmentId: string,
  tenantId: string | null,
) {
  const [found] = await tx
    .select({ enrollment: enrollments, course: courseColumns })
    .from(enrollments)
    .innerJoin(courses, eq(courses.courseId, enrollments.courseId))
    .where(and(eq(enrollments.enrollmentId, enrollmentId), isCourse(courseId, tenantId)))
    .for("update", { of: enrollments });
  return found ?? null;
}

export async function listProgress(tx: Tx, enrollmentId: string): Promise<ProgressEntry[]> {
  return tx
    .select({
      kind: learningProgress.kind,
      target_id: learningProgress.targetId,
      status: learningProgress.status,
    })
    .from(learningProgress)
    .where(eq(learningProgress.enrollmentId, enrollmentId));
}

/**
 * Stores a report. A completion is never taken back, whoever else writes.
 *
 * @returns the entry as it is now, and whether this report changed it
 */
export async function saveProgress(
  tx: Tx,
  enrollment: Enrollment,
  target: Target,
  status: ProgressStatus,
  now: Date,
): Promise<{ readonly row: ProgressRow; readonly changed: boolean }> {
  const completedAt = status === "completed" ? now : null;
  const [changed] = await tx
    .insert(learningProgress)
    .values({
      enrollmentId: enrollment.enrollmentId,
      courseId: enrollment.courseId,
      kind: target.kind,
      targetId: target.id,
      status,
      startedAt: now,
      completedAt,
    })
    .onConflictDoUpdate({
      target: [learningProgress.enrollmentId, learningProgress.kind, learningProgress.targetId],
      set: { status: sql`excluded.status`, completedAt: sql`excluded.completed_at` },
      setWhere: sql`${learningProgress.status} = 'started' AND excluded.status = 'completed'`,
    })
    .returning();
  if (changed !== undefined) return { row: changed, changed: true };
  const [row] = await tx
    .select()
    .from(learningProgress)
    .where(
      and(
        eq(learningProgress.enrollmentId, enrollment.enrollmentId),
        eq(learningProgress.kind, target.kind),
        eq(learningProgress.targetId, target.id),
      ),
    );
  if (row === undefined) throw new Error("An entry that was in the way is gone; entries are never deleted.");
  return { row, changed: false };
}

/** @throws {ConflictError} the enrolment is completed already */
export async function insertCompletion(tx: Tx, row: Completion): Promise<void> {
  await tx.insert(completions).values(row);
}

export async function findCompletion(tx: Tx, enrollmentId: string): Promise<Completion | null> {
  const [row] = await tx.select().from(completions).where(eq(completions.enrollmentId, enrollmentId));
  return row ?? null;
}

/** The certificate of an enrolment with the key that signed it; null when none was issued. */
export async function findCertificateOf(tx: Tx, enrollmentId: string) {
  const [row] = await tx
    .select({ certificate: certificates, publicKey: certificateKeys.publicKey })
    .from(certificates)
    .leftJoin(certificateKeys, eq(certificateKeys.keyId, certificates.keyId))
    .where(eq(certificates.enrollmentId, enrollmentId));
  return row ?? null;
}

/**
 * Stores a certificate, and the public key that verifies it unless that is known.
 *
 * @throws {ConflictError} the enrolment has a certificate already
 */
export async function insertCertificate(tx: Tx, row: Certificate, publicKey: string): Promise<void> {
  await tx.insert(certificates).values(row);
  await tx
    .insert(certificateKeys)
    .values({ keyId: row.keyId, publicKey, firstUsedAt: row.issuedAt })
    .onConflictDoNothing();
}

export async function insertPack(tx: Tx, row: Pack): Promise<void> {
  await tx.insert(packs).values(row);
}
