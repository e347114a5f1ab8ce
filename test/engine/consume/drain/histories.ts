import fc from "fast-check";
import { codes } from "../../../chaos/content.ts";
import type { Disturbance } from "../lease/interference.ts";

/* Random histories of publishers, relays, workers and faults. */

/** What happens next in a history. Consumers and keys go by their number. */
export type Step =
  | { readonly do: "publish"; readonly events: readonly { key: number; code: number; causes: boolean }[] }
  | { readonly do: "relay"; readonly disturbance: Disturbance | null }
  | { readonly do: "drain"; readonly consumer: number; readonly disturbance: Disturbance | null }
  /** A worker stands still at a call, another one takes over, and then the first one goes on. */
  | {
      readonly do: "late drain";
      readonly consumer: number;
      readonly at: number;
      readonly phase: "before" | "after";
    }
  /** What is delivered and not yet acked loses its body, as after a trim. */
  | { readonly do: "trim"; readonly share: number }
  | { readonly do: "lose redis" }
  /** Another program writes an entry of the stream again. */
  | { readonly do: "write again"; readonly place: number }
  | { readonly do: "wait"; readonly ms: number };

/** How many consumers and keys a history names. */
const consumerCount = 5;
export const keyCount = 2;

const consumerPlace = fc.nat(consumerCount - 1);
const phase = fc.constantFrom("before", "after");
const disturbance = fc.option(
  fc.record({ at: fc.integer({ min: 1, max: 10 }), phase, effect: fc.constantFrom("die", "fail") }),
  { freq: 1 },
);
const code = fc.oneof(
  { weight: 8, arbitrary: fc.constant<number>(codes.sound) },
  { weight: 2, arbitrary: fc.constantFrom(1, 2) },
  { weight: 1, arbitrary: fc.constantFrom<number>(codes.permanent, codes.permanentInSet) },
);
const event = fc.record({ key: fc.nat(keyCount - 1), code, causes: fc.boolean() });
export const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("publish" as const),
      events: fc.array(event, { minLength: 1, maxLength: 6 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("relay" as const), disturbance }) },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("drain" as const), consumer: consumerPlace, disturbance }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("late drain" as const),
      consumer: consumerPlace,
      at: fc.integer({ min: 1, max: 12 }),
      phase,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("trim" as const),
      share: fc.double({ min: 0.1, max: 1, noNaN: true }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose redis" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("write again" as const), place: fc.nat(20) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  },
);

/** Two workers in a row are disturbed over events of one key: the second finds what the first left, and adds to it. */
export const twice: fc.Arbitrary<Step[]> = fc
  .record({
    consumer: consumerPlace,
    causes: fc.boolean(),
    first: fc.record({ at: fc.integer({ min: 2, max: 6 }), phase, effect: fc.constantFrom("fail", "die") }),
    second: fc.record({ at: fc.integer({ min: 2, max: 5 }), phase, effect: fc.constantFrom("die", "fail") }),
  })
  .map(({ consumer, causes, first, second }): Step[] => {
    const sound = { key: 0, code: codes.sound, causes };
    const send: Step[] = [
      { do: "publish", events: [sound, { ...sound, key: 1 }] },
      { do: "relay", disturbance: null },
    ];
    const drain = (disturbance: Disturbance | null): Step => ({ do: "drain", consumer, disturbance });
    return [drain(null), ...send, drain(first), ...send, drain(second), ...send];
  });

/**
 * An event was set aside untried, and the worker that read the next one of its key died: one has been delivered, the
 * older one never. Neither may wait for the other.
 */
export const setAsideBeforeDelivered: Step[] = [
  { do: "drain", consumer: 0, disturbance: null },
  { do: "publish", events: [{ key: 0, code: codes.sound, causes: false }] },
  { do: "relay", disturbance: null },
  { do: "drain", consumer: 0, disturbance: { at: 3, phase: "before", effect: "fail" } },
  { do: "publish", events: [{ key: 0, code: codes.sound, causes: false }] },
  { do: "relay", disturbance: null },
  { do: "drain", consumer: 0, disturbance: { at: 3, phase: "before", effect: "die" } },
];

const causes = [0, 1].map((key) => ({ key, code: codes.sound, causes: true }));
const sendCauses: Step[] = [
  { do: "publish", events: causes },
  { do: "relay", disturbance: null },
];

/** A worker vanished, and the one that took over could not write the new fencing token into Redis. */
export const tokenNotCopied: Step[] = [
  { do: "drain", consumer: 2, disturbance: null },
  ...sendCauses,
  { do: "drain", consumer: 2, disturbance: { at: 2, phase: "before", effect: "fail" } },
  ...sendCauses,
  { do: "drain", consumer: 2, disturbance: { at: 3, phase: "before", effect: "fail" } },
  ...sendCauses,
];
