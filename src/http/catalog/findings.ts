import type { ObservedTypes } from "@brain/engine";
import { type Catalog, type EventDefinition, payloadLimits } from "@brain/schemas";
import type { CatalogFinding } from "../kit/product-answers.ts";

/*
 * What is not as it is declared, one by one: the catalogue, the consumers that run and the record, held against each other.
 * `error`: two of them contradict each other. `warning`: it is probably not meant. `note`: it may well be right.
 */

/** With fewer events looked at, a field without a value says little. */
const tellingEvents = 30;

/** A catalogued event with what the views know of it. */
export interface ViewedEvent {
  readonly type: string;
  readonly is_unhandled: boolean;
  readonly consumers: readonly {
    readonly subscriber: string;
    readonly declared: boolean;
    readonly exists: boolean;
    readonly handles: boolean;
  }[];
}

type Told = Pick<CatalogFinding, "kind" | "level" | "type"> & Partial<CatalogFinding>;

const finding = (told: Told): CatalogFinding => ({
  subject: null,
  count: null,
  of: null,
  last_seen_at: null,
  ...told,
});

/**
 * What needs no look at the record.
 *
 * @param isPublished by the product, or it was seen: what nobody publishes need not be handled
 */
export function declaredFindings(event: ViewedEvent, isPublished: boolean): readonly CatalogFinding[] {
  const { type } = event;
  const found = event.consumers.flatMap(({ subscriber, declared, exists, handles }): Told[] => {
    if (!exists) return [{ kind: "missing_consumer", level: "error", type, subject: subscriber }];
    if (!handles) return [{ kind: "idle_consumer", level: "error", type, subject: subscriber }];
    return declared ? [] : [{ kind: "undeclared_consumer", level: "warning", type, subject: subscriber }];
  });
  const unhandled: Told[] = event.is_unhandled
    ? [{ kind: "unhandled", level: isPublished ? "warning" : "note", type }]
    : [];
  return [...found, ...unhandled].map(finding);
}

/** One catalogued event against the record. */
export function observedFindings(
  definition: EventDefinition,
  observed: ObservedTypes,
): readonly CatalogFinding[] {
  return [
    ...publishedFindings(definition, observed),
    ...versionFindings(definition, observed),
    ...sizeFindings(definition, observed),
    ...fieldFindings(definition, observed),
  ].map(finding);
}

/** Whether and by whom it is published. */
function publishedFindings(
  { type, producers }: EventDefinition,
  { seen, ever }: ObservedTypes,
): readonly Told[] {
  const own = seen.filter((row) => row.type === type);
  if (own.length === 0) {
    const times = ever?.get(type) ?? null;
    // Of one tenant nobody looked at the whole record: it was not seen lately, and more is not known.
    if (ever === null || times !== null)
      return [{ kind: "not_lately", level: "note", type, last_seen_at: times?.last_at ?? null }];
    return [{ kind: producers.length === 0 ? "never_received" : "never_published", level: "note", type }];
  }
  // It comes from programs outside only, which the catalogue does not name.
  if (producers.length === 0) return [];
  const names = new Set(own.flatMap(({ producer }) => producer ?? []));
  const others = [...names].filter((name) => !producers.includes(name));
  const silent = producers.filter((name) => !names.has(name));
  const rowsOf = (name: string) => own.filter(({ producer }) => producer === name);
  return [
    ...others.map(
      (name): Told => ({
        kind: "undeclared_producer",
        // Who may publish what is for credentials to say; the catalogue names only who does so in the product.
        level: "note",
        type,
        subject: name,
        count: rowsOf(name).reduce((sum, { count }) => sum + count, 0),
        last_seen_at:
          rowsOf(name)
            .map(({ last_at }) => last_at)
            .toSorted()
            .at(-1) ?? null,
      }),
    ),
    ...silent.map((name): Told => ({ kind: "silent_producer", level: "note", type, subject: name })),
  ];
}

/** Versions that still come, or that nobody knows. */
function versionFindings({ type, version }: EventDefinition, { inside }: ObservedTypes): readonly Told[] {
  const versions = (inside?.payloads ?? []).filter((row) => row.type === type);
  const looked = versions.reduce((sum, { count }) => sum + count, 0);
  const current = versions.find((row) => row.version === version);
  return versions
    .filter((row) => row.version !== version)
    .map((row) => {
      const isNewer = row.version > version;
      // Those from before a release may stand beside the ones from after it.
      const isStill = current !== undefined && row.last_at > current.first_at;
      return {
        kind: isNewer ? "newer_version" : "older_version",
        level: isNewer ? "error" : isStill ? "warning" : "note",
        type,
        subject: String(row.version),
        count: row.count,
        of: looked,
        last_seen_at: row.last_at,
      };
    });
}

function sizeFindings({ type }: EventDefinition, { inside }: ObservedTypes): readonly Told[] {
  const own = (inside?.payloads ?? []).filter((row) => row.type === type);
  const most = Math.max(0, ...own.map(({ max_bytes }) => max_bytes));
  const p95 = Math.max(0, ...own.map(({ p95_bytes }) => p95_bytes));
  const of = own.reduce((sum, { count }) => sum + count, 0);
  if (most > payloadLimits.warnBytes)
    return [{ kind: "large_payload", level: "warning", type, count: most, of }];
  return p95 > payloadLimits.guidelineBytes
    ? [{ kind: "above_guideline", level: "note", type, count: p95, of }]
    : [];
}

/** A field whose object has no value is told by the object alone. */
function fieldFindings({ type }: EventDefinition, { inside }: ObservedTypes): readonly Told[] {
  const fields = (inside?.fields ?? []).filter((row) => row.type === type);
  return fields.flatMap(({ path, of, filled, declared }): Told[] => {
    if (!declared) return [{ kind: "unknown_field", level: "error", type, subject: path, count: filled, of }];
    if (filled > 0) return [];
    const level = of >= tellingEvents ? "warning" : "note";
    return [{ kind: "never_filled", level, type, subject: path, count: 0, of }];
  });
}

/** Types that were seen and are in no catalogue, and consumers that left dead letters and are gone. */
export function otherFindings(
  catalog: Catalog,
  isConsumer: (subscriber: string) => boolean,
  { seen, letters }: ObservedTypes,
): readonly CatalogFinding[] {
  const types = [...new Set(seen.map(({ type }) => type))].filter((type) => catalog.find(type) === undefined);
  const unlisted = types.toSorted().map((type): Told => {
    const own = seen.filter((row) => row.type === type);
    const isOlder = catalog.isReadAlias(type);
    const kind = isOlder ? "older_name" : catalog.isForeign(type) ? "foreign_type" : "unlisted_type";
    return {
      kind,
      level: kind === "unlisted_type" ? "error" : "note",
      type,
      subject: isOlder ? catalog.canonicalType(type) : (own[0]?.producer ?? own[0]?.source ?? null),
      count: own.reduce((sum, { count }) => sum + count, 0),
      last_seen_at:
        own
          .map(({ last_at }) => last_at)
          .toSorted()
          .at(-1) ?? null,
    };
  });
  const left = letters
    .filter(({ subscriber }) => !isConsumer(subscriber))
    .map(
      ({ subscriber, type, count }): Told => ({
        kind: "letters_of_missing_consumer",
        level: "error",
        type,
        subject: subscriber,
        count,
      }),
    );
  return [...unlisted, ...left].map(finding);
}
