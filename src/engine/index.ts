/** The door of the engine for code. */

export { type AlertState, alertStates, findAlert, listAlerts } from "./alerts/alert-views.ts";
export { type AlertSeverity, alertsInTransaction, severities } from "./alerts/alerts.ts";
export { type AlertNews, hasNews, takeNews } from "./alerts/untold.ts";
export {
  type Archive,
  type ArchiveBucket,
  ArchiveLostError,
  createBucketArchive,
  createFolderArchive,
} from "./archive.ts";
export { namesOfType } from "./consume/apply/judge-claims.ts";
export {
  type BatchContext,
  type BatchHandler,
  type CatchAll,
  type CatchAllHandler,
  type Consumer,
  type ConsumerOptions,
  type Delivered,
  definitionsOf,
  type EntriesContext,
  type EntriesHandler,
  type EventHandler,
  type HandlerContext,
  notTried,
  on,
  onAny,
  onBatch,
  onEntries,
  onSql,
  onSqlBatch,
  onSqlSet,
  type StartPosition,
  type StatementBatchContext,
  type StatementBatchHandler,
  type StatementContext,
  type StatementHandler,
  type StreamEntry,
  type Subscription,
} from "./consume/consumer.ts";
export { describeError, errorClass, errorStack } from "./consume/dead-letters.ts";
export { type CallOutside, callOutside } from "./consume/define/call-outside.ts";
export { defineConsumer, registerConsumers } from "./consume/define/define-consumer.ts";
export { defineJob, type JobContext, type ScheduledJob } from "./consume/define/define-job.ts";
export type { DeliveryFailure, DrainResult } from "./consume/drain/base.ts";
export type { AlertKind } from "./core/alert-kind.ts";
export { createSubrequestMeter } from "./core/budget.ts";
export { classify, isNetworkError } from "./core/classify.ts";
export { type Clock, systemClock } from "./core/clock.ts";
export { canonicalJson } from "./core/encoding/canonical-json.ts";
export { csvCell } from "./core/encoding/csv.ts";
export { hexOf, sha256Hex } from "./core/encoding/hex.ts";
export { isUuid } from "./core/encoding/uuid.ts";
export {
  BadRequestError,
  BrainError,
  ConflictError,
  type ErrorCode,
  FencedError,
  ForbiddenError,
  type Issue,
  NotFoundError,
  OverloadedError,
  PermanentError,
  RequestTimeoutError,
  RetryAfter,
  TooLargeError,
  TooManyRequestsError,
  TransientError,
  UnauthorizedError,
  UnexpectedTenantError,
  UnsupportedMediaTypeError,
  UpstreamError,
  ValidationError,
} from "./core/errors.ts";
export { isPrivateAddress, isPrivateHost, isToBeResolved, refusedHost } from "./core/host-guard.ts";
export { boundIssues, boundText, issuesOf } from "./core/issues.ts";
export { settlesWithin, withTimeLimit } from "./core/promises/time-limit.ts";
export { decideDelivery, defaultRetryPolicy } from "./core/retry.ts";
export { retryAfterMs } from "./core/retry-after.ts";
export type { MigrationSet } from "./core/schema-state.ts";
export {
  createVault,
  isSealed,
  type SecretAddress,
  secretsKeyForm,
  type Vault,
  VaultError,
  VaultKeyError,
  type VaultKeys,
} from "./core/secrets/vault.ts";
export {
  ConfigError,
  calledUrl,
  defineSettings,
  type EnvironmentOptions,
  flag,
  readEnvironment,
  type SettingState,
  type Settings,
  type SettingsDefinition,
  shownText,
  tellEnvironment,
  whole,
} from "./core/settings/environment.ts";
export {
  describeUnknownSetting,
  type UnknownSetting,
  unknownSettings,
} from "./core/settings/unknown-settings.ts";
export { countOf, type Histogram, quantileMs } from "./core/telemetry/histogram.ts";
export { createLogger, type Logger, type LogSink } from "./core/telemetry/log.ts";
export { type PartsLines, type SourceLines, sourceLinesName } from "./core/telemetry/stack.ts";
export { readTraceContext, type TraceContext, traceMeta } from "./core/telemetry/trace-context.ts";
export type { Span, SpanAttributes, SpanKind, SpanStart, Tracer } from "./core/telemetry/tracer.ts";
export { isImpossible, latestPossible, toldAt } from "./core/told-at.ts";
export type { AlertWatch } from "./db/alert-watch.ts";
export { beyondTenant } from "./db/beyond-tenant.ts";
export {
  createDatabase,
  type Database,
  endedByWord,
  type LastStatement,
  type StatementBuilder,
  type Tx,
  useWebSocket,
} from "./db/database.ts";
export { isMissingObject, translateDatabaseError, translated, violatedConstraint } from "./db/errors.ts";
export { isoText } from "./db/iso-text.ts";
export { keepSql } from "./db/kept-sql.ts";
export { namedLock } from "./db/locks.ts";
export { isLoopback } from "./db/neon-http.ts";
export {
  sharedTable,
  tenantOfTransaction,
  tenantRows,
  tenantRowsAndShared,
  tenantRowsThrough,
  withoutTenants,
} from "./db/tenant-rows.ts";
export { runAllBulkOperations } from "./dispatch/bulk-turns.ts";
export { beginDispatch } from "./dispatch/dispatch.ts";
export { drainOnce } from "./dispatch/drain-once.ts";
export { drainAll, drainSubscribers } from "./dispatch/drain-shards.ts";
export { type News, parseNews, type ShardNews } from "./dispatch/news.ts";
export { cronTick, reconcileAll, runJanitor } from "./dispatch/on-demand.ts";
export { relayAll, type Wake } from "./dispatch/relay-shards.ts";
export { runJobsNow, scheduleJob } from "./dispatch/scheduled-jobs.ts";
export {
  createEngine,
  type Engine,
  type EngineOptions,
  type HandOn,
  type TimeBudgets,
} from "./engine.ts";
export { completeUpTo } from "./events/complete-up-to.ts";
export { eventEffects } from "./events/effects.ts";
export { eventStats, tenantEventStats } from "./events/event-stats.ts";
export { exportEvents } from "./events/export.ts";
export { exportFound } from "./events/export-found.ts";
export { foreignEnvelope } from "./events/foreign-details.ts";
export { keepForeign } from "./events/foreign-entries.ts";
export { findRecorded } from "./events/history.ts";
export { type IngestContext, type IngestResult, ingest } from "./events/ingest.ts";
export { limitIngest } from "./events/ingest-limit.ts";
export { followEvents } from "./events/live.ts";
export { type ObservedFlow, observeFlows } from "./events/observed-flows.ts";
export type { DeclaredPayload, ObservedPayloads } from "./events/observed-payloads.ts";
export {
  mostObserved,
  type ObservedTypes,
  type ObserveOptions,
  observeTypes,
} from "./events/observed-types.ts";
export { countFound, search } from "./events/search.ts";
export {
  flattenTrees,
  growTrees,
  readStory,
  type StoryBegin,
  type StoryEvent,
  spanOf,
  treesToJson,
  withOrigins,
} from "./events/story.ts";
export { eraseSubject, eventsOfSubject, tenantsOfSubject } from "./events/subjects.ts";
export { overRowsOf, ownEventsPerMinute, tenantQuotaSql } from "./events/tenant-quotas.ts";
export {
  type DrainTurns,
  hasStream,
  type Invocation,
  requireStream,
  type StreamInvocation,
} from "./invocation.ts";
export {
  defineModule,
  type Module,
  type ModuleDefinition,
  type ModuleParts,
  type RateLimit,
} from "./module/define-module.ts";
export { type Answers, definePort, type Need, type Needs, type Offer, type Port } from "./module/ports.ts";
export { defineProduct, type OpenedModule, type OpenedProduct, type Product } from "./module/product.ts";
export { changeAlert } from "./operations/alert-changes.ts";
export { type BulkChange, changeBulkOperation } from "./operations/bulk/bulk-changes.ts";
export { type BulkKind, findBulkOperation, listBulkOperations } from "./operations/bulk/bulk-view.ts";
export { editCopy } from "./operations/bulk/edited-copy.ts";
export { previewRedrive, redriveLetter, startRedrive } from "./operations/bulk/redrive.ts";
export { previewReplay, replayStep, startReplay } from "./operations/bulk/replay.ts";
export { changeBlockedKey, listBlockedKeys } from "./operations/consumers/blocked-keys.ts";
export { consumerDetails, consumerStates } from "./operations/consumers/consumer-states.ts";
export {
  countOpen,
  discardLetter,
  discardLetters,
  findLetter,
  groupLetters,
  listLetters,
} from "./operations/consumers/dead-letters.ts";
export { lastVisits } from "./operations/consumers/live-state.ts";
export { listPauses, pauseConsumer, resumeConsumer } from "./operations/consumers/pauses.ts";
export { databaseAheadMs } from "./operations/database-clock.ts";
export { checkHealth, lookAtStores } from "./operations/health.ts";
export type { MetricFamily, MetricSample } from "./operations/metrics/metric-family.ts";
export { timeWindowNames } from "./operations/metrics/over-time.ts";
export { criticalTimes } from "./operations/metrics/read-counters.ts";
export { readMetrics } from "./operations/metrics/read-metrics.ts";
export { moveState } from "./operations/move-state.ts";
export { listActions, type Operator, recordAction } from "./operations/operator-actions.ts";
export { readOverview, tenantOverview } from "./operations/overview.ts";
export { rewrapSecrets, type SealedColumn } from "./operations/rewrap-secrets.ts";
export { listTenants, setTenantLimits } from "./operations/tenants.ts";
export { whyNotTried } from "./operations/try/offers.ts";
export { tryLetter, tryOffersOf, tryRecorded } from "./operations/try/try-out.ts";
export { markActivity } from "./publish/activity.ts";
export { newEventId } from "./publish/event-id.ts";
export { noteStatusSql, type RequestOrigin } from "./publish/origin.ts";
export { type PositionedEvent, withPosition } from "./publish/position.ts";
export {
  type PayloadLimits,
  type Publish,
  type PublishContext,
  type PublishOptions,
  type Transact,
  transactAndPublish,
} from "./publish/publish.ts";
export { type EnvelopeRow, outgoingColumns, toEnvelope } from "./publish/record.ts";
export { beginRecording } from "./relay/recording.ts";
export { defaultBatchBounds } from "./relay/relay-deps.ts";
export type { ArchiveReport } from "./retention/archive-days.ts";
export { listSeals, noteAnnounced, sealsToAnnounce, verifyDay } from "./retention/audit-chain.ts";
export type { Part } from "./retention/janitor.ts";
export type { PurgeReport } from "./retention/purge.ts";
export type { ReconcileReport } from "./retention/reconcile.ts";
export { redeliveredBy } from "./retention/redelivered.ts";
export type { TrimReport } from "./retention/trim.ts";
export { type EngineSettings, engineSettings, parseEngineSettings, secretsKeys } from "./settings.ts";
export { createStreamKeys } from "./stream/keys.ts";
export { createRedis, RedisReplyError } from "./stream/redis.ts";
