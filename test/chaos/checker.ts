/*
 * What must hold after the storm, judged from outside: from what the publisher was promised, from the effects that
 * stand in the database, and from the dead letters. Knows nothing of the engine. Pure.
 */

/** What must become of one event at one subscriber: its effect, or a dead letter with this reason. */
export interface Fate {
  readonly subscriber: string;
  readonly outcome: "effect" | "permanent_error" | "worker_died";
  /** The consumer went before the event came to it, perhaps. */
  readonly mayLack?: boolean;
}

export interface PublishedEvent {
  readonly id: string;
  /** `accepted`: the publisher has the answer. `maybe`: it never got one, so the event may be there once or not at all. */
  readonly certainty: "accepted" | "maybe";
  readonly fates: readonly Fate[];
}

/** One effect, as a handler recorded it in the transaction of its claim. */
export interface Effect {
  readonly subscriber: string;
  /** The published event that it goes back to; for a follow-up the event that caused it. */
  readonly of: string;
  /** Null: no order among others. */
  readonly key: string | null;
  /** Grows with each event of the key. */
  readonly number: number;
  /** Highest number of the key that the handler saw committed; null when it saw none. */
  readonly previous: number | null;
  /** The handler was told that an operator replays the event. */
  readonly replayed: boolean;
}

export interface Letter {
  readonly subscriber: string;
  readonly eventId: string | null;
  readonly reason: string;
}

export type ViolationKind =
  | "lost"
  | "doubled"
  | "reordered"
  /** The handler did not see the effect of the event before it: they ran at the same time. */
  | "overlapped"
  | "unexplained_dead_letter"
  | "doubled_dead_letter"
  | "unknown_event"
  | "follow_up_without_cause";

export interface Violation {
  readonly kind: ViolationKind;
  readonly subscriber: string;
  /** Id of the event, or of what caused it; null for a dead letter that could not be decoded. */
  readonly of: string | null;
  readonly text: string;
}

/** A subscriber whose events are caused by the effects of another one. */
export interface FollowUps {
  readonly subscriber: string;
  readonly causedBy: string;
}

export interface Evidence {
  readonly published: readonly PublishedEvent[];
  /** In the order in which they happened. */
  readonly effects: readonly Effect[];
  readonly letters: readonly Letter[];
  readonly followUps: readonly FollowUps[];
  /**
   * True when events may have come onto the stream a second time, because Redis lost data or another program wrote them
   * again: one that had become a dead letter fails again then, under its new place.
   */
  readonly sentAgain: boolean;
  /** Forced replays of a subscriber: each applies an event once more at most, and says so. */
  readonly forced?: ReadonlyMap<string, number>;
  /** Subscribers whose events were renamed while both releases ran: the older one passes some over, and they come late. */
  readonly unordered?: ReadonlySet<string>;
}

export interface Verdict {
  readonly violations: readonly Violation[];
  /** Effects by subscriber. */
  readonly effects: ReadonlyMap<string, number>;
  /** Dead letters by subscriber and reason. */
  readonly letters: ReadonlyMap<string, number>;
  /** Events without an answer that are there all the same. */
  readonly maybeApplied: number;
}

/** Judges the evidence; the violations come in the order of the kinds above, each with the event it is about. */
export function check(evidence: Evidence): Verdict {
  const effectsOf = groupBy(evidence.effects, (effect) => pair(effect.subscriber, effect.of));
  const lettersOf = groupBy(evidence.letters, (letter) => pair(letter.subscriber, letter.eventId ?? "?"));
  const violations = [
    ...evidence.published.flatMap((event) =>
      checkEvent(event, effectsOf, lettersOf, evidence.forced ?? new Map()),
    ),
    ...checkOrder(evidence.effects.filter(({ subscriber }) => evidence.unordered?.has(subscriber) !== true)),
    ...checkLetters(evidence),
    ...checkOrigins(evidence, effectsOf),
  ];
  return {
    violations,
    effects: countBy(evidence.effects, (effect) => effect.subscriber),
    letters: countBy(evidence.letters, (letter) => `${letter.subscriber} ${letter.reason}`),
    maybeApplied: evidence.published.filter(
      ({ id, certainty, fates }) =>
        certainty === "maybe" && fates.some(({ subscriber }) => effectsOf.has(pair(subscriber, id))),
    ).length,
  };
}

type Groups<T> = ReadonlyMap<string, readonly T[]>;

