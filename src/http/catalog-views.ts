import type { Consumer, ObservedTypes } from "@brain/engine";
import {
  type Catalog,
  type EventDefinition,
  type JsonObject,
  keyFields,
  payloadFields,
  payloadSchema,
} from "@brain/schemas";

/*
 * The catalogue as the API shows it: what events say of themselves, what consumers say of themselves, and what the record
 * shows, held against each other.
 */

/** What is declared: the events, and the consumers that run. */
interface Declared {
  readonly catalog: Catalog;
  readonly consumers: ReadonlyMap<string, Consumer>;
}

type Seen = ObservedTypes["seen"][number];

const isolateKeys = new WeakMap<EventDefinition, { readonly fields: string | null }>();

/** Kept for the life of the isolate: a definition does not change. */
function keyOf(definition: EventDefinition): string | null {
  const known = isolateKeys.get(definition) ?? { fields: keyFields(definition) };
  isolateKeys.set(definition, known);
  return known.fields;
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

const latest = (times: readonly (string | null | undefined)[]): string | null =>
  times
    .filter((time) => time != null)
    .toSorted()
    .at(-1) ?? null;

const counted = (seen: readonly Seen[]) => seen.reduce((sum, { count }) => sum + count, 0);

function observedOf(definition: EventDefinition, observed: ObservedTypes) {
  const seen = observed.seen.filter(({ type }) => type === definition.type);
  return {
    count: counted(seen),
    last_seen_at: latest([observed.last?.get(definition.type), ...seen.map(({ last_at }) => last_at)]),
    producers: producersOf(seen, definition.producers),
    dead_letters: observed.letters
      .filter(({ type }) => type === definition.type)
      .map(({ subscriber, count }) => ({ subscriber, count })),
  };
}

function shortView(definition: EventDefinition, declared: Declared, observed: ObservedTypes | null) {
  const { type, module, criticality, severity, version, when, producers, outside, personal } = definition;
  const consumers = consumersOf(definition, declared);
  return {
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
    observed: observed === null ? null : observedOf(definition, observed),
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

/** All events in short. @param observed null: not asked */
export function catalogView(declared: Declared, observed: ObservedTypes | null) {
  const events = declared.catalog.all.map((definition) => shortView(definition, declared, observed));
  return {
    events,
    catch_all: catchAlls(declared),
    missing_consumers: missingConsumers(declared, observed),
    unhandled: events.filter(({ is_unhandled }) => is_unhandled).map(({ type }) => type),
    unlisted: observed === null ? null : unlisted(declared, observed),
    /** Counts are of so many of the newest events, and of as many entries of other programs. */
    observed_newest: observed?.newest ?? null,
  };
}

/** One event, whole. */
export function eventView(
  declared: Declared,
  definition: EventDefinition,
  examples: Readonly<Record<string, JsonObject>>,
  observed: ObservedTypes | null,
) {
  const { type, version, upcasts } = definition;
  return {
    ...shortView(definition, declared, observed),
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
    })),
    schema: payloadSchema(definition),
    observed_newest: observed?.newest ?? null,
  };
}
