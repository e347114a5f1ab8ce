import type { DecodeNote } from "./decoding/decode-note.ts";
import type { EventDefinition, PayloadOf } from "./define-event.ts";
import type { Envelope } from "./envelope.ts";
import { CharterError } from "./errors.ts";
import { nearestName } from "./nearest-name.ts";

/**
 * What older producers did to the events of a catalog, beside giving them other names. Both change `event`, which the
 * decoder owns, and note what they did.
 */
export interface LegacyProducers {
  /** Gives the event the type that its producer meant; older names are resolved after it. */
  rederiveType(event: Envelope, notes: DecodeNote[]): void;
  /** Brings the payload of a catalogued event out of what it was wrapped in. @param wireType before older names were resolved */
  unwrapPayload(event: Envelope, wireType: string, notes: DecodeNote[]): void;
}

/** What is known of names beside the events of a catalog. A catalog without options knows none of it. */
export interface CatalogOptions {
  /** Older wire name → catalogued name. Read only: a publisher that uses an older one is told the catalogued. */
  readonly readAliases?: ReadonlyMap<string, string>;
  /**
   * For facts that a producer wrote twice, once under each name: the other name → the plain one. Both are read under the
   * plain name; the pair is told apart from two facts by the id in the payload, see `logicalKey`.
   */
  readonly dualNames?: ReadonlyMap<string, string>;
  /** True for a type that belongs to a program outside: it is read and recorded, never published here. */
  readonly isForeign?: (type: string) => boolean;
  readonly legacy?: LegacyProducers;
}

/**
 * A set of events: what may be published and what a reader understands. A value without state, made once and handed to
 * everything that reads and writes events; two of them in one process know nothing of each other.
 */
export interface Catalog<D extends EventDefinition = EventDefinition> {
  /** In the order in which they were listed. */
  readonly all: readonly D[];
  /** The definition of a wire name. Older names are not resolved; see `canonicalType`. */
  find(type: string): D | undefined;
  /** The catalogued name for an older one; any other name is returned as it is. */
  canonicalType(type: string): string;
  /** True for an older name of one of its events. */
  isReadAlias(type: string): boolean;
  /** Older wire name → catalogued name. */
  readonly readAliases: ReadonlyMap<string, string>;
  readonly dualNames: ReadonlyMap<string, string>;
  /** True for a type that belongs to a program outside. */
  isForeign(type: string): boolean;
  /** Null: every producer wrote what its events say. */
  readonly legacy: LegacyProducers | null;
  /** The catalogued name meant by an older or misspelt one, or null when none is near. */
  suggest(type: string): string | null;
}

type DefinitionsOf<C extends Catalog> = C["all"][number];

/** The wire names of a catalog: `EventTypeOf<typeof charter>`. */
export type EventTypeOf<C extends Catalog> = DefinitionsOf<C>["type"];

/** What handlers receive, by wire name: `PayloadByType<typeof charter>["task.created"]`. */
export type PayloadByType<C extends Catalog> = {
  readonly [D in DefinitionsOf<C> as D["type"]]: PayloadOf<D>;
};

function refused(message: string): CharterError {
  return new CharterError("invalid_catalog", message);
}

function indexByType<D extends EventDefinition>(
  definitions: readonly (D | null | undefined)[],
): ReadonlyMap<string, D> {
  const found = new Map<string, D>();
  let before = "at the beginning";
  for (const definition of definitions) {
    // Types keep this out, but for a circle of imports, which leaves it undefined.
    if (typeof definition?.type !== "string") {
      const what =
        definition === undefined || definition === null ? String(definition) : "not made by defineEvent";
      throw refused(
        `The catalog has an event that is ${what}, ${before}. Look whether its file exports it, and whether that file imports the catalog, which imports it.`,
      );
    }
    const { type } = definition;
    if (found.has(type)) throw refused(`The catalog has two events named "${type}"; keep one.`);
    found.set(type, definition);
    before = `behind "${type}"`;
  }
  return found;
}

const noNames: ReadonlyMap<string, string> = new Map();

/**
 * Makes the catalog of a product: `createCatalog([...charterEvents, libraryBookLent])`. Types are inferred from the list.
 *
 * @throws {CharterError} `invalid_catalog`, with the place where there is one:
 *   - an event is undefined, as a circular import leaves it
 *   - two events have one name
 *   - an older name is catalogued itself, or belongs to an event that is not in the list
 */
export function createCatalog<const D extends readonly EventDefinition[]>(
  definitions: D,
  options: CatalogOptions = {},
): Catalog<D[number]> {
  if (!Array.isArray(definitions)) {
    throw refused(
      `The events of a catalog are a list: createCatalog([orderPlaced, orderPaid]); received ${definitions === null ? "null" : `a value of the type ${typeof definitions}`}.`,
    );
  }
  const all: readonly D[number][] = definitions;
  const byType = indexByType(all);
  const { readAliases = noNames, dualNames = noNames, isForeign = () => false, legacy = null } = options;
  for (const [name, names] of Object.entries({ readAliases, dualNames })) {
    if (!(names instanceof Map))
      throw refused(
        `${name} of a catalog is a Map of other names to catalogued ones: new Map([["older", "name"]]).`,
      );
  }
  for (const [older, type] of [...readAliases, ...dualNames]) {
    if (byType.has(older)) {
      throw refused(`"${older}" is an event of the catalog and another name of "${type}"; keep one.`);
    }
    if (readAliases.has(older) && !byType.has(type)) {
      throw refused(
        `"${older}" is an older name of "${type}", which the catalog does not have. Add that event to it, or take the older name out.`,
      );
    }
  }
  return Object.freeze({
    all: Object.freeze([...all]),
    find: (type: string) => byType.get(type),
    canonicalType: (type: string) => readAliases.get(type) ?? dualNames.get(type) ?? type,
    isReadAlias: (type: string) => readAliases.has(type),
    readAliases,
    dualNames,
    isForeign,
    legacy,
    suggest: (type: string) => readAliases.get(type) ?? nearestName(type.toLowerCase(), byType.keys()),
  });
}
