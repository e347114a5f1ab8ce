import { type Graph, type GraphEdge, type GraphNode, type GraphStep, nodeId } from "./graph.ts";

/** What `GET /api/catalog?flows=true` tells of it. */
export interface ToldCatalog {
  readonly events: readonly {
    readonly type: string;
    readonly module: string;
    readonly producers: readonly string[];
    readonly consumers: readonly {
      readonly subscriber: string;
      readonly handles: boolean;
      readonly declared: boolean;
    }[];
    readonly observed: ToldObserved | null;
  }[];
  readonly subscribers: readonly { readonly subscriber: string; readonly module: string }[];
  readonly catch_all: readonly string[];
  readonly unlisted: readonly ({ readonly type: string } & ToldObserved)[] | null;
  readonly flows:
    | readonly {
        readonly cause: string;
        readonly effect: string;
        readonly module: string;
        readonly producer: string;
        readonly is_handled: boolean;
        readonly count: number;
      }[]
    | null;
}

interface ToldObserved {
  readonly count: number;
  readonly producers: readonly { readonly producer: string | null; readonly count: number }[];
}

/**
 * Producers, events and consumers as they are declared, and what led to what as the record shows: a handler's event belongs
 * to the consumer of its module that handles the cause.
 *
 * @param isObserved also with counts, with what was seen and nobody declared, and with what a module did later by itself
 */
export function graphOfCatalog(told: ToldCatalog, isObserved: boolean): Graph {
  const nodes = new Map<string, GraphNode>();
  const edges = new Map<string, GraphEdge>();
  const add = (kind: GraphNode["kind"], name: string, more: Partial<GraphNode> = {}): string => {
    const id = nodeId(kind, name);
    if (!nodes.has(id))
      nodes.set(id, { id, kind, name, module: null, count: null, isDeclared: true, ...more });
    return id;
  };
  const connect = (from: string, to: string, more: Partial<GraphEdge> = {}) => {
    const name = JSON.stringify([from, to]);
    edges.set(name, { count: null, isDeclared: true, ...edges.get(name), from, to, ...more });
  };
  const moduleOf = new Map(told.subscribers.map(({ subscriber, module }) => [subscriber, module]));
  const connectSeen = (
    event: string,
    { producers }: ToldObserved,
    declared: readonly string[],
    module: string | null,
  ) => {
    const counts = new Map<string, number>();
    for (const { producer, count } of producers) {
      if (producer !== null) counts.set(producer, (counts.get(producer) ?? 0) + count);
    }
    for (const [name, count] of counts) {
      const isDeclared = declared.includes(name);
      connect(add("producer", name, { module: isDeclared ? module : null, isDeclared }), event, {
        count,
        isDeclared,
      });
    }
  };
  for (const { type, module, producers, consumers, observed } of told.events) {
    const count = isObserved ? (observed?.count ?? null) : null;
    const event = add("event", type, { module, count });
    for (const name of producers) connect(add("producer", name, { module }), event);
    if (isObserved && observed !== null) connectSeen(event, observed, producers, module);
    for (const { subscriber, handles, declared } of consumers) {
      if (!handles || told.catch_all.includes(subscriber)) continue;
      connect(event, add("consumer", subscriber, { module: moduleOf.get(subscriber) ?? null }), {
        isDeclared: declared,
      });
    }
  }
  for (const { type, ...observed } of isObserved ? (told.unlisted ?? []) : []) {
    connectSeen(add("event", type, { count: observed.count, isDeclared: false }), observed, [], null);
  }
  const steps = (told.flows ?? []).flatMap(
    ({ cause, effect, module, producer, is_handled, count }): GraphStep[] => {
      const from = nodeId("event", cause);
      const to = nodeId("event", effect);
      // Older names of others, which are drawn only when what was seen is.
      if (!nodes.has(from) || !nodes.has(to)) return [];
      const handling = [...nodes.values()].filter(
        (node) =>
          node.kind === "consumer" && node.module === module && edges.has(JSON.stringify([from, node.id])),
      );
      const seen = isObserved ? count : null;
      if (is_handled && handling.length > 0)
        return handling.map(({ id }) => ({ cause: from, effect: to, by: id, count: seen }));
      const by = nodeId("producer", producer);
      return isObserved && nodes.has(by) ? [{ cause: from, effect: to, by, count }] : [];
    },
  );
  return { nodes: [...nodes.values()], edges: [...edges.values()], steps, catchAll: told.catch_all };
}
