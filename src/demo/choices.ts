import { v5 as uuidv5 } from "uuid";

/** What looks random in the world, and is the same in every run with the same seed. */
export interface Choices {
  /** A whole number, both ends included. */
  between(least: number, most: number): number;
  oneOf<Item>(items: readonly [Item, ...Item[]]): Item;
}

/** The generator mulberry32, by Tommy Ettinger (public domain): 32 bits of state are plenty for a demo. */
export function createChoices(seed: number): Choices {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    between,
    oneOf: ([first, ...others]) => [first, ...others][between(0, others.length)] ?? first,
  };
}

/** The id that this thing of the world has in every run with the seed; of version 4, as events want it. */
export function idOf(seed: number, name: string): string {
  return uuidv5(`charter demo ${seed}: ${name}`, uuidv5.URL).replace(/^(.{14})./, "$14");
}
