/** Names of all Redis keys, colon-separated (Event Charter v1.0, naming of keys). */
export interface StreamKeys {
  /** Shard 0 keeps the name that programs before us write to; the others are numbered. */
  stream(shard: number): string;
  /** Hash: the last batch that the relay appended to the stream. */
  sent(shard: number): string;
  lease(group: string, shard: number): string;
  /** Left by a trigger that found the lease taken. */
  mark(group: string, shard: number): string;
  /** Present while a holder has not let go cleanly. */
  holder(group: string, shard: number): string;
  /** Hash: message id → Unix ms before which a handler asked not to be tried again. */
  retryAt(group: string, shard: number): string;
  /** Hash of the last drain of each group. */
  heartbeats(): string;
  /** Hash: what a drain must know before it begins, kept for a minute: fencing token, pauses, the mark of deferred deliveries. */
  state(group: string, shard: number): string;
  /** Hash: group and shard → a mark while deliveries are deferred for them; unlike `state` it does not end by itself. */
  deferred(): string;
  /** Set of those who are about to defer more. None of the marks is taken away meanwhile. */
  deferring(): string;
  /** Hash of the circuit breakers, by group and shard. */
  breakers(): string;
  /** Present while redrives or replays run. */
  bulkRunning(): string;
  /** Hash of what was done on a shard, see `counters.ts`. */
  counters(shard: number): string;
  /** What the record last told a scrape, JSON: an idle database is not woken for one. */
  recordLook(): string;
  /** Hash of the work that failed at its last try, of whatever kind but the relay. */
  failing(): string;
  /** Sorted set of scheduled jobs: name → Unix ms of the next run. */
  jobsDue(): string;
  /** Requests of one minute against one limit. */
  limit(bucket: string, minute: number): string;
  /** Present while a signature with this nonce would be good. */
  nonce(key: string, nonce: string): string;
  /** Unix ms of the last cron tick. */
  cronTick(): string;
  /** Present for a while after events were relayed; tells the cron that the database is awake anyway. */
  relayActive(): string;
  /** Present until the cron may wake an idle database again. */
  relaySwept(): string;
  /** Never present: health tries on it whether Redis takes writes. */
  writable(): string;
  /** Lease of the janitor. */
  janitor(): string;
  /** Present for a while after a long stream was looked at for trimming. */
  trimmed(shard: number): string;
  /** Live channel of one agent, as the Python programs call it: a channel and no list, despite its name. */
  inboxChannel(agentId: string): string;
  /** Live channel of a topic: `broadcast`, `missions`, `tasks`, `ethics`, `system`. */
  topicChannel(topic: string): string;
  /** List of all events of a day, `YYYY-MM-DD`, newest first; for programs that read it. */
  dailyLog(date: string): string;
  /** The id up to which record and stream were compared when time was used up. */
  compared(shard: number): string;
}

/** @param prefix first part of each key; `brain` in production */
export function createStreamKeys(prefix: string): StreamKeys {
  const ofGroup = (kind: string) => (group: string, shard: number) =>
    `${prefix}:events:${kind}:${group}:${shard}`;
  return {
    stream: (shard) => (shard === 0 ? `${prefix}:events:stream` : `${prefix}:events:stream:${shard}`),
    sent: (shard) => `${prefix}:events:sent:${shard}`,
    lease: ofGroup("lease"),
    mark: ofGroup("mark"),
    holder: ofGroup("holder"),
    retryAt: ofGroup("retry"),
    heartbeats: () => `${prefix}:events:heartbeats`,
    state: ofGroup("state"),
    deferred: () => `${prefix}:events:deferred`,
    deferring: () => `${prefix}:events:deferring`,
    breakers: () => `${prefix}:events:brakes`,
    bulkRunning: () => `${prefix}:events:jobs-running`,
    counters: (shard) => `${prefix}:events:counters:${shard}`,
    recordLook: () => `${prefix}:events:record-look`,
    failing: () => `${prefix}:events:failing`,
    jobsDue: () => `${prefix}:events:jobs-due`,
    limit: (bucket, minute) => `${prefix}:limits:${bucket}:${minute}`,
    nonce: (key, nonce) => `${prefix}:nonces:${key}:${nonce}`,
    cronTick: () => `${prefix}:events:cron-tick`,
    relayActive: () => `${prefix}:events:relay-active`,
    relaySwept: () => `${prefix}:events:relay-swept`,
    writable: () => `${prefix}:events:writable`,
    janitor: () => `${prefix}:events:janitor`,
    trimmed: (shard) => `${prefix}:events:trimmed:${shard}`,
    inboxChannel: (agentId) => `${prefix}:agent:${agentId}:inbox`,
    topicChannel: (topic) => `${prefix}:events:${topic}`,
    dailyLog: (date) => `${prefix}:events:log:${date}`,
    compared: (shard) => `${prefix}:events:compared:${shard}`,
  };
}
