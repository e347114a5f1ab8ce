/**
 * Who publishes what, who handles it, and what that leads to. A value that knows neither where it came from nor how it is
 * written.
 */

export type NodeKind = "producer" | "event" | "consumer";

export interface GraphNode {
  /** Kind and name. */
  readonly id: string;
  readonly kind: NodeKind;
  readonly name: string;
  /** Null: none, or nobody knows. */
  readonly module: string | null;
  /** Events that were seen; null: nobody looked. */
  readonly count: number | null;
  /** False: it was seen, and nobody declared it. */
  readonly isDeclared: boolean;
}

export interface GraphEdge {
  /** Ids of nodes: producer → event → consumer. */
  readonly from: string;
  readonly to: string;
  readonly count: number | null;
  readonly isDeclared: boolean;
}

/** An event led to another one. */
export interface GraphStep {
  /** Ids of events. */
  readonly cause: string;
  readonly effect: string;
  /** Id of the consumer whose handler published it, or of the producer that did it later, by itself. */
  readonly by: string;
  readonly count: number | null;
}

export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  readonly steps: readonly GraphStep[];
  /** Consumers that get every event; they have no edges. */
  readonly catchAll: readonly string[];
}

export const nodeId = (kind: NodeKind, name: string): string => `${kind}:${name}`;

/** What is left of a graph: see {@link narrow}. */
export interface Narrowing {
  readonly module?: string | undefined;
  readonly event?: string | undefined;
}

/**
 * The events of a module, or one event, with who publishes and who handles them, what led to them and what they led to. Of
 * a module also what its consumers handle. Without either: all of it.
 */
export function narrow(graph: Graph, { module, event }: Narrowing): Graph {
  if (module === undefined && event === undefined) return graph;
  const isCore = ({ kind, name, module: own }: GraphNode) =>
    (module === undefined || own === module) && (event === undefined || (kind === "event" && name === event));
  const core = new Set(graph.nodes.filter(isCore).map(({ id }) => id));
  const steps = graph.steps.filter(
    ({ cause, effect, by }) => core.has(cause) || core.has(effect) || core.has(by),
  );
  const edges = graph.edges.filter(({ from, to }) => core.has(from) || core.has(to));
  const near = new Set([
    ...core,
    ...edges.flatMap(({ from, to }) => [from, to]),
    ...steps.flatMap(({ cause, effect, by }) => [cause, effect, by]),
  ]);
  // What a step takes is drawn as its edges.
  const kept = new Set([...edges, ...graph.edges.filter(isOfStep(steps))]);
  return {
    ...graph,
    nodes: graph.nodes.filter(({ id }) => near.has(id)),
    edges: graph.edges.filter((edge) => kept.has(edge)),
    steps,
  };
}

const isOfStep =
  (steps: readonly GraphStep[]) =>
  ({ from, to }: GraphEdge): boolean =>
    steps.some(({ cause, by, effect }) => (cause === from && by === to) || (by === from && effect === to));