function checkEvent(
  { id, certainty, fates }: PublishedEvent,
  effectsOf: Groups<Effect>,
  lettersOf: Groups<Letter>,
  forced: ReadonlyMap<string, number>,
): Violation[] {
  return fates.flatMap(({ subscriber, outcome, mayLack = false }): Violation[] => {
    const effects = effectsOf.get(pair(subscriber, id)) ?? [];
    const reasons = (lettersOf.get(pair(subscriber, id)) ?? []).map(({ reason }) => reason);
    const what = `${id} at ${subscriber}`;
    if (outcome !== "effect") {
      if (effects.length > 0)
        return [
          {
            kind: "doubled",
            subscriber,
            of: id,
            text: `${what}: has an effect, and should only be a dead letter`,
          },
        ];
      if (reasons.length > 0 || certainty === "maybe") return [];
      return [
        {
          kind: "lost",
          subscriber,
          of: id,
          text: `${what}: neither effect nor the dead letter (${outcome}) it should be`,
        },
      ];
    }
    const again = effects.filter(({ replayed }) => replayed).length;
    const plain = effects.length - again;
    const allowed = (forced.get(subscriber) ?? 0) + (plain === 0 ? 1 : 0);
    if (plain > 1 || again > allowed)
      return [
        {
          kind: "doubled",
          subscriber,
          of: id,
          text: `${what}: ${effects.length} effects instead of one, ${again} of them in ${allowed} replays`,
        },
      ];
    // A dead letter is looked at by `checkLetters`; here it only means that the event is not lost.
    if (effects.length > 0 || reasons.length > 0 || certainty === "maybe" || mayLack) return [];
    return [
      {
        kind: "lost",
        subscriber,
        of: id,
        text: `${what}: accepted, and neither an effect nor a dead letter`,
      },
    ];
  });
}

function checkOrder(effects: readonly Effect[]): Violation[] {
  const last = new Map<string, number>();
  return effects.flatMap(({ subscriber, of, key, number, previous }): Violation[] => {
    if (key === null) return [];
    const place = pair(subscriber, key);
    const before = last.get(place) ?? null;
    last.set(place, number);
    const what = `${of} at ${subscriber}, key ${key}, number ${number}`;
    if (before !== null && number <= before)
      return [{ kind: "reordered", subscriber, of, text: `${what}: came after number ${before}` }];
    if (previous === before) return [];
    return [
      {
        kind: "overlapped",
        subscriber,
        of,
        text: `${what}: its handler saw ${previous} as the one before, which was ${before}`,
      },
    ];
  });
}

function checkLetters({ published, letters, sentAgain }: Evidence): Violation[] {
  const fateOf = new Map(
    published.flatMap(({ id, fates }) =>
      fates.map(({ subscriber, outcome }) => [pair(subscriber, id), outcome] as const),
    ),
  );
  const seen = new Set<string>();
  return letters.flatMap(({ subscriber, eventId, reason }): Violation[] => {
    const place = pair(subscriber, eventId ?? "?");
    const what = `${eventId} at ${subscriber}`;
    const found: Violation[] = [];
    if (fateOf.get(place) !== reason)
      found.push({
        kind: "unexplained_dead_letter",
        subscriber,
        of: eventId,
        text: `${what}: dead letter (${reason}) without a cause`,
      });
    if (seen.has(place) && !sentAgain)
      found.push({
        kind: "doubled_dead_letter",
        subscriber,
        of: eventId,
        text: `${what}: more than one dead letter`,
      });
    seen.add(place);
    return found;
  });
}

function checkOrigins({ published, effects, followUps }: Evidence, effectsOf: Groups<Effect>): Violation[] {
  const known = new Set(published.flatMap(({ id, fates }) => fates.map((fate) => pair(fate.subscriber, id))));
  const causes = new Map(followUps.map(({ subscriber, causedBy }) => [subscriber, causedBy]));
  return effects.flatMap(({ subscriber, of }): Violation[] => {
    const cause = causes.get(subscriber);
    if (cause !== undefined && !effectsOf.has(pair(cause, of)))
      return [
        {
          kind: "follow_up_without_cause",
          subscriber,
          of,
          text: `${of} at ${subscriber}: its cause left no effect at ${cause}`,
        },
      ];
    if (known.has(pair(subscriber, of))) return [];
    return [
      {
        kind: "unknown_event",
        subscriber,
        of,
        text: `${of} at ${subscriber}: an effect of something nobody published`,
      },
    ];
  });
}

function pair(subscriber: string, other: string): string {
  return `${subscriber} ${other}`;
}

function groupBy<T>(items: readonly T[], placeOf: (item: T) => string): Groups<T> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const place = placeOf(item);
    const group = groups.get(place);
    if (group === undefined) groups.set(place, [item]);
    else group.push(item);
  }
  return groups;
}

function countBy<T>(items: readonly T[], placeOf: (item: T) => string): ReadonlyMap<string, number> {
  return new Map([...groupBy(items, placeOf)].map(([place, group]) => [place, group.length]));
}
