import { tenantRowsThrough, withoutTenants } from "@brain/engine";
import { sql } from "drizzle-orm";
import {
  check,
  index,
  jsonb,
  pgTable,
  text,
  timestamp,
  uniqueIndex,
  uuid,
  varchar,
} from "drizzle-orm/pg-core";
import { courses } from "../tables.ts";
import type { CertificatePayload } from "./certificate.ts";
import type { Override } from "./override.ts";

// Whole seconds: answers and certificates carry Unix seconds, and what is stored is what was answered.
const at = (name: string) => timestamp(name, { withTimezone: true, precision: 0, mode: "date" });

const courseId = () =>
  uuid("course_id")
    .notNull()
    .references(() => courses.courseId, { onDelete: "cascade" });

/** One person learns one course once; who is not known gets an enrolment each time. */
export const enrollments = pgTable(
  "course_factory_enrollments",
  {
    /** `enr_` and 16 hex digits. */
    enrollmentId: varchar("enrollment_id", { length: 20 }).primaryKey(),
    courseId: courseId(),
    language: varchar("language", { length: 5 }).notNull(),
    /** Null: anonymous. */
    actorId: varchar("actor_id", { length: 100 }),
    enrolledAt: at("enrolled_at").notNull(),
  },
  (table) => [
    ...tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_enrollments"),
    uniqueIndex("course_factory_enrollments_actor")
      .on(table.courseId, table.actorId)
      .where(sql`actor_id IS NOT NULL`),
    index("course_factory_enrollments_course").on(table.courseId, table.enrolledAt),
    check("course_factory_enrollments_id", sql`enrollment_id ~ '^enr_[0-9a-f]{16}$'`),
  ],
);

const enrollmentId = () =>
  varchar("enrollment_id", { length: 20 })
    .notNull()
    .references(() => enrollments.enrollmentId, { onDelete: "cascade" });

/** How far a learner is with a chapter (a lesson of the outline) or a module. `completed` is final. */
export const learningProgress = pgTable(
  "course_factory_learning_progress",
  {
    enrollmentId: enrollmentId(),
    courseId: courseId(),
    kind: varchar("kind", { length: 7 }).$type<"chapter" | "module">().notNull(),
    targetId: uuid("target_id").notNull(),
    status: varchar("status", { length: 9 }).$type<"started" | "completed">().notNull(),
    /** Equal to completed_at when nobody reported the start. */
    startedAt: at("started_at").notNull(),
    completedAt: at("completed_at"),
  },
  (table) => [
    ...tenantRowsThrough(
      "course_factory_courses",
      { course_id: "course_id" },
      "course_factory_learning_progress",
    ),
    uniqueIndex("course_factory_learning_progress_target").on(table.enrollmentId, table.kind, table.targetId),
    index("course_factory_learning_progress_course").on(table.courseId, table.kind, table.targetId),
    check("course_factory_learning_progress_kind", sql`kind IN ('chapter', 'module')`),
    check(
      "course_factory_learning_progress_status",
      sql`(status = 'started' AND completed_at IS NULL) OR (status = 'completed' AND completed_at IS NOT NULL)`,
    ),
  ],
);

/** An enrolment is completed once. */
export const completions = pgTable(
  "course_factory_completions",
  {
    enrollmentId: enrollmentId().primaryKey(),
    courseId: courseId(),
    courseVersion: varchar("course_version", { length: 20 }).notNull(),
    completedAt: at("completed_at").notNull(),
    /** SHA-256, 64 hex digits. */
    completionHash: varchar("completion_hash", { length: 64 }).notNull(),
  },
  (table) => [
    ...tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_completions"),
    index("course_factory_completions_course").on(table.courseId, table.completedAt),
  ],
);

/** Public keys that ever signed a certificate. Without its row a key that is no longer set vouches for nothing. */
export const certificateKeys = pgTable("course_factory_certificate_keys", {
  /** First 16 hex digits of the SHA-256 of the public key's 32 bytes. */
  keyId: varchar("key_id", { length: 16 }).primaryKey(),
  /** The `x` of its JSON Web Key: 32 bytes in base64url (RFC 8037). */
  publicKey: varchar("public_key", { length: 43 }).notNull(),
  firstUsedAt: at("first_used_at").notNull(),
});

/** One certificate per completion, as it was signed. */
export const certificates = pgTable(
  "course_factory_certificates",
  {
    /** `cert_` and 16 hex digits. */
    certificateId: varchar("certificate_id", { length: 21 }).primaryKey(),
    enrollmentId: enrollmentId(),
    courseId: courseId(),
    payload: jsonb("payload").$type<CertificatePayload>().notNull(),
    /** 64 bytes, 128 hex digits. */
    signature: varchar("signature", { length: 128 }).notNull(),
    keyId: varchar("key_id", { length: 16 }).notNull(),
    issuedAt: at("issued_at").notNull(),
  },
  (table) => [
    ...tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_certificates"),
    uniqueIndex("course_factory_certificates_enrollment").on(table.enrollmentId),
    index("course_factory_certificates_course").on(table.courseId, table.issuedAt),
  ],
);

/** Changes that make a course fit one audience; the course itself stays as it is. */
export const packs = pgTable(
  "course_factory_packs",
  {
    /** `pack_` and 16 hex digits. */
    packId: varchar("pack_id", { length: 21 }).primaryKey(),
    courseId: courseId(),
    targetAudience: varchar("target_audience", { length: 100 }).notNull(),
    language: varchar("language", { length: 5 }).notNull(),
    description: varchar("description", { length: 1000 }),
    /** Applied in this order. */
    overrides: jsonb("overrides").$type<readonly Override[]>().notNull(),
    createdBy: text("created_by"),
    createdAt: timestamp("created_at", { withTimezone: true, precision: 3, mode: "date" }).notNull(),
  },
  (table) => [
    ...tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_packs"),
    index("course_factory_packs_course").on(table.courseId, table.createdAt, table.packId),
  ],
);

withoutTenants(certificateKeys, "public keys, with which anybody verifies", ["INSERT", "SELECT"]);
