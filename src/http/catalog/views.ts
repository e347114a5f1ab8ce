import type { Consumer, DeclaredPayload, ObservedFlow, ObservedTypes } from "@brain/engine";
import {
  type Catalog,
  type EventDefinition,
  type JsonObject,
  keyFields,
  type PayloadObject,
  payloadFields,
  payloadObjects,
  payloadSchema,
} from "@brain/schemas";
import { findingKinds } from "../kit/product-answers.ts";
import { declaredFindings, observedFindings, otherFindings } from "./findings.ts";

/*
 * The catalogue as the API shows it: what events say of themselves, what consumers say of themselves, and what the record
 * shows, held against each other.
 */

/** What is declared: the events, and the consumers that run. */
interface Declared {
  readonly catalog: Catalog;
  readonly consumers: ReadonlyMap<string, Consumer>;
  /** The module of each consumer, where it is known. */
  readonly subscribers: ReadonlyMap<string, string>;
}

/** What was seen, and when somebody looked. */
export interface Look {
  readonly types: ObservedTypes;
  /** Null: not asked. */
  readonly flows: readonly ObservedFlow[] | null;
  readonly nowMs: number;
}

type Seen = ObservedTypes["seen"][number];

const isolateKeys = new WeakMap<EventDefinition, { readonly fields: string | null }>();

/** Kept for the life of the isolate: a definition does not change. */
function keyOf(definition: EventDefinition): string | null {
  const known = isolateKeys.get(definition) ?? { fields: keyFields(definition) };
  isolateKeys.set(definition, known);
  return known.fields;
}

const isolateObjects = new WeakMap<EventDefinition, readonly PayloadObject[]>();

/** What payloads are declared to hold; kept for the life of the isolate, too. */
export function declaredPayloads(definitions: readonly EventDefinition[]): readonly DeclaredPayload[] {
  return definitions.map((definition) => {
    const objects = isolateObjects.get(definition) ?? payloadObjects(definition);
    isolateObjects.set(definition, objects);
    return { type: definition.type, version: definition.version, objects };
  });
}

/** Who is said to handle it and who does. Those that catch every event are told apart. */
function consumersOf(definition: EventDefinition, { consumers }: Declared) {
  const handling = [...consumers.values()]
    .filter(({ byType }) => byType.has(definition.type))
    .map(({ subscriber }) => subscriber);
  return [...new Set([...definition.consumers, ...handling])].map((subscriber) => {
    const consumer = consumers.get(subscriber);
    const handles = consumer !== undefined && (consumer.any !== null || handling.includes(subscriber));
    return {
      subscriber,
      declared: definition.consumers.includes(subscriber),
      exists: consumer !== undefined,
      handles,
    };
  });
}

const catchAlls = ({ consumers }: Declared): readonly string[] =>
  [...consumers.values()].filter(({ any }) => any !== null).map(({ subscriber }) => subscriber);

/** Producers of one type, the busiest first. */
function producersOf(seen: readonly Seen[], declared: readonly string[]) {
  return seen
    .map(({ producer, source, count, last_at, is_entry }) => ({
      producer,
      source,
      count,
      last_seen_at: last_at,
      over_the_stream: is_entry,
      declared: producer !== null && declared.includes(producer),
    }))
    .toSorted((left, right) => right.count - left.count);
}

const timesOf = (times: readonly (string | null | undefined)[]) =>
  times.filter((time) => time != null).toSorted();
const latest = (times: readonly (string | null | undefined)[]) => timesOf(times).at(-1) ?? null;

const counted = (seen: readonly Seen[]) => seen.reduce((sum, { count }) => sum + count, 0);

const hourMs = 3_600_000;

function observedOf(definition: EventDefinition, { types: observed, nowMs }: Look) {
  const { type } = definition;
  const seen = observed.seen.filter((row) => row.type === type);
  const ever = observed.ever?.get(type);
  const spanMs = observed.from === null ? 0 : nowMs - Date.parse(observed.since ?? observed.from);
  const perHour = (counted(seen.filter(({ is_entry }) => !is_entry)) * hourMs) / Math.max(hourMs, spanMs);
  return {
    count: counted(seen),
    first_seen_at: timesOf([ever?.first_at, ...seen.map(({ first_at }) => first_at)])[0] ?? null,
    last_seen_at: latest([ever?.last_at, ...seen.map(({ last_at }) => last_at)]),
    per_hour: Math.round(perHour * 100) / 100,
    payloads:
      observed.inside?.payloads
        .filter((row) => row.type === type)
        .map(({ version, count, p50_bytes, p95_bytes, max_bytes }) => ({
          version,
          count,
          p50_bytes,
          p95_bytes,
          max_bytes,
        })) ?? null,
    producers: producersOf(seen, definition.producers),
    dead_letters: observed.letters
      .filter((row) => row.type === type)
      .map(({ subscriber, count }) => ({ subscriber, count })),
  };
}

