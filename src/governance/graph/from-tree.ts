import { callsInside, handlersOf, reachedFrom } from "../tree/flow/reach.ts";
import type { DefinedConsumer, DefinedEvent, Handled, TypeScriptTree } from "../tree/product/typescript.ts";
import { type Graph, type GraphEdge, type GraphNode, type GraphStep, nodeId } from "./graph.ts";

/** How far the calls of a handler are followed to what it publishes. */
const maxCalls = 6;

/**
 * The graph of modules, events and consumers from the sources alone, without a running system. Producers are modules. An
 * event leads to another one when its handler, or a function that the handler calls, publishes the other.
 */
export function graphOfTree(tree: TypeScriptTree): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const add = (kind: GraphNode["kind"], name: string, module: string | null): string => {
    const id = nodeId(kind, name);
    if (!nodes.has(id)) nodes.set(id, { id, kind, name, module, count: null, isDeclared: true });
    return id;
  };
  const connect = (from: string, to: string) =>
    void edges.set(JSON.stringify([from, to]), { from, to, count: null, isDeclared: true });
  const moduleOf = (file: string) => tree.moduleOf(file)?.name ?? null;
  const eventId = ({ type, module }: DefinedEvent): string | null =>
    type === null ? null : add("event", type, module);

  for (const event of tree.events) eventId(event);
  for (const { file, events } of tree.published) {
    const module = moduleOf(file);
    if (module === null) continue;
    for (const to of events.flatMap((event) => eventId(event) ?? []))
      connect(add("producer", module, module), to);
  }
  const published = new Map(tree.published.map(({ call, events }) => [call, events]));
  const steps: GraphStep[] = [];
  for (const handled of tree.handled) {
    const consumer = consumerOf(tree, handled);
    if (consumer === null || consumer.subscriber === null) continue;
    const by = add("consumer", consumer.subscriber, moduleOf(consumer.file));
    const causes = handled.events.flatMap((event) => eventId(event) ?? []);
    for (const cause of causes) connect(cause, by);
    const effects = handlersOf(tree, handled)
      .flatMap((handler) => [...reachedFrom(tree, handler, maxCalls)])
      .flatMap((reached) => callsInside(reached))
      .flatMap((call) => published.get(call) ?? [])
      .flatMap((event) => eventId(event) ?? []);
    for (const cause of causes)
      for (const effect of new Set(effects)) steps.push({ cause, effect, by, count: null });
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()], steps: distinct(steps), catchAll: [] };
}

/** The consumer in whose list of handlers it stands, otherwise the only one of its module. */
function consumerOf(
  { consumers, moduleOf }: TypeScriptTree,
  { file, call }: Handled,
): DefinedConsumer | null {
  const around = consumers.find(
    (consumer) => consumer.file === file && consumer.call.pos <= call.pos && call.end <= consumer.call.end,
  );
  if (around !== undefined) return around;
  const inFile = consumers.filter((consumer) => consumer.file === file);
  const [only, ...others] =
    inFile.length > 0 ? inFile : consumers.filter((one) => moduleOf(one.file) === moduleOf(file));
  return only !== undefined && others.length === 0 ? only : null;
}

const distinct = (steps: readonly GraphStep[]): readonly GraphStep[] => [
  ...new Map(steps.map((step) => [JSON.stringify([step.cause, step.effect, step.by]), step])).values(),
];
