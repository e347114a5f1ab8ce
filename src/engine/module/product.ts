import type { EventDefinition } from "@brain/schemas";
import type { Consumer } from "../consume/consumer.ts";
import type { ScheduledJob } from "../consume/define/define-job.ts";
import { isObject, nameOf, requireFitting } from "../core/received.ts";
import type { SettingsDefinition } from "../core/settings/environment.ts";
import type { Logger } from "../core/telemetry/log.ts";
import type { AlertWatch } from "../db/alert-watch.ts";
import type { Module, OpenedParts, RateLimit } from "./define-module.ts";

import { connectPorts, type Offer, type Port } from "./ports.ts";

/** The modules of a program, checked against each other. */
export interface Product<R> {
  readonly modules: readonly Module<R>[];
  /** Those of all modules, in the order of the list. */
  readonly events: readonly EventDefinition[];
  /** What the modules read from the environment, by their names; for `readEnvironment`. */
  readonly settings: Readonly<Record<string, SettingsDefinition<unknown>>>;
  /**
   * Connects the ports and makes consumers, jobs and routes.
   *
   * @param settings what `readEnvironment` made of `settings`
   * @param gifts what the host of the program answers
   * @throws {Error} a port without an answer; two consumers or jobs with one name. Names the modules
   */
  open(settings: Readonly<Record<string, unknown>>, gifts?: readonly Offer[]): OpenedProduct<R>;
}

/** What one module is in a running product. */
export interface OpenedModule<R> extends OpenedParts<R> {
  readonly name: string;
  readonly limits: readonly RateLimit[];
}

export interface OpenedProduct<R> {
  readonly modules: readonly OpenedModule<R>[];
  /** Of all modules, in the order of the list. */
  readonly consumers: readonly Consumer[];
  readonly jobs: readonly ScheduledJob[];
  readonly watches: readonly AlertWatch[];
  /** What the modules answer to a port that the host of the program asks, in the order of the list. */
  answersTo<T>(port: Port<T>): readonly T[];
  /** Writes what every start says about the modules. */
  logStart(log: Logger): void;
}

/**
 * The product that modules make together. The order of the list is the order of their consumers and jobs, and of the
 * answers to a port that several give.
 *
 * @throws {Error} two modules have one name, event, table or limit; names both
 */
export function defineProduct<R>(modules: readonly Module<R>[]): Product<R> {
  requireNames(modules);
  const claims = (keysOf: (module: Module<R>) => readonly string[]) =>
    modules.flatMap((module) => keysOf(module).map((key) => ({ owner: module.name, key })));
  requireApart(
    "event",
    claims(({ events }) => events.map(({ type }) => type)),
  );
  requireApart(
    "table",
    claims(({ tables }) => tables),
  );
  requireApart(
    "limit",
    claims(({ limits }) => limits.map(({ name }) => name)),
  );
  return {
    modules,
    events: modules.flatMap(({ events }) => events),
    settings: Object.fromEntries(
      modules.flatMap(({ name, settings }) => (settings === null ? [] : [[name, settings] as const])),
    ),
    open: (settings, gifts = []) => openProduct(modules, settings, gifts),
  };
}

function openProduct<R>(
  modules: readonly Module<R>[],
  settings: Readonly<Record<string, unknown>>,
  gifts: readonly Offer[],
): OpenedProduct<R> {
  requireFitting(isObject(settings), "The settings of a product", settings, "what readEnvironment makes");
  const lacks = modules.find((module) => module.settings !== null && settings[module.name] === undefined);
  if (lacks !== undefined) {
    throw new Error(
      `The module "${lacks.name}" reads settings, and none were given for it. Give open what readEnvironment(env, product.settings) makes.`,
    );
  }
  const ports = connectPorts();
  const parts = modules.map((module) => ({
    module,
    own: { settings: settings[module.name], ports: ports.answersFor(module.name, module.needs) },
  }));
  ports.offer("the host", gifts);
  for (const { module, own } of parts) ports.offer(module.name, module.offers(own));
  const opened = parts.map(({ module, own }) => {
    // An answer that nobody gives is told at the start, also when it would be read much later.
    for (const key of Object.keys(module.needs)) void own.ports[key];
    return { name: module.name, limits: module.limits, ...module.open(own) };
  });
  const claims = (keysOf: (module: OpenedModule<R>) => readonly string[]) =>
    opened.flatMap((module) => keysOf(module).map((key) => ({ owner: module.name, key })));
  requireApart(
    "consumer",
    claims(({ consumers }) => consumers.map(({ subscriber }) => subscriber)),
  );
  requireApart(
    "job",
    claims(({ jobs }) => jobs.map(({ name }) => name)),
  );
  return {
    modules: opened,
    consumers: opened.flatMap(({ consumers }) => consumers),
    jobs: opened.flatMap(({ jobs }) => jobs),
    watches: opened.flatMap(({ watches }) => watches),
    answersTo: (port) => ports.answersFor("the host", { asked: port.all }).asked as never,
    logStart(log) {
      for (const module of opened) module.logStart(log);
    },
  };
}

/** @throws {Error} a module is undefined, as a circle of imports leaves it, or two have one name; says where they stand */
function requireNames(modules: readonly Module<unknown>[]): void {
  const placeOf = new Map<string, number>();
  requireFitting(
    Array.isArray(modules),
    "defineProduct: modules",
    modules,
    "a list of what defineModule makes",
  );
  for (const [index, module] of (modules as readonly (Module<unknown> | undefined)[]).entries()) {
    const place = index + 1;
    if (typeof module?.open !== "function") {
      throw new Error(
        `The module in place ${place} of ${modules.length} is ${nameOf(module)}, expected what defineModule makes. Look whether its index.ts exports it, and whether its imports lead back to the list.`,
      );
    }
    const other = placeOf.get(module.name);
    if (other !== undefined) {
      throw new Error(
        `Two modules are named "${module.name}", in the places ${other} and ${place} of the list. Rename one, or name it once.`,
      );
    }
    placeOf.set(module.name, place);
  }
}

interface Claim {
  readonly owner: string;
  readonly key: string;
}

/** @throws {Error} two modules claim one key, or one claims it twice; names them */
function requireApart(what: string, claims: readonly Claim[]): void {
  const ownerOf = new Map<string, string>();
  for (const { owner, key } of claims) {
    const other = ownerOf.get(key);
    if (other === owner) throw new Error(`The module "${owner}" has the ${what} "${key}" twice. Keep one.`);
    if (other !== undefined) {
      throw new Error(
        `Two modules have the ${what} "${key}": "${other}" and "${owner}". It belongs to one; the other takes another name.`,
      );
    }
    ownerOf.set(key, owner);
  }
}
