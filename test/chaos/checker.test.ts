import { describe, expect, test } from "vitest";
import { check, type Effect, type Evidence, type PublishedEvent } from "./checker.ts";

const followUps = [{ subscriber: "follow", causedBy: "cause" }];

function published(id: string, change: Partial<PublishedEvent> = {}): PublishedEvent {
  return {
    id,
    certainty: "accepted",
    fates: [
      { subscriber: "cause", outcome: "effect" },
      { subscriber: "follow", outcome: "effect" },
    ],
    ...change,
  };
}

function effect(subscriber: string, of: string, number: number, previous: number | null): Effect {
  return { subscriber, of, key: "k", number, previous, replayed: false };
}

/** Two events of one key, each with its effect and its follow-up's: nothing to complain about. */
const sound: Evidence = {
  published: [published("a"), published("b")],
  effects: [
    effect("cause", "a", 1, null),
    effect("follow", "a", 1, null),
    effect("cause", "b", 2, 1),
    effect("follow", "b", 2, 1),
  ],
  letters: [],
  followUps,
  sentAgain: false,
};

const kindsOf = (change: Partial<Evidence>) =>
  check({ ...sound, ...change }).violations.map(({ kind }) => kind);
const without = (subscriber: string, of: string) =>
  sound.effects.filter((one) => one.subscriber !== subscriber || one.of !== of);

describe("the checker of the chaos run", () => {
  test("is content when each accepted event has each of its effects once and in order", () => {
    const verdict = check(sound);
    expect(verdict.violations).toEqual([]);
    expect(verdict.effects).toEqual(
      new Map([
        ["cause", 2],
        ["follow", 2],
      ]),
    );
  });

  test("lets a forced replay apply an event once more, when the handler knows; what came late has no order", () => {
    const again = { ...effect("cause", "b", 2, 2), key: null };
    const told = { ...again, replayed: true };
    const forced = new Map([["cause", 1]]);
    expect(kindsOf({ effects: [...sound.effects, told], forced })).toEqual([]);
    expect(kindsOf({ effects: [...sound.effects, told] })).toEqual(["doubled"]);
    expect(kindsOf({ effects: [...sound.effects, told, told], forced })).toEqual(["doubled"]);
    expect(kindsOf({ effects: [...sound.effects, again], forced })).toEqual(["doubled"]);
    const late = sound.effects.toReversed();
    expect(kindsOf({ effects: late, unordered: new Set(["cause", "follow"]) })).toEqual([]);
  });

  test("sees an event that was accepted and left no effect", () => {
    expect(kindsOf({ effects: without("follow", "b") })).toEqual(["lost"]);
  });

  test("sees an effect that happened twice", () => {
    const twice = { ...effect("cause", "b", 2, 1), key: null };
    expect(kindsOf({ effects: [...sound.effects, twice] })).toEqual(["doubled"]);
  });

  test("sees two events of one key in the wrong order", () => {
    const effects = [
      effect("cause", "b", 2, null),
      effect("cause", "a", 1, 2),
      effect("follow", "a", 1, null),
      effect("follow", "b", 2, 1),
    ];
    expect(kindsOf({ effects })).toEqual(["reordered"]);
  });

  test("sees two events of one key that ran at the same time", () => {
    const effects = sound.effects.map((one) =>
      one.subscriber === "cause" && one.of === "b" ? { ...one, previous: null } : one,
    );
    expect(kindsOf({ effects })).toEqual(["overlapped"]);
  });

  test("sees a dead letter of an event that had no reason to fail", () => {
    const letters = [{ subscriber: "follow", eventId: "b", reason: "attempts_exhausted" }];
    expect(kindsOf({ effects: without("follow", "b"), letters })).toEqual(["unexplained_dead_letter"]);
    expect(kindsOf({ letters })).toEqual(["unexplained_dead_letter"]);
  });

  test("sees a dead letter that is missing, and takes it for the event's end when it is there", () => {
    const failing = published("c", { fates: [{ subscriber: "cause", outcome: "permanent_error" }] });
    const events = [...sound.published, failing];
    const letter = { subscriber: "cause", eventId: "c", reason: "permanent_error" };
    expect(kindsOf({ published: events })).toEqual(["lost"]);
    expect(kindsOf({ published: events, letters: [letter] })).toEqual([]);
    expect(kindsOf({ published: events, letters: [letter, letter] })).toEqual(["doubled_dead_letter"]);
    expect(kindsOf({ published: events, letters: [letter, letter], sentAgain: true })).toEqual([]);
  });

  test("sees an effect next to the dead letter of an event that fails for good", () => {
    const failing = published("c", { fates: [{ subscriber: "other", outcome: "permanent_error" }] });
    const letters = [{ subscriber: "other", eventId: "c", reason: "permanent_error" }];
    const effects = [...sound.effects, effect("other", "c", 1, null)];
    expect(kindsOf({ published: [...sound.published, failing], effects, letters })).toEqual(["doubled"]);
  });

  test("sees a follow-up whose cause has no effect", () => {
    const kinds = kindsOf({ effects: without("cause", "b") });
    expect(kinds).toEqual(["lost", "follow_up_without_cause"]);
  });

  test("sees an effect of an event that nobody published", () => {
    const foreign = { ...effect("cause", "x", 1, null), key: null };
    expect(kindsOf({ effects: [...sound.effects, foreign] })).toEqual(["unknown_event"]);
  });

  test("lets an event without an answer be there once or not at all, and never twice", () => {
    const fates = [{ subscriber: "cause", outcome: "effect" }] as const;
    const events = [...sound.published, published("m", { certainty: "maybe", fates })];
    const once = { ...effect("cause", "m", 1, null), key: null };
    expect(kindsOf({ published: events })).toEqual([]);
    const there = check({ ...sound, published: events, effects: [...sound.effects, once] });
    expect(there).toMatchObject({ violations: [], maybeApplied: 1 });
    expect(kindsOf({ published: events, effects: [...sound.effects, once, once] })).toEqual(["doubled"]);
  });
});
