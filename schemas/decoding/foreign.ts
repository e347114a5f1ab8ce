/**
 * Event types of modules outside this project. They are read and recorded in the audit log, never published here.
 */

const namesByPrefix: Readonly<Record<string, string>> = {
  policy: "evaluated denied warning_triggered audit_required created updated deleted",
  threat: "detected status_changed escalated mitigated",
  immune: "event_published critical_event decision",
  dna: "snapshot_created mutation_applied karma_updated",
  supervisor:
    "health_checked status_queried agents_listed domain_escalation.received domain_escalation.received.v1 " +
    "domain_escalation.decided domain_escalation.decided.v1",
  credits: "health_checked",
  hardware: "command_sent state_queried info_queried",
  metrics: "aggregation_started aggregation_completed aggregation_failed",
  telemetry: "connection_established connection_closed metrics_published",
  planning:
    "plan.created plan.validated plan.started plan.completed plan.failed node.started node.completed node.failed " +
    "recovery.attempted resource.budget_warning",
  connector:
    "registered unregistered started stopped status_changed message_received message_sent error health_check " +
    "brain_response",
  coordination:
    "message.sent message.delivered task.delegated task.completed task.failed vote.initiated vote.completed " +
    "knowledge.contributed conflict.reported conflict.resolved",
  tool:
    "registered updated deleted status_changed version_added executed execution_failed suspended deprecated " +
    "synergy_detected",
  learning:
    "metric.recorded strategy.registered strategy.selected strategy.promoted strategy.demoted outcome.recorded " +
    "experiment.created experiment.started experiment.completed experiment.cancelled",
  memory: "stored deleted session_created session_ended compressed merged recalled decayed",
  agent: "registered activated recovered degraded terminated skillrun.requested.v1 delegation.requested.v1",
  health: "recovered critical degraded check",
  config: "changed deployed",
  genetic_integrity: "snapshot_registered mutation_recorded",
  genetic_quarantine: "state_changed",
  opencode_repair: "ticket",
  recovery: "action",
  cognitive: "assessment.created learning.updated",
  domain: "agent.escalation.requested.v1",
};

/** All foreign names that are known one by one. */
export const foreignTypes: ReadonlySet<string> = new Set(
  Object.entries(namesByPrefix).flatMap(([prefix, names]) =>
    names.split(" ").map((name) => `${prefix}.${name}`),
  ),
);

// The operational audit module names its events after whatever it records.
const foreignPattern = /^audit\.[a-z0-9_.]+$/;

/** True for a type that belongs to a module outside this project. */
export function isForeignType(type: string): boolean {
  return foreignTypes.has(type) || foreignPattern.test(type);
}
