import type { EventDefinition } from "@brain/schemas";
import { getTableName, isTable } from "drizzle-orm";
import type { Consumer } from "../consume/consumer.ts";
import { isConsumer } from "../consume/define/define-consumer.ts";
import type { ScheduledJob } from "../consume/define/define-job.ts";
import { isObject, requireFitting, requireList } from "../core/received.ts";
import type { SettingsDefinition } from "../core/settings/environment.ts";
import type { Logger } from "../core/telemetry/log.ts";
import type { AlertWatch } from "../db/alert-watch.ts";
import type { Answers, Needs, Offer } from "./ports.ts";

/** What the parts of a module are made of, once the start has read the settings and connected the ports. */
export interface ModuleParts<S, N extends Needs> {
  readonly settings: S;
  readonly ports: Answers<N>;
}

/** How often something may be done within a minute, by whoever is counted together. */
export interface RateLimit {
  /** Its own in the product, e.g. `payment_refunds`. */
  readonly name: string;
  /** At least 1. */
  readonly perMinute: number;
}

/**
 * A module as its author writes it. `R` is what the product's door to the outside makes of routes; the engine hands them
 * on and looks at none.
 */
export interface ModuleDefinition<S, N extends Needs, R> {
  /** Lower-case letters, digits and underscores; also the name of its folder and the `module` of its events. */
  readonly name: string;
  /** The events that it publishes, in the order of their life. */
  readonly events: readonly EventDefinition[];
  /** What its files of tables export: `import * as tables from "./tables.ts"`, then `[tables]`. Left out: none. */
  readonly tables?: readonly Readonly<Record<string, unknown>>[];
  /** The environment variables that it reads. Left out: none. */
  readonly settings?: SettingsDefinition<S>;
  /** What it asks of other modules, by the names under which `ports` has the answers. */
  readonly needs?: N;
  /** What it answers for others. Here a port may be read only inside of `from(() => …)`. */
  readonly offers?: (parts: ModuleParts<S, N>) => readonly Offer[];
  readonly consumers?: (parts: ModuleParts<S, N>) => readonly Consumer[];
  /** What time starts. */
  readonly jobs?: (parts: ModuleParts<S, N>) => readonly ScheduledJob[];
  /** Conditions over its tables that raise alerts. */
  readonly watches?: (parts: ModuleParts<S, N>) => readonly AlertWatch[];
  readonly routes?: (parts: ModuleParts<S, N>) => readonly R[];
  /** What its routes count requests against. Left out: nothing. */
  readonly limits?: readonly RateLimit[];
  /** What every start writes to the log about it. */
  readonly logStart?: (parts: ModuleParts<S, N>, log: Logger) => void;
}

/** A module: one value, which its folder exports and the list of the product names. */
export interface Module<R> {
  readonly name: string;
  readonly events: readonly EventDefinition[];
  /** Names of the tables that it owns. */
  readonly tables: readonly string[];
  /** Null: it reads none. */
  readonly settings: SettingsDefinition<unknown> | null;
  readonly needs: Needs;
  readonly limits: readonly RateLimit[];
  /** @param parts what `settings` read, and the answers to `needs` */
  offers(parts: ModuleParts<unknown, Needs>): readonly Offer[];
  /** @param parts what `settings` read, and the answers to `needs` */
  open(parts: ModuleParts<unknown, Needs>): OpenedParts<R>;
}

/** What a module does in a product that has started. */
export interface OpenedParts<R> {
  readonly consumers: readonly Consumer[];
  readonly jobs: readonly ScheduledJob[];
  readonly watches: readonly AlertWatch[];
  readonly routes: readonly R[];
  logStart(log: Logger): void;
}

/** The parts that are functions of `ModuleParts`. */
const partNames = ["offers", "consumers", "jobs", "watches", "routes", "logStart"] as const;
const otherNames = ["name", "events", "tables", "settings", "needs", "limits"];

