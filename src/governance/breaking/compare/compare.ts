/** What differs between two catalogues, event by event. Pure. */

import type { CatalogueRecord, EventRecord } from "../catalogue.ts";
import type { RuleId } from "../rules.ts";
import { wayOfKey } from "../shapes/key-probe.ts";
import { plainShape } from "../shapes/plain-shape.ts";
import { compareShapes } from "./compare-shape.ts";
import { isSameShape, likeness } from "./renames.ts";
import type { ShapeChange } from "./shape-change.ts";

/** A difference of an event that is not one of its payload's shape. */
export interface EventChange {
  readonly rule: RuleId;
  readonly was: string;
  readonly is: string;
  /** The field that it is about; null: the whole event. */
  readonly field: string | null;
}

/** An event of the old catalogue, and what became of it. */
export interface Comparison {
  readonly type: string;
  /** Its name now: another one when it was renamed, null when it is gone. */
  readonly typeNow: string | null;
  readonly before: EventRecord;
  readonly after: EventRecord | null;
  /** Of the payload; empty for an event that is gone. */
  readonly shape: readonly ShapeChange[];
  readonly others: readonly EventChange[];
}

/** All events of the old catalogue. One that is new breaks nobody, so it is not among them. */
export function compareCatalogues(was: CatalogueRecord, is: CatalogueRecord): readonly Comparison[] {
  // What one of the two does not say would be told as a change of the other.
  const hasDetails = was.details !== undefined && is.details !== undefined;
  const [before, after] = [withPlainShapes(was, hasDetails), withPlainShapes(is, hasDetails)];
  const renamed = likelyNames(before, after);
  const events = Object.entries(before.events).map(([type, event]) =>
    compareOne(type, event, after, renamed.get(type)),
  );
  return withRenamedConsumers([...events, ...lostAliases(before, after)], before, after);
}

function withPlainShapes(record: CatalogueRecord, hasDetails: boolean): CatalogueRecord {
  const events = Object.entries(record.events).map(([type, event]) => [
    type,
    { ...event, payload: plainShape(event.payload, hasDetails) },
  ]);
  return { ...record, events: Object.fromEntries(events) };
}

/**
 * A consumer that is nowhere any more, where another stands that was nowhere before: it seems to have another name.
 */
function withRenamedConsumers(
  comparisons: readonly Comparison[],
  before: CatalogueRecord,
  after: CatalogueRecord,
): readonly Comparison[] {
  const namesIn = ({ events }: CatalogueRecord) =>
    new Set(Object.values(events).flatMap(({ consumers, outside }) => [...consumers, ...outside]));
  const [known, left] = [namesIn(before), namesIn(after)];
  return comparisons.map((comparison) => {
    const candidates = comparison.after?.consumers.filter((name) => !known.has(name)) ?? [];
    const others = comparison.others.map((found) =>
      found.rule === "CONSUMER_REMOVED" && candidates.length > 0 && !left.has(found.was)
        ? change("CONSUMER_RENAMED", found.was, candidates.join(" or "))
        : found,
    );
    return { ...comparison, others };
  });
}

/** How an event of before is read now; null: it is not. */
function readAs(type: string, { events, aliases, dualNames }: CatalogueRecord): string | null {
  const name = events[type] === undefined ? (aliases[type] ?? dualNames[type]) : type;
  return name !== undefined && events[name] !== undefined ? name : null;
}

/** Events that are gone → one that is new, of the same shape, and has the name that is most like theirs; each once. */
function likelyNames(before: CatalogueRecord, after: CatalogueRecord): ReadonlyMap<string, string> {
  const fresh = Object.entries(after.events).filter(([name]) => before.events[name] === undefined);
  const pairs = Object.entries(before.events)
    .filter(([type]) => readAs(type, after) === null)
    .flatMap(([type, event]) =>
      fresh
        .filter(([, candidate]) => isSameShape(event.payload, candidate.payload))
        .map(([name]) => ({ type, name, points: likeness(type, name) })),
    );
  const found = new Map<string, string>();
  const taken = new Set<string>();
  for (const { type, name } of pairs.toSorted((a, b) => b.points - a.points)) {
    if (found.has(type) || taken.has(name)) continue;
    found.set(type, name);
    taken.add(name);
  }
  return found;
}

