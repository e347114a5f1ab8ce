import { type TravellingEnvelope, toCloudEvent } from "@brain/schemas";
import type { RecordedEvent } from "../../../http/kit/answers/events.ts";
import { UsageError } from "../../errors.ts";

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
 * `brain_meta` has the whole of `meta`, for readers of ours that know no CloudEvents.
 * https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/kafka-protocol-binding.md
 */
export function kafkaRecordOf(event: RecordedEvent, topic: string): KafkaRecord {
  const {
    data: _data,
    datacontenttype,
    ...attributes
  } = toCloudEvent(event as unknown as TravellingEnvelope);
  return {
    topic,
    key: event.key,
    timestamp: Date.parse(event.timestamp),
    headers: {
      "content-type": datacontenttype,
      ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce_${name}`, String(value)])),
      brain_meta: JSON.stringify(event.meta),
    },
    value: event.payload,
  };
}
