import type { Catalog } from "../catalog.ts";
import { toCloudEvent } from "../cloud-events/cloud-events.ts";
import type { EventDefinition } from "../define-event.ts";
import type { JsonObject, JsonValue } from "../json/json.ts";
import { keyFields } from "../payloads/payload-fields.ts";
import { schemaPath } from "../schema-address.ts";
import { type DocumentOptions, embeddedSchema, schemaFormat } from "./schema-documents.ts";
import { cloudEventAttributes, entryFields } from "./wire-schemas.ts";

/** Who is given events. */
export interface DocumentedSubscriber {
  readonly subscriber: string;
  /** Names of the events that it handles; null: all. */
  readonly types: readonly string[] | null;
}

export interface AsyncApiOptions extends DocumentOptions {
  readonly title: string;
  /** Of the product, not of AsyncAPI. */
  readonly version: string;
  readonly description?: string;
  readonly subscribers: readonly DocumentedSubscriber[];
  /** Keys of the Redis streams, in the order of their shards. At least one. */
  readonly streams: readonly [string, ...string[]];
  /** Path of the route that takes events in as CloudEvents; null: there is none. */
  readonly ingest: string | null;
}

/** One version of one event, as messages of both forms name it. */
interface Version {
  readonly definition: EventDefinition;
  readonly version: number;
  readonly isCurrent: boolean;
  /** Its name among the components: `course.generation.completed.v1`. */
  readonly name: string;
}

const versionsOf = ({ all }: Catalog): readonly Version[] =>
  all.flatMap((definition) =>
    Array.from({ length: definition.version }, (_, index) => ({
      definition,
      version: index + 1,
      isCurrent: index + 1 === definition.version,
      name: `${definition.type}.v${index + 1}`,
    })),
  );

const cloudEventOf = (name: string) => `${name}.cloudevent`;
const publishOf = (name: string) => `${name}.publish`;
const ref = (...steps: readonly string[]): JsonObject => ({ $ref: `#/${steps.join("/")}` });
/** Keys of components are letters, digits, and `. - _`. */
const componentName = (text: string) => text.replaceAll(/[^A-Za-z0-9._-]/g, "-");
const listed = (entries: readonly (readonly [string, JsonValue])[]): JsonObject =>
  Object.fromEntries(entries);

function tagsOf({ definition, isCurrent }: Version): JsonObject[] {
  const names = [
    definition.module,
    definition.criticality,
    ...(isCurrent ? [] : ["older version"]),
    ...(definition.personal.length === 0 ? [] : ["personal data"]),
  ];
  return names.map((name) => ({ name }));
}