function shortView(definition: EventDefinition, declared: Declared, look: Look | null) {
  const { type, module, criticality, severity, version, when, producers, outside, personal } = definition;
  const consumers = consumersOf(definition, declared);
  const view = {
    type,
    module,
    criticality,
    severity,
    version,
    when,
    key: keyOf(definition),
    personal_fields: personal,
    producers,
    consumers,
    outside,
    /** Nobody here handles it but those that catch every event, and nobody outside is named. */
    is_unhandled: outside.length === 0 && !consumers.some(({ handles }) => handles),
  };
  const observed = look === null ? null : observedOf(definition, look);
  const isPublished = producers.length > 0 || (observed?.count ?? 0) > 0;
  return {
    ...view,
    observed,
    findings: [
      ...declaredFindings(view, isPublished),
      ...(look === null ? [] : observedFindings(definition, look.types)),
    ],
  };
}

/** Types that were seen, and that the catalogue does not have. */
function unlisted({ catalog }: Declared, { seen }: ObservedTypes) {
  const types = new Set(seen.map(({ type }) => type).filter((type) => catalog.find(type) === undefined));
  return [...types].toSorted().map((type) => {
    const own = seen.filter((row) => row.type === type);
    return {
      type,
      /** It belongs to a program outside, as the catalogue knows. */
      is_foreign: catalog.isForeign(type),
      /** The catalogued name for an older one; null: it is none. */
      older_name_of: catalog.isReadAlias(type) ? catalog.canonicalType(type) : null,
      count: counted(own),
      last_seen_at: latest(own.map(({ last_at }) => last_at)),
      producers: producersOf(own, []),
    };
  });
}

/** Names of consumers that stand somewhere, and that no consumer has. */
function missingConsumers({ catalog, consumers }: Declared, observed: ObservedTypes | null) {
  const named = catalog.all.flatMap(({ type, consumers: names }) =>
    names.map((subscriber) => ({ subscriber, type, where: "catalogue" as const })),
  );
  const left = (observed?.letters ?? []).map(({ subscriber, type }) => ({
    subscriber,
    type,
    where: "dead_letters" as const,
  }));
  return [...named, ...left].filter(({ subscriber }) => !consumers.has(subscriber));
}

/** All events in short. @param look null: not asked */
export function catalogView(declared: Declared, look: Look | null) {
  const { catalog, consumers } = declared;
  const observed = look?.types ?? null;
  const events = catalog.all.map((definition) => shortView(definition, declared, look));
  const others =
    observed === null ? [] : otherFindings(catalog, (subscriber) => consumers.has(subscriber), observed);
  return {
    events,
    findings: [...events.flatMap(({ findings }) => findings), ...others].toSorted(
      (left, right) => findingKinds.indexOf(left.kind) - findingKinds.indexOf(right.kind),
    ),
    catch_all: catchAlls(declared),
    subscribers: [...declared.subscribers].map(([subscriber, module]) => ({ subscriber, module })),
    missing_consumers: missingConsumers(declared, observed),
    unhandled: events.filter(({ is_unhandled }) => is_unhandled).map(({ type }) => type),
    unlisted: observed === null ? null : unlisted(declared, observed),
    flows: look?.flows ?? null,
    ...lookedAt(observed),
  };
}

/** Counts are of so many of the newest events, and of as many entries of other programs; and since when. */
const lookedAt = (observed: ObservedTypes | null) => ({
  observed_newest: observed?.newest ?? null,
  observed_from: observed?.since ?? observed?.from ?? null,
});

/** One event, whole. */
export function eventView(
  declared: Declared,
  definition: EventDefinition,
  examples: Readonly<Record<string, JsonObject>>,
  look: Look | null,
) {
  const { type, version, upcasts } = definition;
  const seen = new Map(
    (look?.types.inside?.fields ?? [])
      .filter((field) => field.type === type && field.declared)
      .map((field) => [field.path, field]),
  );
  return {
    ...shortView(definition, declared, look),
    catch_all: catchAlls(declared),
    versions: Array.from({ length: version }, (_, index) => ({
      version: index + 1,
      is_current: index + 1 === version,
      /** Stored events of it are read as the current one. */
      is_upcast: upcasts[index + 1] !== undefined,
      example: examples[`${type}@${index + 1}`] ?? null,
    })),
    example: examples[`${type}@${version}`] ?? null,
    fields: payloadFields(definition).map(({ path, type: kind, required, limits, meaning }) => ({
      path,
      type: kind,
      required,
      limits,
      meaning,
      filled: seen.get(path)?.filled ?? null,
      looked_at: seen.get(path)?.of ?? null,
    })),
    schema: payloadSchema(definition),
    ...lookedAt(look?.types ?? null),
  };
}
