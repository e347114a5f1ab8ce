/*
 * What the paths of the engine cost over the network. This is the only list of these numbers: the tests in
 * `test/round-trips/` count them and hold them fixed here, `charter doctor --cost` and `charter capacity` calculate with
 * them. Whoever changes a number says why.
 */

/** What one piece of work costs over the network. All numbers are exact: none is a time. */
export interface PathCost {
  /** Calls one after the other, until all was done. */
  readonly chain: number;
  /** The same until the transaction of the effect was committed; null where there is none. */
  readonly toEffect: number | null;
  readonly calls: number;
  /** Redis commands that are sent: each of a pipeline, a script as one. */
  readonly redisCommands: number;
  /**
   * Commands that the sent scripts call. Upstash's only page that counts commands of scripts counts EVAL and each of
   * these: https://upstash.com/docs/redis/sdks/ratelimit-ts/costs (read 2026-11-26). Two of a relayed batch and two of a
   * drain that did something count for metrics.
   */
  readonly commandsInScripts: number;
  /** BEGIN, its limits and COMMIT among them, where they travel with what they hold. */
  readonly statements: number;
}

/** Events that are handled together in `pathCosts.effectOfManyEvents`: what a consumer reads first. */
export const eventsTogether = 100;

/** Requests at the same time in `pathCosts.ingestOfMany`. */
export const requestsTogether = 20;

export const pathCosts = {
  /**
   * An event that comes in alone, and `requestsTogether` that come at once, each by a request of its own. One statement of
   * them is the relay's, which takes its next batch along.
   */
  ingest: { chain: 1, toEffect: null, calls: 1, redisCommands: 0, commandsInScripts: 0, statements: 2 },
  ingestOfMany: { chain: 2, toEffect: null, calls: 2, redisCommands: 0, commandsInScripts: 0, statements: 3 },
  /** From such a request to the effect of one consumer, a handler with one statement. */
  ingestToEffect: {
    chain: 7,
    toEffect: 6,
    calls: 9,
    redisCommands: 3,
    commandsInScripts: 23,
    statements: 10,
  },
  /** The same from a transaction of a route, which publishes one event and does nothing else. */
  transactToEffect: {
    chain: 8,
    toEffect: 7,
    calls: 10,
    redisCommands: 3,
    commandsInScripts: 23,
    statements: 12,
  },
  /** A transaction that publishes one event, when it leaves the relay to others. */
  publish: { chain: 2, toEffect: 2, calls: 2, redisCommands: 0, commandsInScripts: 0, statements: 3 },
  /** The relay with one event, and with `eventsTogether`; nobody handles them. */
  relay: { chain: 3, toEffect: null, calls: 3, redisCommands: 1, commandsInScripts: 9, statements: 2 },
  relayOfMany: {
    chain: 3,
    toEffect: null,
    calls: 3,
    redisCommands: 1,
    commandsInScripts: 108,
    statements: 2,
  },
  /** Relay and one consumer, one event, a handler with one statement. */
  effectOfOneStatement: {
    chain: 7,
    toEffect: 6,
    calls: 9,
    redisCommands: 3,
    commandsInScripts: 23,
    statements: 9,
  },
  /** The same, with an event that the handler publishes: until that one is on the stream, too. */
  effectThatPublishes: {
    chain: 8,
    toEffect: 6,
    calls: 11,
    redisCommands: 4,
    commandsInScripts: 32,
    statements: 12,
  },
  /** One statement, as a statement handler. */
  effectOfStatements: {
    chain: 5,
    toEffect: 4,
    calls: 6,
    redisCommands: 3,
    commandsInScripts: 23,
    statements: 6,
  },
  /** Relay and one consumer, one event, a set-based handler. */
  effectOfSet: {
    chain: 7,
    toEffect: 6,
    calls: 9,
    redisCommands: 3,
    commandsInScripts: 23,
    statements: 9,
  },
  /** The same with `eventsTogether` events. */
  effectOfManyEvents: {
    chain: 8,
    toEffect: 6,
    calls: 10,
    redisCommands: 7,
    commandsInScripts: 121,
    statements: 9,
  },
  /** A drain that takes up an event that failed before. It asks for the time, as every drain does for which something waits. */
  retry: { chain: 7, toEffect: 5, calls: 7, redisCommands: 8, commandsInScripts: 20, statements: 7 },
  /** Its drain looks where the stream ends, as every drain does for which something is deferred. */
  redrive: { chain: 17, toEffect: 13, calls: 17, redisCommands: 13, commandsInScripts: 21, statements: 20 },
  /** A cron tick with nothing to do, of one consumer and of two; it asks for the time. */
  idle: { chain: 1, toEffect: null, calls: 1, redisCommands: 1, commandsInScripts: 12, statements: 0 },
  idleOfTwo: { chain: 1, toEffect: null, calls: 1, redisCommands: 1, commandsInScripts: 12, statements: 0 },
} as const satisfies Record<string, PathCost>;

export type PathName = keyof typeof pathCosts;
