import { type Catalog, type EventDefinition, isMessageId } from "@brain/schemas";
import { defaultCircuitBreakerPolicy } from "../../core/circuit-breaker.ts";
import { isObject, nameOf, requireFitting } from "../../core/received.ts";
import { defaultRetryPolicy } from "../../core/retry.ts";
import { groupOf } from "../../stream/group.ts";
import {
  type CatchAll,
  type Consumer,
  type ConsumerOptions,
  definitionsOf,
  type StartPosition,
  type Subscription,
} from "../consumer.ts";

const subscriberShape = /^[a-z][a-z0-9_]{0,99}$/;

/**
 * Completes a consumer with its defaults.
 *
 * @throws {Error} at start: a bad subscriber name, two handlers for one type, a number out of range
 */
export function defineConsumer(options: ConsumerOptions): Consumer {
  requireFitting(isObject(options), "defineConsumer: what it was given", options, "{ subscriber, handlers }");
  const { subscriber } = options;
  const { afterDeadLetter = "go_on", publishesFor = "own_tenant" } = options;
  if (!subscriberShape.test(subscriber)) {
    throw new Error(
      `Subscriber "${subscriber}" is not a valid name: expected lower-case letters, digits and underscores, beginning with a letter, at most 100.`,
    );
  }
  const names = formerNames(options);
  if (afterDeadLetter !== "go_on" && afterDeadLetter !== "hold_key") {
    throw new Error(
      `Consumer "${subscriber}": afterDeadLetter is "${afterDeadLetter}", expected "go_on" or "hold_key".`,
    );
  }
  if (publishesFor !== "own_tenant" && publishesFor !== "any_tenant") {
    throw new Error(
      `Consumer "${subscriber}": publishesFor is "${publishesFor}", expected "own_tenant" or "any_tenant".`,
    );
  }
  const handlers: unknown = options.handlers;
  const listed = `a list of what on(…), onBatch(…), onSql(…), onSqlBatch(…), onSqlSet(…), onAny(…) and onEntries(…) make`;
  requireFitting(Array.isArray(handlers), `Consumer "${subscriber}": handlers`, handlers, listed);
  return {
    ...sortedHandlers(subscriber, options.handlers),
    subscriber,
    formerly: names.filter((name) => name !== subscriber),
    firstName: names.at(-1) ?? subscriber,
    group: groupOf(subscriber),
    source: options.source ?? subscriber,
    startAt: checkedStart(subscriber, options.startAt ?? "0"),
    retry: checkedRetry(subscriber, { ...defaultRetryPolicy, ...options.retry }),
    brake: checkedBreaker(subscriber, { ...defaultCircuitBreakerPolicy, ...options.brake }),
    afterDeadLetter,
    publishesFor,
    handlerTimeoutMs: inRange(subscriber, "handlerTimeoutMs", options.handlerTimeoutMs ?? 10_000, {
      min: 1,
      max: 900_000,
    }),
    batchSize: inRange(subscriber, "batchSize", options.batchSize ?? 500, { min: 1, max: 1_000 }),
    concurrency: inRange(subscriber, "concurrency", options.concurrency ?? 1, { min: 1, max: 6 }),
  };
}

/** @throws {Error} two for one type, some beside one for entries, or none at all */
function sortedHandlers(
  subscriber: string,
  handlers: readonly Subscription[],
): Pick<Consumer, "byType" | "any"> {
  const byType = new Map<string, Exclude<Subscription, CatchAll>>();
  let any: Consumer["any"] = null;
  for (const [index, subscription] of handlers.entries()) {
    requireHandler(subscriber, subscription, `${index + 1} of ${handlers.length}`);
    if (catchesAll(subscription)) {
      if (any !== null) throw new Error(`Consumer "${subscriber}" has two catch-all handlers; keep one.`);
      any = subscription;
      continue;
    }
    for (const { type } of definitionsOf(subscription)) {
      if (byType.has(type))
        throw new Error(`Consumer "${subscriber}" has two handlers for "${type}"; keep one.`);
      byType.set(type, subscription);
    }
  }
  if (any?.kind === "entries" && byType.size > 0) {
    throw new Error(
      `Consumer "${subscriber}" has onEntries(…) beside other handlers; give those a consumer of their own, for they claim events.`,
    );
  }
  if (byType.size === 0 && any === null) throw new Error(`Consumer "${subscriber}" has no handlers.`);
  return { byType, any };
}

