import {
  courseAccessGranted,
  courseAccessRevoked,
  courseAccessRuleChanged,
  courseCertificateIssued,
  courseCompletionRecorded,
  courseDistributionCompleted,
  courseDistributionFailed,
  courseEnhancementApplied,
  courseEnrollmentCreated,
  courseGenerationCompleted,
  courseGenerationFailed,
  courseGenerationRequested,
  courseGenerationStarted,
  courseLandingPageCreated,
  courseLessonGenerated,
  courseOutlineCreated,
  coursePackCreated,
  courseProgressRecorded,
  courseQuizCreated,
  courseSectionBuilt,
  courseThemeBound,
  distributionCreated,
  distributionDeleted,
  distributionEnrollmentClicked,
  distributionMicroNicheCreated,
  distributionPublished,
  distributionUnpublished,
  distributionViewed,
  type EventDefinition,
  irApprovalAcknowledged,
  irApprovalConsumed,
  irApprovalCreated,
  irApprovalExpired,
  irApprovalInvalid,
  irDagDiffFailed,
  irDagDiffOk,
  irValidatedEscalate,
  irValidatedPass,
  irValidatedReject,
  missionCancelled,
  missionCompleted,
  missionCreated,
  missionFailed,
  missionStarted,
  type PayloadOf,
  paymentIntentCreated,
  paymentRefundCompleted,
  paymentRefundFailed,
  paymentTransactionCancelled,
  paymentTransactionCompleted,
  paymentTransactionFailed,
  taskCompleted,
  taskCreated,
  taskFailed,
  taskItemCompleted,
  taskItemCreated,
  taskItemDeleted,
  taskItemUpdated,
  taskRetrying,
  taskStarted,
} from "@brain/schemas";
import { currencyOf, kindOf, languageOf, type Metric } from "./metrics.ts";

/** Which numbers an event adds to. Pure. */

/** One thing that an event tells. */
export interface Measure {
  readonly metric: Metric;
  /** Default 1. */
  readonly count?: number;
  /** A whole number in the unit of the metric. Default 0. */
  readonly total?: number;
  /** How long it took, for the histogram; it is the total, too. */
  readonly ms?: number;
  readonly kind?: string;
  /** The course that it is about. */
  readonly courseId?: string;
  /** The catalogue entry that it is about; course, language and kind are those of the entry. */
  readonly entryId?: string;
  /** Left out: that of the course or the entry, where there is one. */
  readonly language?: string;
}

/** What later events leave out. */
export interface Subject {
  readonly id: string;
  readonly courseId: string;
  readonly language: string;
  readonly kind: "" | "base" | "variant";
}

export interface Counting {
  readonly definition: EventDefinition;
  readonly measures: (payload: unknown) => readonly Measure[];
  readonly subject: ((payload: unknown) => Subject) | null;
}

function count<D extends EventDefinition>(
  definition: D,
  measures: (payload: PayloadOf<D>) => readonly Measure[],
  subject: ((payload: PayloadOf<D>) => Subject) | null = null,
): Counting {
  return {
    definition,
    measures: measures as Counting["measures"],
    subject: subject as Counting["subject"],
  };
}

const msOf = (seconds: number) => Math.round(seconds * 1_000);
const ofCourse = (metric: Metric) => (payload: { readonly course_id: string | null }) => [
  { metric, courseId: payload.course_id ?? "" },
];
const ofEntry = (metric: Metric) => (payload: { readonly distribution_id: string }) => [
  { metric, entryId: payload.distribution_id },
];
const once = (metric: Metric) => () => [{ metric }];

interface Money {
  readonly course_id: string | null;
  readonly amount_cents: number | null;
  readonly currency: string | null;
}
const sum =
  (metric: Metric) =>
  ({ course_id, amount_cents, currency }: Money): Measure[] => [
    { metric, courseId: course_id ?? "", total: amount_cents ?? 0, kind: currencyOf(currency) },
  ];

const courses: readonly Counting[] = [
  count(
    courseGenerationRequested,
    ({ course_id, language, dry_run }) => [
      dry_run
        ? { metric: "courses.previews", language: languageOf(language) }
        : { metric: "courses.requested", courseId: course_id, language: languageOf(language) },
    ],
    ({ course_id, language }) => ({
      id: course_id,
      courseId: course_id,
      language: languageOf(language),
      kind: "",
    }),
  ),
  count(courseOutlineCreated, ({ course_id: courseId, total_lessons, modules_count }) => [
    { metric: "courses.outlines", courseId, total: total_lessons },
    { metric: "courses.outline_modules", courseId, total: modules_count },
  ]),
  count(courseQuizCreated, ({ course_id: courseId, question_count }) => [
    { metric: "courses.quizzes", courseId, total: question_count },
  ]),
  count(courseLandingPageCreated, ofCourse("courses.landing_pages")),
  count(courseGenerationCompleted, (course) => {
    if (course.dry_run === true) return [];
    const about = { courseId: course.course_id, language: languageOf(course.language) };
    return [
      { ...about, metric: "courses.completed", ms: msOf(course.execution_time_seconds) },
      { ...about, metric: "courses.lessons", total: course.full_lessons_generated },
    ];
  }),
  count(courseGenerationFailed, ({ course_id, execution_time_seconds }) => [
    { metric: "courses.failed", courseId: course_id, ms: msOf(execution_time_seconds) },
  ]),
];

