import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { count, id, isoTime, languageTag, sha256 } from "./fields.ts";

/** What learners do with a finished course, and the packs that fit it to an audience. Ids only: no text of anybody. */

const module = "course_factory";
const byCourse = (payload: { course_id: string }) => payload.course_id;

const learner = {
  course_id: z.uuid().describe("The course."),
  enrollment_id: id.describe("The enrolment."),
  user_id: id.nullable().describe("The learner; null for an anonymous enrolment."),
};

export const courseEnrollmentCreated = defineEvent("course.enrollment.created", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_learning_service"],
  when: "Somebody enrolled in a course; not when the same learner enrols again",
  key: byCourse,
  payload: z.strictObject({
    ...learner,
    language: languageTag.describe("Language in which the learner takes the course."),
    enrolled_at: isoTime.describe("When the learner enrolled."),
  }),
  consumers: ["analytics"],
  outside: ["notification"],
});

export const courseProgressRecorded = defineEvent("course.progress.recorded", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_learning_service"],
  when: "A learner started or completed a chapter or a module; not when that was known",
  key: byCourse,
  payload: z.strictObject({
    ...learner,
    chapter_id: z.uuid().nullable().describe("Null when the report was about a whole module."),
    module_id: z.uuid().describe("The module that the report was about."),
    status: z.enum(["started", "completed"]).describe("What the learner did."),
    completion_percentage: z
      .number()
      .min(0)
      .max(100)
      .describe("Completed chapters of all chapters of the course, after this report."),
    recorded_at: isoTime.describe("When the progress was reported."),
  }),
  consumers: ["analytics"],
});

export const courseCompletionRecorded = defineEvent("course.completion.recorded", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_learning_service"],
  when: "A learner completed a course, once per enrolment",
  key: byCourse,
  payload: z.strictObject({
    ...learner,
    course_version: z.string().min(1).max(20).describe("Version of the course that was completed."),
    completion_hash: sha256.describe("SHA-256 of course, learner, time and version."),
    completed_at: isoTime.describe("When the course was completed."),
  }),
  contentHashes: ["completion_hash"],
  consumers: ["analytics"],
  outside: ["notification"],
});

export const courseCertificateIssued = defineEvent("course.certificate.issued", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_learning_service"],
  when: "A signed certificate of a completion was stored, once per enrolment",
  consumers: ["analytics"],
  key: byCourse,
  payload: z.strictObject({
    ...learner,
    certificate_id: id.describe("The certificate."),
    key_id: z
      .string()
      .regex(/^[0-9a-f]{16}$/)
      .describe("Names the public key by which it is verified."),
    issued_at: isoTime.describe("When it was issued."),
  }),
  outside: ["notification", "audit"],
});

export const coursePackCreated = defineEvent("course.pack.created", {
  version: 1,
  module,
  criticality: "INFO",
  producers: ["course_learning_service"],
  when: "A pack that fits a course to an audience was stored",
  key: byCourse,
  payload: z.strictObject({
    course_id: z.uuid().describe("The course."),
    pack_id: id.describe("The pack."),
    language: languageTag.describe("Language of the pack."),
    overrides_count: count.describe("Texts of the course that the pack replaces."),
    created_at: isoTime.describe("When the pack was stored."),
  }),
  consumers: ["analytics"],
});