/**
 * Types rule all of this out, except for imported values: in a circle of imports, or from a module that does not export
 * it, a value is undefined when the consumer is made.
 *
 * @param ordinal of the handler in its list, `2 of 5`
 */
function requireHandler(subscriber: string, subscription: Subscription, ordinal: string): void {
  const given: unknown = subscription;
  const what = `Consumer "${subscriber}", handler ${ordinal}`;
  const why =
    "Look whether the file that defines it exports it, and whether the imports of this consumer lead back to this consumer: in such a circle it is not there yet.";
  if (typeof given !== "object" || given === null || !("kind" in given)) {
    throw new Error(
      `${what} is ${nameOf(given)}, expected on(…), onBatch(…), onSql(…), onSqlBatch(…), onSqlSet(…), onAny(…) or onEntries(…). ${why}`,
    );
  }
  for (const given of givenDefinitions(what, subscription)) {
    const definition: unknown = given;
    if (typeof definition !== "object" || definition === null || !("type" in definition)) {
      throw new Error(
        `${what} is for an event that is ${nameOf(definition)}, expected a definition made by defineEvent. ${why}`,
      );
    }
  }
  if (typeof subscription.handle !== "function") {
    throw new Error(`${what} has no function to call but ${nameOf(subscription.handle)}. ${why}`);
  }
}

function givenDefinitions(what: string, subscription: Subscription): readonly unknown[] {
  if (subscription.kind !== "statement_set") {
    return catchesAll(subscription) ? [] : [subscription.definition];
  }
  const given: unknown = subscription.definitions;
  if (Array.isArray(given) && given.length > 0) return given;
  throw new Error(`${what} is for ${nameOf(given)}, expected a list of definitions made by defineEvent.`);
}

function checkedStart(subscriber: string, startAt: StartPosition): StartPosition {
  if (startAt === "0" || startAt === "$" || isMessageId(startAt)) return startAt;
  throw new Error(
    `Consumer "${subscriber}": startAt is "${startAt}", expected "0", "$" or a message id like "1735380000000-0".`,
  );
}

/** Inclusive. */
interface Range {
  readonly min: number;
  readonly max: number;
}

const countRange: Range = { min: 1, max: 1_000 };
const dayMs = 86_400_000;

function checkedRetry(subscriber: string, retry: Consumer["retry"]): Consumer["retry"] {
  inRange(subscriber, "retry.maxAttempts", retry.maxAttempts, countRange);
  inRange(subscriber, "retry.maxProgrammingAttempts", retry.maxProgrammingAttempts, countRange);
  inRange(subscriber, "retry.maxDeaths", retry.maxDeaths, countRange);
  // A backoff of 0 would turn a failing entry into a busy loop.
  inRange(subscriber, "retry.baseMs", retry.baseMs, { min: 1, max: dayMs });
  inRange(subscriber, "retry.capMs", retry.capMs, { min: retry.baseMs, max: dayMs });
  return retry;
}

function checkedBreaker(subscriber: string, brake: Consumer["brake"]): Consumer["brake"] {
  inRange(subscriber, "brake.after", brake.after, countRange);
  inRange(subscriber, "brake.baseMs", brake.baseMs, { min: 1, max: dayMs });
  inRange(subscriber, "brake.capMs", brake.capMs, { min: brake.baseMs, max: dayMs });
  return brake;
}

function inRange(subscriber: string, name: string, value: number, { min, max }: Range): number {
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(
    `Consumer "${subscriber}": ${name} is ${value}, expected a whole number from ${min} to ${max}.`,
  );
}

/**
 * All consumers of the system.
 *
 * @throws {Error} two consumers with the same subscriber name: they would take each other's events; one that is
 *   undefined, as a circle of imports leaves it; one that handles an event which the catalog does not have; one that has the
 *   former name of another
 */