/** @param likely its name now, as far as that can be guessed */
function compareOne(
  type: string,
  event: EventRecord,
  after: CatalogueRecord,
  likely: string | undefined,
): Comparison {
  const name = readAs(type, after);
  const now = name === null ? undefined : after.events[name];
  if (name !== null && now !== undefined) {
    const found = name === type ? [] : [change("EVENT_RENAMED_WITH_ALIAS", type, name)];
    return compared(type, name, event, now, found);
  }
  const gone =
    likely === undefined ? change("EVENT_REMOVED", type, "(gone)") : change("EVENT_RENAMED", type, likely);
  return { type, typeNow: null, before: event, after: null, shape: [], others: [gone] };
}

function change(rule: RuleId, was: string, is: string, field: string | null = null): EventChange {
  return { rule, was, is, field };
}

function compared(
  type: string,
  typeNow: string,
  before: EventRecord,
  after: EventRecord,
  found: readonly EventChange[],
): Comparison {
  const shape = compareShapes(before.payload, after.payload);
  const others = [
    ...found,
    ...compareVersions(before, after),
    ...compareKeys(before, after, shape),
    ...comparePersonal(before, after),
    ...compareReading(before, after),
    ...compareGolden(type, before, after),
    ...compareDeclared(before, after),
  ];
  return { type, typeNow, before, after, shape, others };
}

function compareVersions(before: EventRecord, after: EventRecord): readonly EventChange[] {
  if (after.version < before.version)
    return [change("VERSION_LOWERED", `version ${before.version}`, `version ${after.version}`)];
  const without = Array.from({ length: after.version - 1 }, (_, at) => at + 1).filter(
    (version) => !after.upcasts.includes(version),
  );
  return without.map((version) =>
    change("VERSION_WITHOUT_UPCASTER", `version ${version}`, `no step from ${version} to ${version + 1}`),
  );
}

function compareKeys(
  before: EventRecord,
  after: EventRecord,
  shape: readonly ShapeChange[],
): readonly EventChange[] {
  const named = (key: string | null) => key ?? "no key";
  const renamedKey = renamedIn(before.key, shape);
  if (renamedKey !== after.key) return [change("KEY_CHANGED", named(before.key), named(after.key))];
  const golden = before.golden[String(before.version)];
  const goldenNow = after.golden[String(after.version)];
  const isSamePayload = golden !== undefined && JSON.stringify(golden) === JSON.stringify(goldenNow);
  if (isSamePayload && before.goldenKey !== after.goldenKey) {
    return [
      change(
        "KEY_CHANGED",
        `${named(before.goldenKey)}, of the golden payload`,
        `${named(after.goldenKey)}, of the same one`,
      ),
    ];
  }
  const isSameKey = before.key === after.key && before.keySample !== undefined;
  if (isSameKey && after.keySample !== undefined && before.keySample !== after.keySample) {
    const way = ({ key, keySample = null }: EventRecord) => `${named(key)}: ${wayOfKey(keySample)}`;
    return [change("KEY_CHANGED", way(before), way(after))];
  }
  const keyFields = (before.key ?? "").split(/[^A-Za-z0-9_.]+/).filter((field) => field !== "");
  return shape
    .filter(({ rule, path }) => otherShape.has(rule) && keyFields.includes(path.join(".")))
    .map(({ was, is, path }) => change("KEY_CHANGED", `${path.join(".")}: ${was}`, is, path.join(".")));
}

/** A key that follows its field's new name has the same value as before. */
function renamedIn(key: string | null, shape: readonly ShapeChange[]): string | null {
  if (key === null) return null;
  return shape.reduce((text, { path, renamedTo }) => {
    if (renamedTo === undefined) return text;
    const old = path.join(".");
    const now = [...path.slice(0, -1), renamedTo].join(".");
    return text.replace(/[\w.]+/g, (field) => (field === old ? now : field));
  }, key);
}

/** A key field that changes like this has other values for the same subject. */
const otherShape: ReadonlySet<RuleId> = new Set(["FIELD_TYPE_CHANGED", "FORMAT_CHANGED", "FIELD_REMOVED"]);

