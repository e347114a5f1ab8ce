/** The only door of the charter package. */

export {
  type Catalog,
  type CatalogOptions,
  createCatalog,
  type EventTypeOf,
  type LegacyProducers,
  type PayloadByType,
} from "./catalog.ts";
export { charter, charterEvents, charterOptions } from "./charter.ts";
export { binaryHeaders, readBinaryHeaders } from "./cloud-events/binary-headers.ts";
export {
  type CloudEvent,
  fromCloudEvent,
  type ReadCloudEvent,
  type ReadCloudEventOptions,
  type TravellingEnvelope,
  toCloudEvent,
} from "./cloud-events/cloud-events.ts";
export { type Decoded, decodeEntry, decodeLogRecord } from "./decoding/decode.ts";
export { type EventKind, logicalKey } from "./decoding/decode-legacy.ts";
export type { DecodeNote } from "./decoding/decode-note.ts";
export { parseEnvelope } from "./decoding/parse-envelope.ts";
export type { DecodeFailure } from "./decoding/raw-entry.ts";
export { parseEventPayload, type ReadPayload } from "./decoding/read-payload.ts";
export { type Upcast, type Upcasts, upcast } from "./decoding/upcast.ts";
export {
  type Criticality,
  defineEvent,
  type EventDefinition,
  type EventOptions,
  type LegacyPayload,
  type PayloadContext,
  type PayloadInputOf,
  type PayloadOf,
  type Severity,
  severities,
} from "./define-event.ts";
export {
  type Envelope,
  type EnvelopeMeta,
  isUuidV4,
  maxLengths,
  payloadLimits,
} from "./envelope.ts";
export { CharterError, type CharterErrorCode, type CharterIssue } from "./errors.ts";
export {
  courseAccessRuleChanged,
  courseDeployedStaging,
  courseGenerationCompleted,
  courseGenerationFailed,
  courseGenerationRequested,
  courseGenerationStarted,
  courseLandingPageCreated,
  courseLessonGenerated,
  courseOutlineCreated,
  courseQuizCreated,
  courseWorkflowTransitioned,
} from "./events/course.ts";
export {
  courseEnhancementApplied,
  coursePreviewCreated,
  courseSectionBuilt,
  courseSeoPackGenerated,
  courseThemeBound,
} from "./events/course-authoring.ts";
export {
  courseAccessGranted,
  courseAccessRevoked,
  courseDistributionCompleted,
  courseDistributionFailed,
  courseDistributionRequested,
  coursePaymentCompleted,
  coursePaymentFailed,
  coursePaymentRequired,
} from "./events/course-delivery.ts";
export {
  courseCertificateIssued,
  courseCompletionRecorded,
  courseEnrollmentCreated,
  coursePackCreated,
  courseProgressRecorded,
} from "./events/course-learning.ts";
export {
  distributionCreated,
  distributionDeleted,
  distributionEnrollmentClicked,
  distributionMicroNicheCreated,
  distributionPublished,
  distributionUnpublished,
  distributionUpdated,
  distributionVersionBumped,
  distributionViewed,
} from "./events/distribution.ts";
export {
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
  stripHashPrefix,
} from "./events/ir.ts";
export {
  missionCancelled,
  missionCompleted,
  missionCreated,
  missionFailed,
  missionStarted,
} from "./events/mission.ts";
export {
  paymentIntentCreated,
  paymentRefundCompleted,
  paymentRefundFailed,
  paymentRefundRequested,
  paymentTransactionCancelled,
  paymentTransactionCompleted,
  paymentTransactionFailed,
} from "./events/payment.ts";
export {
  agentError,
  agentHeartbeat,
  agentMessage,
  agentOffline,
  agentOnline,
  agentTaskRequest,
  broadcast,
  ethicsApproval,
  ethicsReview,
  ethicsViolation,
  systemAlert,
  systemHealth,
  systemMaintenance,
} from "./events/system.ts";
export {
  taskAssigned,
  taskCancelled,
  taskClaimed,
  taskCompleted,
  taskCreated,
  taskFailed,
  taskItemCompleted,
  taskItemCreated,
  taskItemDeleted,
  taskItemPriority,
  taskItemStatus,
  taskItemUpdated,
  taskLeaseCreated,
  taskRetrying,
  taskScheduled,
  taskStarted,
} from "./events/task.ts";
export { type ForbiddenField, forbiddenFields } from "./guards/guard-schema.ts";
export { type GuardFindings, guardValues } from "./guards/guard-values.ts";
export { type ForbiddenKind, forbiddenKey, forbiddenKeyReason, namesSecret } from "./guards/key-rules.ts";
export {
  forbiddenText,
  forbiddenValue,
  holdsSecret,
  redactJson,
  redactText,
  replaceForbidden,
} from "./guards/pii.ts";
export { isJsonObject, type JsonObject, type JsonValue } from "./json/json.ts";
export { elementTexts, type JsonTextFault, maxTextDepth, type ReadJson, readJson } from "./json/read-json.ts";
export { type DecodedText, decodeUtf8 } from "./json/utf8.ts";
export {
  addToSequence,
  compareMessageIds,
  isMessageId,
  type MessageId,
  maxMessageId,
  messageIdMs,
  nextMessageId,
  parseMessageId,
  previousMessageId,
} from "./message-id.ts";
export { fractionDigitsOf } from "./money.ts";
export { checkEventName, frozenNames, isPastTense, type NameViolation } from "./naming.ts";
export { nearestName } from "./nearest-name.ts";
export { openObject } from "./payloads/open-object.ts";
export { parsePayload } from "./payloads/payload.ts";
export {
  keyFields,
  type PayloadField,
  payloadFields,
  payloadSchema,
  payloadShape,
  payloadSkeleton,
} from "./payloads/payload-fields.ts";
export { type PayloadObject, payloadObjects } from "./payloads/payload-objects.ts";
export { type FaultKind, type FaultyPlace, faultyPlaces } from "./payloads/payload-rules.ts";
export {
  atMostMembers,
  childrenOf,
  isBoundedText,
  isStrict,
  maxLengthOf,
  maxMembersOf,
  placeBelow,
  type SchemaDef,
  type SchemaPlace,
  schemaDef,
  walkSchema,
} from "./payloads/schema-walk.ts";
export {
  erasedText,
  type PersonalField,
  type PersonalOptions,
  personalOf,
  pii,
  sealedParts,
  sealedStart,
  subjectOf,
} from "./personal.ts";
export { type ReadTime, readTime } from "./time.ts";
export {
  contentDigest,
  fieldsToSign,
  importSigningSecret,
  type SignedMessage,
  signatureBase,
  signRequest,
} from "./webhooks/sign-request.ts";
export {
  type VerifyWebhookOptions,
  verifyWebhook,
  WebhookVerificationError,
} from "./webhooks/verify-webhook.ts";
export {
  type EncodedEnvelope,
  type EncodeOptions,
  encodeEntry,
  encodeLogRecord,
  encodeStored,
} from "./wire.ts";
