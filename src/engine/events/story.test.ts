import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { flattenTrees, growTrees, type StoryNode, spanOf, treesToJson } from "./story.ts";

interface Event {
  readonly id: string;
  readonly causation_id: string | null;
}

/** `b<a` is an event b caused by a. */
const story = (...texts: string[]): Event[] =>
  texts.map((text) => {
    const [id = "", cause] = text.split("<");
    return { id, causation_id: cause ?? null };
  });

/** A tree as text: `a(b c(d))`. */
const shape = (nodes: readonly StoryNode<Event>[]): string =>
  nodes.map(({ id, children }) => (children.length === 0 ? id : `${id}(${shape(children)})`)).join(" ");

describe("the trees of a story", () => {
  test.each([
    { what: "no event", events: [], trees: "" },
    { what: "a chain", events: ["a", "b<a", "c<b"], trees: "a(b(c))" },
    { what: "two effects, in the order of the record", events: ["a", "c<a", "b<a"], trees: "a(c b)" },
    { what: "two beginnings", events: ["a", "x", "b<a", "y<x"], trees: "a(b) x(y)" },
    { what: "a cause recorded after its effect", events: ["b<a", "a"], trees: "a(b)" },
    { what: "a cause of another story", events: ["b<elsewhere", "c<b"], trees: "b(c)" },
    { what: "an id in other letters", events: ["ab", "c<AB"], trees: "ab(c)" },
    { what: "an event that caused itself", events: ["a<a", "b<a"], trees: "a(b)" },
    { what: "a circle", events: ["a<c", "b<a", "c<b"], trees: "a(b(c))" },
    { what: "a circle and what hangs on it", events: ["x<b", "a<b", "b<a", "y<x"], trees: "a(b(x(y)))" },
    { what: "two circles", events: ["a<b", "b<a", "c<d", "d<c"], trees: "a(b) c(d)" },
  ])("of $what", ({ events, trees }) => {
    expect(shape(growTrees(story(...events)))).toBe(trees);
  });

  test("hold every event once, whatever causes what", () => {
    const causes = fc.array(fc.option(fc.nat({ max: 30 })), { maxLength: 30 });
    fc.assert(
      fc.property(causes, (chosen) => {
        const events = chosen.map((cause, place) => ({
          id: `e${place}`,
          causation_id: cause === null ? null : `e${cause}`,
        }));
        const roots = growTrees(events);
        const lines = flattenTrees(roots);
        expect(lines.map(({ id }) => id).toSorted()).toEqual(events.map(({ id }) => id).toSorted());
        expect(JSON.parse(treesToJson(roots))).toEqual(JSON.parse(JSON.stringify(roots)));
      }),
    );
  });

  test("may be as deep as a story is long", () => {
    const length = 50_000;
    const events = Array.from({ length }, (_, place) => ({
      id: `e${place}`,
      causation_id: place === 0 ? null : `e${place - 1}`,
    }));
    const roots = growTrees(events);
    expect(flattenTrees(roots).at(-1)).toEqual({ ...events.at(-1), depth: length - 1 });
    expect(treesToJson(roots)).toHaveLength(
      events.reduce((sum, event) => sum + JSON.stringify(event).length + ',"children":[]'.length, 2),
    );
    // The engine's own writer gives up here, which is why there is another.
    expect(() => JSON.stringify(roots)).toThrow(RangeError);
  });

  test("read line by line give the depth of each event, before what it caused", () => {
    const lines = flattenTrees(growTrees(story("a", "b<a", "x", "c<b", "d<a")));
    expect(lines.map(({ id, depth }) => `${depth}${id}`)).toEqual(["0a", "1b", "2c", "1d", "0x"]);
  });
});

test("the span of a story is that of the times its events tell", () => {
  const at = (time: string) => ({ timestamp: `2026-11-21T10:00:0${time}.000Z` });
  expect(spanOf([at("2"), at("1"), at("3")])).toEqual({
    first_at: "2026-11-21T10:00:01.000Z",
    last_at: "2026-11-21T10:00:03.000Z",
  });
  expect(spanOf([])).toEqual({ first_at: null, last_at: null });
});
