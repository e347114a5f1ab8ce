import { severities } from "../define-event.ts";
import { maxLengths } from "../envelope.ts";
import type { JsonObject } from "../json/json.ts";

/** What stands around a payload, as schemas: the flat fields of a stream entry, and the attributes of a CloudEvent. */

const text = (maxLength: number, description: string): JsonObject => ({
  type: "string",
  minLength: 1,
  maxLength,
  description,
});

const time = (description: string): JsonObject => ({ type: "string", format: "date-time", description });

const meta: JsonObject = {
  type: "object",
  required: ["schema_version", "producer", "source_module"],
  properties: {
    schema_version: { type: "integer", minimum: 1, description: "Version of the payload." },
    producer: text(maxLengths.producer, "The service that published it."),
    source_module: text(maxLengths.source_module, "The module that published it."),
    position: { type: "integer", description: "Its place in the record." },
    causation_id: text(maxLengths.id, "Id of the event that caused it."),
    traceparent: { type: "string", description: "W3C trace context." },
    tracestate: { type: "string", description: "W3C trace context." },
    replay: { type: "object", description: "Set on events that an operator replays." },
  },
};

/** Fields of an entry that are left out where there is nothing to say. */
const optionalFields: JsonObject = {
  target: text(maxLengths.target, "Whom it is meant for; left out: everybody."),
  mission_id: text(maxLengths.mission_id, "The mission that it belongs to."),
  task_id: text(maxLengths.task_id, "The task that it belongs to."),
  correlation_id: text(maxLengths.correlation_id, "The story that it belongs to."),
  tenant_id: text(maxLengths.tenant_id, "The tenant whose it is; left out: nobody's."),
  actor_id: text(maxLengths.actor_id, "Id of the user who did it."),
  severity: { type: "string", enum: [...severities], description: "How grave it is." },
};

/** The fields of a stream entry but its payload, which is JSON text in the field `payload`. */
export const entryFields: JsonObject = {
  type: "object",
  description:
    "Flat fields of a stream entry, all of them texts. Beside them stands `payload`, the payload as JSON text.",
  required: ["id", "type", "source", "timestamp", "meta"],
  properties: {
    id: text(maxLengths.id, "A UUID of version 4, the same wherever the event goes."),
    type: text(maxLengths.type, "Name of the event."),
    source: text(maxLengths.source, "Who published it."),
    timestamp: time("When it happened, UTC."),
    ...optionalFields,
    meta: {
      type: "string",
      contentMediaType: "application/json",
      contentSchema: meta,
      description: "Where it comes from, as JSON text.",
    },
  },
};

/** The attributes of every event of ours as a CloudEvent 1.0. */
export const cloudEventAttributes: JsonObject = {
  type: "object",
  description: "A CloudEvent 1.0 in the JSON format. Other attributes are extensions of its producer.",
  required: ["specversion", "id", "source", "type", "data"],
  properties: {
    specversion: { const: "1.0" },
    id: { type: "string", minLength: 1, description: "Unique together with the source." },
    source: {
      type: "string",
      minLength: 1,
      format: "uri-reference",
      description: "Who published it, percent-encoded.",
    },
    type: text(maxLengths.type, "Name of the event."),
    time: time("When it happened; left out: when it came in."),
    data: { type: "object", description: "The payload." },
    datacontenttype: { type: "string", description: "`application/json`, or another JSON type." },
    dataschema: { type: "string", format: "uri", description: "The JSON Schema of `data`." },
    target: text(maxLengths.target, "Whom it is meant for."),
    tenantid: text(maxLengths.tenant_id, "The tenant whose it is."),
    correlationid: text(maxLengths.correlation_id, "The story that it belongs to."),
    actorid: text(maxLengths.actor_id, "Id of the user who did it."),
    missionid: text(maxLengths.mission_id, "The mission that it belongs to."),
    taskid: text(maxLengths.task_id, "The task that it belongs to."),
    severity: { type: "string", enum: [...severities] },
    schemaversion: {
      type: "integer",
      minimum: 1,
      description: "Version of the payload; left out: the current one.",
    },
    producer: text(maxLengths.producer, "The service that published it."),
    sourcemodule: text(maxLengths.source_module, "The module that published it."),
    causationid: text(maxLengths.id, "Id of the event that caused it."),
    traceparent: { type: "string", description: "W3C trace context." },
    tracestate: { type: "string", description: "W3C trace context." },
  },
};