function comparePersonal(before: EventRecord, after: EventRecord): readonly EventChange[] {
  const [was, is] = [before.personal, after.personal];
  const has = ({ payload }: EventRecord, field: string) => payload.properties?.[field] !== undefined;
  return [
    ...Object.entries(was).flatMap(([field, subject]) => {
      const now = is[field];
      if (now === subject) return [];
      if (now !== undefined) return [change("PERSONAL_SUBJECT_CHANGED", subject, now, field)];
      // A field that is gone is told as such.
      return has(after, field) ? [change("PERSONAL_MARK_REMOVED", "personal", "not personal", field)] : [];
    }),
    ...Object.keys(is)
      .filter((field) => was[field] === undefined && has(before, field))
      .map((field) => change("PERSONAL_MARK_ADDED", "not personal", "personal", field)),
  ];
}

function compareReading(before: EventRecord, after: EventRecord): readonly EventChange[] {
  const missing = before.nullOnlyInHistory.filter(
    (field) => !after.nullOnlyInHistory.includes(field) && after.payload.properties?.[field] !== undefined,
  );
  return [
    ...(before.readsLegacy && !after.readsLegacy
      ? [change("LEGACY_READING_REMOVED", "legacy", "(gone)")]
      : []),
    ...missing.map((field) =>
      change("LEGACY_READING_REMOVED", "a missing one is read as null", "not any more", field),
    ),
  ];
}

function compareGolden(type: string, before: EventRecord, after: EventRecord): readonly EventChange[] {
  return Object.entries(before.golden).flatMap(([version, payload]) => {
    const name = `${type}@${version}`;
    const now = after.golden[version];
    if (now === undefined) return [change("GOLDEN_PAYLOAD_REMOVED", name, "(gone)")];
    const same = JSON.stringify(ordered(payload)) === JSON.stringify(ordered(now));
    return same ? [] : [change("GOLDEN_PAYLOAD_CHANGED", name, firstDifference(payload, now))];
  });
}

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, item]) => [key, ordered(item)]),
  );
}

function firstDifference(was: object, is: object): string {
  const [old, now] = [Object.entries(was), new Map(Object.entries(is))];
  const changed = old.find(
    ([key, value]) => JSON.stringify(ordered(value)) !== JSON.stringify(ordered(now.get(key))),
  );
  const [key, value] = changed ?? [];
  if (key === undefined) return "a field more";
  return `${key}: ${JSON.stringify(value)} is ${JSON.stringify(now.get(key)) ?? "gone"} now`;
}

const ranks = ["INFO", "WARNING", "ERROR", "CRITICAL"];

function compareDeclared(before: EventRecord, after: EventRecord): readonly EventChange[] {
  const lost = (was: readonly string[], is: readonly string[]) => was.filter((name) => !is.includes(name));
  const readersNow = [...after.consumers, ...after.outside];
  return [
    ...(before.module === after.module ? [] : [change("MODULE_MOVED", before.module, after.module)]),
    ...(ranks.indexOf(after.criticality) < ranks.indexOf(before.criticality)
      ? [change("CRITICALITY_LOWERED", before.criticality, after.criticality)]
      : []),
    ...(before.severity === after.severity
      ? []
      : [change("SEVERITY_CHANGED", before.severity ?? "none", after.severity ?? "none")]),
    ...lost(before.producers, after.producers).map((name) => change("PRODUCER_REMOVED", name, "(gone)")),
    ...lost([...before.consumers, ...before.outside], readersNow).map((name) =>
      change("CONSUMER_REMOVED", name, "(gone)"),
    ),
  ];
}

/** Older names that are read no more, or as another event, of events that are still there. */
function lostAliases(before: CatalogueRecord, after: CatalogueRecord): readonly Comparison[] {
  return Object.entries({ ...before.dualNames, ...before.aliases }).flatMap(([older, type]) => {
    const [event, now, name] = [before.events[type], readAs(older, after), readAs(type, after)];
    const isItself = before.events[older] !== undefined;
    if (event === undefined || name === null || now === name || isItself) return [];
    const others = [change("ALIAS_REMOVED", older, now ?? "(gone)")];
    return [{ type, typeNow: name, before: event, after: after.events[name] ?? null, shape: [], others }];
  });
}