export function registerConsumers(
  catalog: Catalog,
  consumers: readonly Consumer[],
): ReadonlyMap<string, Consumer> {
  const bySubscriber = new Map<string, Consumer>();
  requireFitting(Array.isArray(consumers), "consumers", consumers, "a list of what defineConsumer makes");
  for (const [index, consumer] of consumers.entries()) {
    if (!isConsumer(consumer)) {
      throw new Error(
        `Consumer ${index + 1} of ${consumers.length} is ${nameOf(consumer)}. Look whether its file exports it, and whether it is imported in a circle; expected is what defineConsumer makes.`,
      );
    }
    if (bySubscriber.has(consumer.subscriber)) {
      throw new Error(`Two consumers are named "${consumer.subscriber}"; subscriber names are unique.`);
    }
    for (const subscription of new Set(consumer.byType.values()))
      for (const definition of definitionsOf(subscription)) requireCatalogued(catalog, consumer, definition);
    bySubscriber.set(consumer.subscriber, consumer);
  }
  for (const { subscriber, formerly } of consumers) {
    const taken = formerly.find((name) => bySubscriber.has(name));
    if (taken === undefined) continue;
    throw new Error(
      `Consumer "${subscriber}" was formerly "${taken}", and there is a consumer of that name: both would go on where its group is. Give that one another name, or take formerly away.`,
    );
  }
  return bySubscriber;
}

/** Whether `defineConsumer` made it. */
export function isConsumer(value: unknown): value is Consumer {
  return isObject(value) && value.byType instanceof Map;
}

function requireCatalogued(catalog: Catalog, { subscriber }: Consumer, definition: EventDefinition): void {
  const { type } = definition;
  const known = catalog.find(type);
  if (known === definition) return;
  throw new Error(
    known === undefined
      ? `Consumer "${subscriber}" handles "${type}", which is not in the catalog. Add its definition to the catalog that is given to createEngine.`
      : `Consumer "${subscriber}" handles "${type}" by another definition than the catalog has. Handle the one that is in the catalog that is given to createEngine.`,
  );
}

function catchesAll(subscription: Subscription): subscription is CatchAll {
  return subscription.kind === "any" || subscription.kind === "entries";
}

/** True for a consumer that watches entries: it claims nothing, and comes with the tick of cron alone. */
export function watchesEntries({ any }: Pick<Consumer, "any">): boolean {
  return any?.kind === "entries";
}

/** True when some of its handlers need a transaction that they can read in, and not statements alone. */
export function needsTransaction({ any, byType }: Consumer): boolean {
  return any?.kind === "any" || [...byType.values()].some((subscription) => !givesStatements(subscription));
}

/** True for what `onSql`, `onSqlBatch` and `onSqlSet` make. */
export function givesStatements({ kind }: Subscription): boolean {
  return kind === "statements" || kind === "statement_batch" || kind === "statement_set";
}

/** Stands for all types. */
export const anyType = "*";

/** The names of `formerly`, once each. @throws {Error} one of them is no name of a subscriber */
function formerNames({ subscriber, formerly = [] }: ConsumerOptions): readonly string[] {
  const names: readonly unknown[] = Array.isArray(formerly) ? formerly : [formerly];
  return [...new Set(names)].map((name) => {
    if (typeof name === "string" && subscriberShape.test(name)) return name;
    throw new Error(
      `Consumer "${subscriber}": formerly is ${typeof name === "string" ? `"${name}"` : nameOf(name)}, which no subscriber can be named.`,
    );
  });
}

/**
 * Says which migration is missing, when a consumer has another name now and what it has in Postgres does not.
 *
 * @param hasBegun whether anything was handled under a name; not asked for the present one
 * @returns null: none is
 */
export function missingRename(
  { subscriber, formerly }: Consumer,
  hasBegun: (name: string) => boolean,
): string | null {
  const old = formerly.find(hasBegun);
  if (old === undefined) return null;
  return `The consumer "${subscriber}" was formerly "${old}", and what was handled under that name does not have the new one. Call SELECT rename_subscriber('${old}', '${subscriber}') in a migration. Until then nothing is handled under the new name: all of it would have its effects twice.`;
}

/** The types that a consumer handles; `*` alone when it catches all. */
export function subscribedTypes({ any, byType }: Consumer): readonly string[] {
  return any === null ? [...byType.keys()] : [anyType];
}

/** True when the consumer wants events of this type; a catch-all wants all. */
export function wants(consumer: Consumer, type: string): boolean {
  return consumer.any !== null || consumer.byType.has(type);
}

/** True when it wants events of one of them. Looks at its own types where those are fewer: they mostly are. */
export function wantsAny(consumer: Consumer, types: ReadonlySet<string>): boolean {
  const { any, byType } = consumer;
  if (any === null && byType.size < types.size) return [...byType.keys()].some((type) => types.has(type));
  return [...types].some((type) => wants(consumer, type));
}