/** @throws {TypeError} a part has another type than an author may give it, or a name that no part has */
function requireParts(definition: unknown): void {
  requireFitting(isObject(definition), "defineModule: what it was given", definition, "{ name, events, … }");
  const given = definition as Readonly<Record<string, unknown>>;
  requireFitting(typeof given.name === "string", "The name of a module", given.name, "a text");
  const what = `The module "${given.name}"`;
  for (const part of Object.keys(given)) {
    if (otherNames.includes(part) || (partNames as readonly string[]).includes(part)) continue;
    const known = [...otherNames, ...partNames].join(", ");
    throw new TypeError(`${what} has "${part}", which no module has. Its parts are ${known}.`);
  }
  requireList(given.events, `${what}: events`, "what defineEvent makes", isDefinition);
  requireList(given.tables ?? [], `${what}: tables`, "what a file of tables exports", isObject);
  requireList(
    given.limits ?? [],
    `${what}: limits`,
    "{ name, perMinute } with a whole number from 1",
    isLimit,
  );
  const { settings, needs = {} } = given;
  const isSettings = settings === undefined || (isObject(settings) && Array.isArray(settings.names));
  requireFitting(isSettings, `${what}: settings`, settings, "what defineSettings makes");
  requireFitting(isObject(needs), `${what}: needs`, needs, "an object with a need of a port under each name");
  for (const [key, need] of Object.entries(needs as object)) {
    const isNeed = isObject(need) && typeof need.pick === "function";
    requireFitting(isNeed, `${what}: needs.${key}`, need, "one, optional or all of what definePort makes");
  }
  for (const part of partNames) {
    const isFunction = given[part] === undefined || typeof given[part] === "function";
    requireFitting(isFunction, `${what}: ${part}`, given[part], "a function of ({ settings, ports })");
  }
}

function isDefinition(value: unknown): boolean {
  return isObject(value) && typeof value.type === "string";
}

function isLimit(value: unknown): boolean {
  if (!isObject(value) || typeof value.name !== "string" || value.name === "") return false;
  return Number.isSafeInteger(value.perMinute) && Number(value.perMinute) >= 1;
}

const nameShape = /^[a-z][a-z0-9_]{0,49}$/;

const none = () => [];
/** What routes are, the product knows. */
const isGiven = (value: unknown) => value !== undefined;

/**
 * Completes a module. Three types are inferred from what is given, none is to be written: the settings, the needs, and
 * what routes are.
 *
 * @throws {TypeError} a part is not what an author may give
 * @throws {Error} its name is none, or an event belongs to another module
 */
export function defineModule<S = null, N extends Needs = Record<never, never>, R = never>(
  definition: ModuleDefinition<S, N, R>,
): Module<R> {
  requireParts(definition);
  const { name, events } = definition;
  if (!nameShape.test(name)) {
    throw new Error(
      `"${name}" is no name of a module: expected lower-case letters, digits and underscores, beginning with a letter, at most 50.`,
    );
  }
  const strange = events.find(({ module }) => module !== name);
  if (strange !== undefined) {
    throw new Error(
      `The module "${name}" lists the event "${strange.type}", whose definition says module: "${strange.module}". List it there, or correct the definition.`,
    );
  }
  const tables = (definition.tables ?? []).flatMap((file) =>
    Object.values(file).filter((value) => isTable(value)),
  );
  const own = (parts: ModuleParts<unknown, Needs>) => parts as ModuleParts<S, N>;
  const listed = <T>(part: string, list: readonly T[], each: string, fits: (item: unknown) => boolean) => {
    requireList(list, `The module "${name}": ${part}`, each, fits);
    return list;
  };
  return {
    name,
    events,
    tables: tables.map(getTableName),
    settings: definition.settings ?? null,
    needs: definition.needs ?? {},
    limits: definition.limits ?? [],
    offers: (parts) =>
      definition.offers === undefined
        ? []
        : listed("offers", definition.offers(own(parts)), "what from(…) of a port makes", isObject),
    open(given) {
      const parts = own(given);
      const { consumers = none, jobs = none, watches = none, routes = none } = definition;
      return {
        consumers: listed("consumers", consumers(parts), "what defineConsumer makes", isConsumer),
        jobs: listed("jobs", jobs(parts), "what defineJob makes", isObject),
        watches: listed("watches", watches(parts), "{ kinds, seen }", isObject),
        routes: listed("routes", routes(parts), "the routes of a path", isGiven),
        logStart: (log) => definition.logStart?.(parts, log),
      };
    },
  };
}
