import { dualNames, readAliases } from "./aliases.ts";
import { type CatalogOptions, createCatalog } from "./catalog.ts";
import { rederiveType, unwrapDictStyle } from "./decoding/charter-legacy.ts";
import { isForeignType } from "./decoding/foreign.ts";
import * as course from "./events/course.ts";
import * as authoring from "./events/course-authoring.ts";
import * as delivery from "./events/course-delivery.ts";
import * as learning from "./events/course-learning.ts";
import * as distribution from "./events/distribution.ts";
import * as ir from "./events/ir.ts";
import * as mission from "./events/mission.ts";
import * as payment from "./events/payment.ts";
import * as system from "./events/system.ts";
import * as task from "./events/task.ts";

/** The events of the Event Charter v1.0, by module and in the order of their life. */
export const charterEvents = [
  course.courseGenerationRequested,
  course.courseGenerationStarted,
  course.courseOutlineCreated,
  course.courseLessonGenerated,
  course.courseQuizCreated,
  course.courseLandingPageCreated,
  course.courseGenerationCompleted,
  course.courseGenerationFailed,
  course.courseWorkflowTransitioned,
  course.courseAccessRuleChanged,
  course.courseDeployedStaging,
  authoring.courseEnhancementApplied,
  authoring.courseThemeBound,
  authoring.courseSectionBuilt,
  authoring.courseSeoPackGenerated,
  authoring.coursePreviewCreated,
  learning.courseEnrollmentCreated,
  learning.courseProgressRecorded,
  learning.courseCompletionRecorded,
  learning.courseCertificateIssued,
  learning.coursePackCreated,
  delivery.coursePaymentRequired,
  delivery.coursePaymentCompleted,
  delivery.coursePaymentFailed,
  delivery.courseDistributionRequested,
  delivery.courseDistributionCompleted,
  delivery.courseDistributionFailed,
  delivery.courseAccessGranted,
  delivery.courseAccessRevoked,
  distribution.distributionCreated,
  distribution.distributionUpdated,
  distribution.distributionDeleted,
  distribution.distributionPublished,
  distribution.distributionUnpublished,
  distribution.distributionViewed,
  distribution.distributionEnrollmentClicked,
  distribution.distributionMicroNicheCreated,
  distribution.distributionVersionBumped,
  ir.irApprovalCreated,
  ir.irApprovalConsumed,
  ir.irApprovalExpired,
  ir.irApprovalAcknowledged,
  ir.irApprovalInvalid,
  ir.irValidatedPass,
  ir.irValidatedEscalate,
  ir.irValidatedReject,
  ir.irDagDiffOk,
  ir.irDagDiffFailed,
  task.taskCreated,
  task.taskAssigned,
  task.taskStarted,
  task.taskCompleted,
  task.taskFailed,
  task.taskCancelled,
  task.taskRetrying,
  task.taskScheduled,
  task.taskClaimed,
  task.taskLeaseCreated,
  task.taskItemCreated,
  task.taskItemCompleted,
  task.taskItemDeleted,
  task.taskItemUpdated,
  mission.missionCreated,
  mission.missionStarted,
  mission.missionCompleted,
  mission.missionFailed,
  mission.missionCancelled,
  payment.paymentIntentCreated,
  payment.paymentTransactionCompleted,
  payment.paymentTransactionFailed,
  payment.paymentTransactionCancelled,
  payment.paymentRefundRequested,
  payment.paymentRefundCompleted,
  payment.paymentRefundFailed,
  system.agentOnline,
  system.agentOffline,
  system.agentHeartbeat,
  system.agentError,
  system.agentTaskRequest,
  system.agentMessage,
  system.broadcast,
  system.systemHealth,
  system.systemAlert,
  system.systemMaintenance,
  system.ethicsReview,
  system.ethicsViolation,
  system.ethicsApproval,
] as const;

/** What only the charter's history has: older names, names of modules outside this project, older programs. */
export const charterOptions = {
  readAliases,
  dualNames,
  isForeign: isForeignType,
  legacy: { rederiveType, unwrapPayload: unwrapDictStyle },
} satisfies CatalogOptions;

/** The charter's events. A product with more of its own makes `createCatalog([...charterEvents, …], charterOptions)`. */
export const charter = createCatalog(charterEvents, charterOptions);