const distributions: readonly Counting[] = [
  count(
    distributionCreated,
    ({ course_id, language, derived_from }) => [
      {
        metric: "distributions.created",
        courseId: course_id,
        language: languageOf(language),
        kind: derived_from === null ? "base" : "variant",
      },
    ],
    ({ distribution_id, course_id, language, derived_from }) => ({
      id: distribution_id,
      courseId: course_id,
      language: languageOf(language),
      kind: derived_from === null ? "base" : "variant",
    }),
  ),
  count(courseDistributionFailed, ofCourse("distributions.failed")),
  count(distributionPublished, ({ course_id, language }) => [
    { metric: "distributions.published", courseId: course_id, language: languageOf(language) },
  ]),
  count(distributionUnpublished, ({ distribution_id }) => [
    { metric: "distributions.unpublished", entryId: distribution_id, kind: "" },
  ]),
  count(distributionDeleted, ofCourse("distributions.deleted")),
  count(distributionMicroNicheCreated, ({ parent_distribution_id }) => [
    { metric: "distributions.variants", entryId: parent_distribution_id, kind: "" },
  ]),
  count(distributionViewed, (payload) =>
    ofEntry("distributions.views")(payload).map((view) => ({ ...view, count: payload.views ?? 1 })),
  ),
  count(distributionEnrollmentClicked, (payload) =>
    ofEntry("distributions.clicks")(payload).map((click) => ({ ...click, count: payload.clicks ?? 1 })),
  ),
];

interface Violations {
  readonly violations: readonly { readonly code: string }[];
}
const violationsOf = ({ violations }: Violations): Measure[] =>
  violations.map(({ code }) => ({ metric: "validations.violations", kind: kindOf(code) }));

const governance: readonly Counting[] = [
  count(irApprovalCreated, once("approvals.created")),
  count(irApprovalConsumed, ({ time_to_consume_seconds }) => [
    { metric: "approvals.consumed", ms: msOf(time_to_consume_seconds) },
  ]),
  count(irApprovalExpired, once("approvals.expired")),
  count(irApprovalInvalid, ({ reason }) => [{ metric: "approvals.refused", kind: kindOf(reason) }]),
  count(irValidatedPass, once("validations.passed")),
  count(irValidatedEscalate, (payload) => [{ metric: "validations.escalated" }, ...violationsOf(payload)]),
  count(irValidatedReject, (payload) => [{ metric: "validations.rejected" }, ...violationsOf(payload)]),
  count(irDagDiffOk, once("graphs.equal")),
  count(irDagDiffFailed, once("graphs.different")),
];

interface Attempt {
  readonly mission_type: string | null;
  readonly duration_ms: number | null;
}
const attempt =
  (metric: Metric) =>
  ({ mission_type, duration_ms }: Attempt): Measure[] => [
    { metric, kind: kindOf(mission_type), ...(duration_ms === null ? {} : { ms: Math.round(duration_ms) }) },
  ];

const work: readonly Counting[] = [
  count(missionCreated, ({ type }) => [{ metric: "missions.created", kind: kindOf(type) }]),
  count(missionCompleted, once("missions.completed")),
  count(missionFailed, once("missions.failed")),
  count(missionCancelled, once("missions.cancelled")),
  count(taskStarted, ({ mission_type }) => [{ metric: "attempts.started", kind: kindOf(mission_type) }]),
  count(taskCompleted, attempt("attempts.completed")),
  count(taskFailed, attempt("attempts.failed")),
  count(taskRetrying, ({ mission_type, retry_count }) => {
    const kind = kindOf(mission_type);
    const retried: Measure[] = [{ metric: "attempts.retried", kind }];
    return retry_count === 1 ? [...retried, { metric: "missions.retried", kind }] : retried;
  }),
  count(taskItemCreated, once("items.created")),
  count(taskItemCompleted, once("items.completed")),
];

const purchases: readonly Counting[] = [
  count(paymentIntentCreated, ofCourse("payments.begun")),
  count(paymentTransactionCompleted, sum("payments.received")),
  count(paymentTransactionFailed, ofCourse("payments.failed")),
  count(paymentTransactionCancelled, ofCourse("payments.cancelled")),
  count(paymentRefundCompleted, sum("payments.refunded")),
  count(paymentRefundFailed, (payload) =>
    payload.was_completed === true
      ? sum("payments.refunds_reversed")(payload)
      : ofCourse("payments.refunds_failed")(payload),
  ),
  count(courseAccessGranted, ({ course_id: courseId, payment_id }) => [
    { metric: "access.granted", courseId, kind: payment_id === null ? "operator" : "payment" },
  ]),
  count(courseAccessRevoked, ({ course_id: courseId, payment_id }) => [
    { metric: "access.revoked", courseId, kind: payment_id === null ? "operator" : "refund" },
  ]),
  count(courseEnrollmentCreated, ({ course_id: courseId, language }) => [
    { metric: "enrollments.created", courseId, language: languageOf(language) },
  ]),
  count(courseCompletionRecorded, ofCourse("completions.recorded")),
  count(courseCertificateIssued, ofCourse("certificates.issued")),
];

/** Those that are counted as events, and nothing else. */
const plain: readonly Counting[] = [
  courseEnhancementApplied,
  courseThemeBound,
  courseSectionBuilt,
  courseDistributionCompleted,
  courseProgressRecorded,
  coursePackCreated,
  courseGenerationStarted,
  courseLessonGenerated,
  courseAccessRuleChanged,
  irApprovalAcknowledged,
  missionStarted,
  taskCreated,
  taskItemDeleted,
  taskItemUpdated,
].map((definition) => count<EventDefinition>(definition, () => []));

export const countings: readonly Counting[] = [
  ...courses,
  ...distributions,
  ...governance,
  ...work,
  ...purchases,
  ...plain,
];
