import { readAliases } from "./aliases.ts";
import type { EventDefinition, PayloadOf } from "./define-event.ts";
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
import { nearestName } from "./nearest-name.ts";

/** Every event that may be published, by module and in the order of its life. */
const definitions = [
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

type CataloguedDefinition = (typeof definitions)[number];

/** Wire name of a catalogued event. */
export type EventType = CataloguedDefinition["type"];

/** The definitions by wire name. */
export type Catalog = { readonly [D in CataloguedDefinition as D["type"]]: D };

/** What a handler of events of type `T` receives. */
export type EventPayload<T extends EventType> = PayloadOf<Catalog[T]>;

/**
 * @throws {Error} a definition is undefined, as a circle of imports leaves it, or a name stands for two; names the place
 */
export function indexByType(
  listed: readonly (EventDefinition | undefined)[],
): ReadonlyMap<string, EventDefinition> {
  const found = new Map<string, EventDefinition>();
  let before = "at the beginning";
  for (const definition of listed) {
    if (definition === undefined) {
      throw new Error(
        `The catalog has an event that is undefined, ${before}. Look whether its file exports it, and whether that file imports the catalog, which imports it.`,
      );
    }
    const { type } = definition;
    if (found.has(type)) throw new Error(`The catalog has two events named "${type}"; keep one.`);
    found.set(type, definition);
    before = `behind "${type}"`;
  }
  return found;
}

const byType = indexByType(definitions);

/** The definitions by wire name; use {@link findEvent} for a name that is not known to the compiler. */
export const catalog = Object.freeze(Object.fromEntries(byType)) as unknown as Catalog;

/** The definition of a catalogued wire name. Aliases are not resolved; see `canonicalType`. */
export function findEvent(type: string): EventDefinition | undefined {
  return byType.get(type);
}

/** All definitions, by module and in the order of their life. */
export function allEvents(): readonly EventDefinition[] {
  return definitions;
}

/** The catalogued name meant by an older or misspelt one, or null when none is near. */
export function suggestType(type: string): EventType | null {
  const canonical = readAliases.get(type);
  if (canonical !== undefined) return canonical as EventType;
  return nearestName(
    type.toLowerCase(),
    definitions.map((definition) => definition.type),
  );
}
