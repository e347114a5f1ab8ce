import type { RecordedEvent } from "../answers.ts";
import { UsageError } from "../errors.ts";

/** A record as a line of JSON: what every Kafka client takes to produce it. */
export interface KafkaRecord {
  readonly topic: string;
  /** The ordering key; null: the client may choose any partition. */
  readonly key: string | null;
  /** When the event happened, Unix ms. */
  readonly timestamp: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly value: unknown;
}

/** The longest name that Kafka takes. */
const maxTopicLength = 249;

/**
 * Names topics by a template with `{type}`, `{module}` and `{tenant}`. What Kafka does not take in a name becomes `_`.
 *
 * @throws {UsageError} the template has another placeholder, or names nothing
 */
export function topicOf(template: string): (event: RecordedEvent) => string {
  const unknown = /\{(?!type\}|module\}|tenant\})[^}]*\}?/.exec(template);
  if (unknown !== null || template.trim() === "") {
    throw new UsageError(
      `--topic ${JSON.stringify(template)}: expected a name, which may have {type}, {module} and {tenant} in it.`,
    );
  }
  return (event) => {
    const values: Readonly<Record<string, string>> = {
      type: event.type,
      module: event.meta.source_module,
      tenant: event.tenant_id ?? "none",
    };
    return template
      .replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "")
      .replaceAll(/[^A-Za-z0-9._-]/g, "_")
      .slice(0, maxTopicLength);
  };
}

/**
 * An event in the binary mode of CloudEvents' binding for Kafka: attributes are headers `ce_…`, the value is the payload.
 * Names of extensions are lower-case letters and digits. `brain_meta` has what no attribute is for, so nothing is lost.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md
 */
export function kafkaRecordOf(event: RecordedEvent, topic: string): KafkaRecord {
  const optional: Readonly<Record<string, string | number | null | undefined>> = {
    ce_partitionkey: event.key,
    ce_tenantid: event.tenant_id,
    ce_correlationid: event.correlation_id,
    ce_causationid: event.meta.causation_id,
    ce_traceparent: event.meta.traceparent,
    ce_target: event.target,
    ce_actorid: event.actor_id,
    ce_missionid: event.mission_id,
    ce_taskid: event.task_id,
    ce_severity: event.severity,
    ce_schemaversion: event.meta.schema_version,
    ce_position: event.position,
    ce_streamid: event.stream_message_id,
  };
  const given = Object.entries(optional).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, String(value)] as const],
  );
  return {
    topic,
    key: event.key,
    timestamp: Date.parse(event.timestamp),
    headers: {
      "content-type": "application/json",
      ce_specversion: "1.0",
      ce_id: event.id,
      // A URI reference: what may not stand in one is escaped.
      ce_source: encodeURI(event.source),
      ce_type: event.type,
      ce_time: event.timestamp,
      ...Object.fromEntries(given),
      brain_meta: JSON.stringify(event.meta),
    },
    value: event.payload,
  };
}
