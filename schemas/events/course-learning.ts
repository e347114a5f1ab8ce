import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { count, id, isoTime, languageTag, sha256 } from "./fields.ts";

/** What learners do with a finished course, and the packs that fit it to an audience. Ids only: no text of anybody. */

const module = "course_factory";
const byCourse = (payload: { course_id: string }) => payload.course_id;

const learner = {
  course_id: z.uuid(),
  enrollment_id: id,
  /** The learner; null for an anonymous enrolment. */
  user_id: id.nullable(),
};

export const courseEnrollmentCreated = defineEvent("course.enrollment.created", {
  version: 1,
  module,
  criticality: "INFO",
  when: "Somebody enrolled in a course; not when the same learner enrols again",
  key: byCourse,
  payload: z.strictObject({ ...learner, language: languageTag, enrolled_at: isoTime }),
  consumers: ["analytics", "notification"],
});

export const courseProgressRecorded = defineEvent("course.progress.recorded", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A learner started or completed a chapter or a module; not when that was known",
  key: byCourse,
  payload: z.strictObject({
    ...learner,
    /** Null when the report was about a whole module. */
    chapter_id: z.uuid().nullable(),
    module_id: z.uuid(),
    status: z.enum(["started", "completed"]),
    /** Completed chapters of all chapters of the course, after this report. */
    completion_percentage: z.number().min(0).max(100),
    recorded_at: isoTime,
  }),
  consumers: ["analytics"],
});

export const courseCompletionRecorded = defineEvent("course.completion.recorded", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A learner completed a course, once per enrolment",
  key: byCourse,
  payload: z.strictObject({
    ...learner,
    course_version: z.string().min(1).max(20),
    /** SHA-256 of course, learner, time and version. */
    completion_hash: sha256,
    completed_at: isoTime,
  }),
  contentHashes: ["completion_hash"],
  consumers: ["analytics", "notification"],
});

export const courseCertificateIssued = defineEvent("course.certificate.issued", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A signed certificate of a completion was stored, once per enrolment",
  key: byCourse,
  payload: z.strictObject({
    ...learner,
    certificate_id: id,
    /** Names the public key by which it is verified. */
    key_id: z.string().regex(/^[0-9a-f]{16}$/),
    issued_at: isoTime,
  }),
  consumers: ["notification", "audit"],
});

export const coursePackCreated = defineEvent("course.pack.created", {
  version: 1,
  module,
  criticality: "INFO",
  when: "A pack that fits a course to an audience was stored",
  key: byCourse,
  payload: z.strictObject({
    course_id: z.uuid(),
    pack_id: id,
    language: languageTag,
    overrides_count: count,
    created_at: isoTime,
  }),
  consumers: ["analytics"],
});
