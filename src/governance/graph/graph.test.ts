import { Graphviz } from "@hpcc-js/wasm-graphviz";
import { describe, expect, test } from "vitest";
import { hostileGraph } from "../../../test/governance/hostile-graph.ts";
import { graphOfCatalog, type ToldCatalog } from "./from-catalog.ts";
import { narrow } from "./graph.ts";
import { graphFormats, writeGraph } from "./index.ts";

const event = (type: string, module: string, consumers: readonly string[] = [], count = 0) => ({
  ...{ type, module, producers: [module] },
  consumers: consumers.map((subscriber) => ({ subscriber, handles: subscriber !== "idle", declared: true })),
  observed: { count, producers: count === 0 ? [] : [{ producer: module, count }] },
});
const flow = (cause: string, effect: string, module: string, is_handled = true) => ({
  ...{ cause, effect, module, producer: module, is_handled, count: 3 },
});
const told: ToldCatalog = {
  events: [
    event("shop.order.placed", "shop", ["stock", "all", "idle"], 5),
    event("stock.item.reserved", "stock", ["shop_consumer"], 4),
    event("shop.order.shipped", "shop", [], 2),
    event("other.thing.done", "other"),
  ],
  subscribers: [
    { subscriber: "stock", module: "stock" },
    { subscriber: "shop_consumer", module: "shop" },
  ],
  catch_all: ["all"],
  unlisted: [{ type: "who.knows", count: 1, producers: [{ producer: "stranger", count: 1 }] }],
  flows: [
    flow("shop.order.placed", "stock.item.reserved", "stock"),
    flow("stock.item.reserved", "shop.order.placed", "shop"),
    flow("shop.order.placed", "shop.order.shipped", "shop", false),
    flow("gone.thing.done", "shop.order.shipped", "shop"),
  ],
};
const linesOf = (graph: ReturnType<typeof graphOfCatalog>) =>
  graph.edges.map(({ from, to }) => `${from} > ${to}`);

describe("the graph of a catalogue", () => {
  test("joins producers, events and consumers that handle them; who gets everything is told apart", () => {
    const graph = graphOfCatalog(told, false);
    expect(linesOf(graph)).toEqual([
      "producer:shop > event:shop.order.placed",
      "event:shop.order.placed > consumer:stock",
      "producer:stock > event:stock.item.reserved",
      "event:stock.item.reserved > consumer:shop_consumer",
      "producer:shop > event:shop.order.shipped",
      "producer:other > event:other.thing.done",
    ]);
    expect(graph.catchAll).toEqual(["all"]);
    expect(graph.nodes.every(({ count }) => count === null)).toBe(true);
  });

  test("a handler's event belongs to the consumer of its module; the way round is told by its path", () => {
    expect(writeGraph(graphOfCatalog(told, false), "json").cycles).toEqual([
      "shop.order.placed → stock → stock.item.reserved → shop_consumer → shop.order.placed",
    ]);
  });

  test("with what was seen come counts, strangers, and what a module did later by itself", () => {
    const graph = graphOfCatalog(told, true);
    expect(graph.nodes.find(({ name }) => name === "shop.order.placed")?.count).toBe(5);
    expect(graph.nodes.find(({ name }) => name === "who.knows")).toMatchObject({
      count: 1,
      isDeclared: false,
    });
    expect(graph.edges.find(({ from }) => from === "producer:stranger")).toMatchObject({
      count: 1,
      isDeclared: false,
    });
    expect(graph.steps.map(({ by, effect, count }) => `${by} ${effect} ${count}`)).toContain(
      "producer:shop event:shop.order.shipped 3",
    );
  });

  test("is narrowed to a module or an event and its neighbours", () => {
    const graph = graphOfCatalog(told, false);
    const names = (given: Parameters<typeof narrow>[1]) => narrow(graph, given).nodes.map(({ name }) => name);
    expect(names({ event: "shop.order.shipped" })).toEqual(["shop", "shop.order.shipped"]);
    expect(names({ module: "other" })).toEqual(["other.thing.done", "other"]);
    expect(names({ event: "stock.item.reserved" })).toEqual([
      ...["shop.order.placed", "stock", "stock.item.reserved", "stock", "shop_consumer"],
    ]);
    expect(names({ module: "nobody" })).toEqual([]);
  });
});

test("Graphviz draws each graph, with hostile names as they are", async () => {
  const graphviz = await Graphviz.load();
  const { text, cycles } = writeGraph(hostileGraph, "dot");
  const drawn = JSON.parse(graphviz.layout(text, "dot_json", "dot"));
  expect(drawn.objects).toHaveLength(hostileGraph.nodes.length);
  // Edges, and the steps' ways back.
  expect(drawn.edges).toHaveLength(hostileGraph.edges.length + hostileGraph.steps.length);
  expect(cycles).toHaveLength(1);
  const svg = graphviz.layout(text, "svg", "dot");
  expect(svg).toContain("&lt;script&gt;alert(1)&lt;/script&gt; &quot;]; x &#45;&gt; y [label=&quot;");
  expect(svg).not.toContain("<script>");
  // Control: a text that is not escaped is refused, or draws something else.
  expect(() => graphviz.layout('digraph { a [label=""]; x -> "]; }', "svg", "dot")).toThrow();
});

test.each(graphFormats)("%s: an empty graph and one node alone are written, too", (format) => {
  const [node] = hostileGraph.nodes;
  for (const nodes of [[], node === undefined ? [] : [node]]) {
    expect(writeGraph({ nodes, edges: [], steps: [], catchAll: [] }, format).text).toMatch(/\n$/);
  }
});
