import { type Cycles, findCycles } from "./cycles.ts";
import type { Graph, GraphNode } from "./graph.ts";

/*
 * What each format draws: nodes with numbers, lines between them. A step by a consumer is a line from the consumer to the
 * event that it published, one by a producer a line from event to event.
 */

export interface Line {
  readonly from: GraphNode;
  readonly to: GraphNode;
  readonly kind: "publishes" | "handles" | "leads_to" | "follows";
  readonly count: number | null;
  readonly isDeclared: boolean;
  /** On a cycle. */
  readonly isCircular: boolean;
}

export interface Drawing {
  readonly nodes: readonly GraphNode[];
  readonly lines: readonly Line[];
  readonly cycles: Cycles;
  readonly circular: ReadonlySet<GraphNode>;
  readonly catchAll: readonly string[];
}

export function drawingOf(graph: Graph): Drawing {
  const cycles = findCycles(graph.steps);
  const byId = new Map(graph.nodes.map((node) => [node.id, node]));
  const circularIds = new Set([...cycles.circular].flatMap(({ cause, by, effect }) => [cause, by, effect]));
  const onCycle = (from: string, to: string) =>
    [...cycles.circular].some(({ cause, by }) => cause === from && by === to);
  const lines: Line[] = graph.edges.flatMap((edge) => {
    const [from, to] = [byId.get(edge.from), byId.get(edge.to)];
    if (from === undefined || to === undefined) return [];
    const kind = from.kind === "producer" ? "publishes" : "handles";
    return [
      { ...edge, from, to, kind, isCircular: kind === "handles" && onCycle(edge.from, edge.to) } as const,
    ];
  });
  const effects = new Map<string, Line>();
  for (const step of graph.steps) {
    const by = byId.get(step.by);
    const from = by?.kind === "consumer" ? by : byId.get(step.cause);
    const to = byId.get(step.effect);
    if (by === undefined || from === undefined || to === undefined) continue;
    const name = JSON.stringify([from.id, to.id]);
    const known = effects.get(name);
    const count = step.count === null ? null : step.count + (known?.count ?? 0);
    const isCircular = cycles.circular.has(step) || known?.isCircular === true;
    const kind = by.kind === "consumer" ? "leads_to" : "follows";
    effects.set(name, { from, to, kind, count, isDeclared: true, isCircular });
  }
  return {
    nodes: graph.nodes,
    lines: [...lines, ...effects.values()],
    cycles,
    circular: new Set(graph.nodes.filter(({ id }) => circularIds.has(id))),
    catchAll: graph.catchAll,
  };
}

/** `a → consumer → b → … → a`, without the kinds. */
export function cyclePaths({ cycles: { cycles }, nodes }: Drawing): readonly string[] {
  const nameOf = new Map(nodes.map(({ id, name }) => [id, name]));
  const name = (id: string) => nameOf.get(id) ?? id;
  return cycles.map(({ steps }) =>
    [name(steps[0]?.cause ?? ""), ...steps.flatMap(({ by, effect }) => [name(by), name(effect)])].join(" → "),
  );
}

/** Names are others' words: what steers a terminal, breaks a line or turns the direction of text is a space. */
export const plainName = (name: string): string =>
  name.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\u2028\u2029]/gu, " ");
