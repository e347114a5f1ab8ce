import { expect, test } from "vitest";
import { root } from "../../../tools/root.ts";
import { projectOf, readProject } from "../project.ts";
import { graphOfTree } from "./from-tree.ts";
import { nodeId } from "./graph.ts";

const shop: Readonly<Record<string, string>> = {
  "src/events.ts": `
    import { defineEvent } from "@brain/schemas";
    export const orderPlaced = defineEvent("shop.order.placed", { module: "orders" });
    export const stockReserved = defineEvent("shop.stock.reserved", { module: "stock" });
    export const orderRefused = defineEvent("shop.order.refused", { module: "stock" });`,
  "src/orders/index.ts": `
    import { defineModule } from "@brain/engine";
    import { orderPlaced } from "../events.ts";
    export const orders = defineModule({ name: "orders", events: [orderPlaced] });
    export const place = (publish) => publish(orderPlaced, {});`,
  "src/stock/index.ts": `
    import { defineConsumer, defineModule, on } from "@brain/engine";
    import { orderPlaced, orderRefused, stockReserved } from "../events.ts";
    import { refuse } from "./refuse.ts";
    export const stock = defineModule({ name: "stock", events: [stockReserved, orderRefused], consumers: () => [consumer] });
    const consumer = defineConsumer({
      subscriber: "stock",
      handlers: [on(orderPlaced, async (event, { publish }) => {
        if (event.payload.quantity > 1) return refuse(publish);
        await publish(stockReserved, {});
      })],
    });`,
  "src/stock/refuse.ts": `
    import { orderRefused } from "../events.ts";
    export async function refuse(publish) { await publish(orderRefused, {}); }`,
};

test("sources say who publishes, who handles, and what a handler and what it calls lead to", () => {
  const files = Object.entries(shop).map(([path, text]) => ({ path, text }));
  const { typescript } = projectOf({
    root: "/",
    workspaces: [],
    paths: new Set(files.map(({ path }) => path)),
    files: new Map(files.map((file) => [file.path, file])),
  });
  const { edges, steps } = graphOfTree(typescript);
  expect(edges.map(({ from, to }) => `${from} > ${to}`).toSorted()).toEqual([
    "event:shop.order.placed > consumer:stock",
    "producer:orders > event:shop.order.placed",
    "producer:stock > event:shop.order.refused",
    "producer:stock > event:shop.stock.reserved",
  ]);
  expect(steps.map(({ cause, effect, by }) => `${cause} > ${by} > ${effect}`).toSorted()).toEqual([
    "event:shop.order.placed > consumer:stock > event:shop.order.refused",
    "event:shop.order.placed > consumer:stock > event:shop.stock.reserved",
  ]);
});

test("this project's own sources lead from a course to its place in the catalogue", async () => {
  expect(graphOfTree((await readProject(root)).typescript).steps).toContainEqual({
    cause: nodeId("event", "course.generation.completed"),
    effect: nodeId("event", "distribution.created"),
    by: nodeId("consumer", "course_distribution"),
    count: null,
  });
});