function describe({ definition, version, isCurrent }: Version, order: string | null): string {
  const { when, consumers, outside, personal } = definition;
  return [
    `${when}.`,
    isCurrent ? "" : `Version ${version} is not published any more; it is in the record.`,
    order === null ? "It has no order." : `Events with the same ${order} are handled in order.`,
    consumers.length === 0 ? "" : `Handled by ${consumers.join(", ")}.`,
    outside.length === 0 ? "" : `Meant for ${outside.join(", ")}.`,
    personal.length === 0 ? "" : `About a person: ${personal.map(({ field }) => field).join(", ")}.`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/** What both forms of a message say alike. */
function told(one: Version, { base }: AsyncApiOptions): JsonObject {
  const order = keyFields(one.definition);
  return {
    name: one.definition.type,
    title: `${one.definition.type}, version ${one.version}`,
    summary: `${one.definition.when}.`,
    description: describe(one, order),
    tags: tagsOf(one),
    externalDocs: {
      description: "JSON Schema of the payload",
      url: `${base}${schemaPath(one.definition.type, one.version)}`,
    },
    "x-brain-key": order,
  };
}

function entryMessage(one: Version, options: AsyncApiOptions): JsonObject {
  const payload = options.examples[`${one.definition.type}@${one.version}`];
  return {
    ...told(one, options),
    contentType: "application/json",
    headers: {
      allOf: [
        ref("components", "schemas", "entry"),
        { properties: { type: { const: one.definition.type } } },
      ],
    },
    payload: ref("components", "schemas", one.name),
    correlationId: ref("components", "correlationIds", "entry"),
    ...(payload === undefined ? {} : { examples: [{ name: "golden", payload }] }),
  };
}

/** An id of examples; nobody publishes under it. */
const exampleId = "00000000-0000-4000-8000-000000000000";

function cloudEventExample({ definition, version }: Version, payload: JsonObject): JsonObject {
  const [producer = definition.module] = definition.producers;
  return toCloudEvent({
    id: exampleId,
    type: definition.type,
    source: producer,
    target: null,
    payload,
    timestamp: "2026-01-01T00:00:00.000Z",
    meta: { schema_version: version, producer, source_module: definition.module },
    mission_id: null,
    task_id: null,
    correlation_id: null,
    tenant_id: null,
    actor_id: null,
    severity: definition.severity,
  }) as unknown as JsonObject;
}

function cloudEventMessage(one: Version, options: AsyncApiOptions): JsonObject {
  const { type } = one.definition;
  const payload = options.examples[`${type}@${one.version}`];
  const data = ref("components", "schemas", publishOf(one.name), "schema");
  return {
    ...told(one, options),
    contentType: "application/cloudevents+json",
    payload: {
      schemaFormat,
      schema: {
        allOf: [
          ref("components", "schemas", "cloudevent"),
          { type: "object", properties: { type: { const: type }, data } },
        ],
      },
    },
    correlationId: ref("components", "correlationIds", "cloudevent"),
    ...(payload === undefined
      ? {}
      : { examples: [{ name: "golden", payload: cloudEventExample(one, payload) }] }),
  };
}

/** What is the same for every shard is one channel; which shard an event goes to follows from its key. */
function streamChannel(streams: AsyncApiOptions["streams"], versions: readonly Version[]): JsonObject {
  const [first] = streams;
  const shards = streams.map((key) => key.slice(first.length));
  return {
    address: streams.length === 1 ? first : `${first}{shard}`,
    title: "Event stream",
    description:
      "Redis Streams, written by the relay alone. Events with the same key are in the same shard, in the order in which they happened; a consumer group reads each shard.",
    servers: [ref("servers", "stream")],
    ...(streams.length === 1
      ? {}
      : {
          parameters: {
            shard: {
              enum: shards,
              default: "",
              description: "What stands behind the key of the first shard.",
            },
          },
        }),
    messages: listed(versions.map(({ name }) => [name, ref("components", "messages", name)])),
  };
}

function ingestChannel(path: string, versions: readonly Version[]): JsonObject {
  return {
    address: path,
    title: "Events handed in",
    description:
      "Programs outside send events as CloudEvents in structured, batched or binary mode. What is taken goes to the stream as all others do.",
    servers: [ref("servers", "api")],
    messages: listed(
      versions.map(({ name }) => [cloudEventOf(name), ref("components", "messages", cloudEventOf(name))]),
    ),
  };
}

/** Modules that publish, with the current versions of their events. What only programs outside publish belongs to none. */
function publishersOf(current: readonly Version[]): ReadonlyMap<string, readonly Version[]> {
  const published = current.filter(({ definition }) => definition.producers.length > 0);
  return Map.groupBy(published, ({ definition }) => definition.module);
}

function operations(current: readonly Version[], { subscribers, ingest }: AsyncApiOptions): JsonObject {
  const channel = ref("channels", "stream");
  const messages = (given: readonly Version[]) =>
    given.map(({ name }) => ref("channels", "stream", "messages", name));
  const sends = [...publishersOf(current)].map(([module, given]): [string, JsonObject] => {
    const producers = new Set(given.flatMap(({ definition }) => definition.producers));
    return [
      componentName(`send.${module}`),
      {
        action: "send",
        channel,
        title: `${module} publishes`,
        summary: "An event is a row of the transaction that it tells of; the relay sends it.",
        description: `Producer: ${[...producers].join(", ")}.`,
        tags: [{ name: module }],
        messages: messages(given),
      },
    ];
  });
  const receives = subscribers.map(({ subscriber, types }): [string, JsonObject] => {
    const handled = current.filter(({ definition }) => types === null || types.includes(definition.type));
    return [
      componentName(`receive.${subscriber}`),
      {
        action: "receive",
        channel,
        title: `${subscriber} handles`,
        summary: "Each event once, in the transaction of what it does.",
        messages: messages(handled),
      },
    ];
  });
  const taken: [string, JsonObject] = [
    "receive-cloudevents",
    {
      action: "receive",
      channel: ref("channels", "ingest"),
      title: "Events of programs outside are taken",
      bindings: { http: { method: "POST" } },
      messages: current.map(({ name }) => ref("channels", "ingest", "messages", cloudEventOf(name))),
    },
  ];
  return listed([...sends, ...receives, ...(ingest === null ? [] : [taken])]);
}

function schemas(versions: readonly Version[], options: AsyncApiOptions): JsonObject {
  const one = ({ definition, version, name }: Version): [string, JsonObject][] => {
    const read = embeddedSchema(definition, version, "read", options);
    const publish = embeddedSchema(definition, version, "publish", options);
    return [
      ...(read === null ? [] : [[name, { schemaFormat, schema: read }] as [string, JsonObject]]),
      ...(publish === null || options.ingest === null
        ? []
        : [[publishOf(name), { schemaFormat, schema: publish }] as [string, JsonObject]]),
    ];
  };
  return listed([["entry", entryFields], ["cloudevent", cloudEventAttributes], ...versions.flatMap(one)]);
}

function servers(base: string, hasIngest: boolean): JsonObject {
  const { host, protocol } = new URL(base);
  const api = {
    host,
    protocol: protocol.replace(":", ""),
    description: "The HTTP API.",
    security: [ref("components", "securitySchemes", "bearer")],
  };
  return {
    stream: {
      host: "{redis}",
      protocol: "redis",
      description: "The Redis of the deployment; who runs it knows where it is.",
      variables: { redis: { description: "Host and port.", default: "localhost:6379" } },
      security: [ref("components", "securitySchemes", "redis")],
    },
    ...(hasIngest ? { api } : {}),
  };
}

/**
 * A catalogue as AsyncAPI 3.0: the stream and the route that takes events in as channels, producers and subscribers as
 * operations, each version of each event as a message. What is sent on the stream has the schema for readers, what is handed
 * in that for publishers. https://www.asyncapi.com/docs/reference/specification/v3.0.0
 *
 * @throws {TypeError} `base` is no URL
 */
export function asyncApiDocument(catalog: Catalog, options: AsyncApiOptions): JsonObject {
  const versions = versionsOf(catalog);
  const current = versions.filter(({ isCurrent }) => isCurrent);
  const { title, version, description, streams, ingest, base } = options;
  const cloudEvents: [string, JsonObject][] =
    ingest === null ? [] : current.map((one) => [cloudEventOf(one.name), cloudEventMessage(one, options)]);
  return {
    asyncapi: "3.0.0",
    info: { title, version, ...(description === undefined ? {} : { description }) },
    defaultContentType: "application/json",
    servers: servers(base, ingest !== null),
    channels: {
      stream: streamChannel(streams, versions),
      ...(ingest === null ? {} : { ingest: ingestChannel(ingest, current) }),
    },
    operations: operations(current, options),
    components: {
      schemas: schemas(versions, options),
      messages: listed([
        ...versions.map((one): [string, JsonObject] => [one.name, entryMessage(one, options)]),
        ...cloudEvents,
      ]),
      correlationIds: {
        entry: {
          description: "The story that the event belongs to.",
          location: "$message.header#/correlation_id",
        },
        cloudevent: {
          description: "The story that the event belongs to.",
          location: "$message.payload#/correlationid",
        },
      },
      securitySchemes: {
        redis: { type: "userPassword", description: "Name and password of Redis." },
        bearer: { type: "http", scheme: "bearer", description: "A key with the scope events:publish." },
      },
    },
  };
}
