import { describe, expect, test } from "vitest";
import { ConflictError, NotFoundError } from "../core/errors.ts";
import { given, givenEvents } from "./given.ts";

interface Cart {
  readonly items: readonly string[];
  readonly at: Date;
}
const cart: Cart = { items: ["tea"], at: new Date("2026-01-01") };
const add = (state: Cart, item: string): Cart => {
  if (state.items.includes(item)) throw new ConflictError(`${item} is in the cart`);
  return { ...state, items: [...state.items, item] };
};

describe("given, when, then", () => {
  test("passes when the decision is as expected", () => {
    const decided = given(cart).when((state) => add(state, "milk"));
    decided.thenGives({ items: ["tea", "milk"], at: new Date("2026-01-01") });
    decided.thenIncludes({ items: ["tea", expect.stringMatching(/^mi/)] });
    given(cart)
      .when((state) => add(state, "tea"))
      .thenThrows(ConflictError);
    given(cart)
      .when((state) => add(state, "tea"))
      .thenThrows(/in the cart/);
  });

  test("names each difference with its place", () => {
    const decided = given(cart).when((state) => add(state, "milk"));
    expect(() => decided.thenGives({ items: ["tea", "bread", "jam"], at: new Date("2026-01-02") })).toThrow(
      [
        "The decision differs:",
        '  items[1]: expected "bread", got "milk"',
        '  items[2]: expected "jam", got undefined',
        '  at: expected "2026-01-02T00:00:00.000Z", got "2026-01-01T00:00:00.000Z"',
      ].join("\n"),
    );
    expect(() => decided.thenIncludes({ owner: "ada" })).toThrow('owner: expected "ada", got undefined');
    expect(() => decided.thenGives({ ...cart, items: ["tea"] })).toThrow(
      'items[1]: expected undefined, got "milk"',
    );
  });

  test("tells what was decided where an error was expected, and which other error came", () => {
    const decided = given(cart).when((state) => add(state, "milk"));
    expect(() => decided.thenThrows(NotFoundError)).toThrow(
      /Expected NotFoundError to be thrown; it gave \{"items":\["tea","milk"\]/,
    );
    const failed = given(cart).when((state) => add(state, "tea"));
    expect(() => failed.thenThrows(NotFoundError)).toThrow(
      "Expected NotFoundError to be thrown, got ConflictError: tea is in the cart",
    );
    expect(() => failed.thenThrows("milk is in the cart")).toThrow(/got ConflictError/);
  });

  test("builds the state of events", () => {
    const evolve = (state: Cart, event: { item: string }) => add(state, event.item);
    givenEvents(evolve, cart, [{ item: "milk" }, { item: "bread" }])
      .when(({ items }) => items.length)
      .thenGives(3);
  });

  test("cannot be taken for a promise", () => {
    expect(given(cart).when(() => 1)).not.toHaveProperty("then");
  });
});
