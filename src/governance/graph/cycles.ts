import type { GraphStep } from "./graph.ts";

/** A way round: events that lead to each other until the first one comes again. */
export interface Cycle {
  /** In their order; the last one leads to the first. */
  readonly steps: readonly GraphStep[];
}

export interface Cycles {
  readonly cycles: readonly Cycle[];
  /** Steps that stand on any cycle, also on one that is not listed. */
  readonly circular: ReadonlySet<GraphStep>;
  /** There are more than are listed. */
  readonly isCut: boolean;
}

/** A dense tangle has more ways round than anybody reads, their number grows without bound. */
const mostCycles = 100;
/** Steps that are tried for them. */
const mostTries = 100_000;

/**
 * All ways round in which no event comes twice, the shorter ones first; each begins with its first event by name. Events that
 * two consumers lead to each other have two. Linear but for the listing, which is bounded.
 */
export function findCycles(steps: readonly GraphStep[]): Cycles {
  const next = Map.groupBy(steps, ({ cause }) => cause);
  const component = componentsOf(next);
  const circular = new Set(
    steps.filter(({ cause, effect }) => component.get(cause) === component.get(effect)),
  );
  const found: Cycle[] = [];
  let tries = 0;
  let isCut = false;
  for (const first of [...new Set([...circular].map(({ cause }) => cause))].toSorted()) {
    // From the first event by name, and never to one before it: so each way round is found once.
    const way: GraphStep[] = [];
    const passed = new Set([first]);
    const open = [(next.get(first) ?? []).values()];
    for (let rest = open.at(-1); rest !== undefined && !isCut; rest = open.at(-1)) {
      const { value: step } = rest.next();
      if (step === undefined) {
        open.pop();
        passed.delete(way.pop()?.effect ?? first);
        continue;
      }
      if (!circular.has(step) || step.effect < first) continue;
      tries += 1;
      isCut = tries > mostTries || found.length >= mostCycles;
      if (isCut) continue;
      if (step.effect === first) found.push({ steps: [...way, step] });
      if (passed.has(step.effect)) continue;
      way.push(step);
      passed.add(step.effect);
      open.push((next.get(step.effect) ?? []).values());
    }
  }
  return { cycles: found.toSorted((a, b) => a.steps.length - b.steps.length), circular, isCut };
}

/**
 * The strongly connected component of each event, as a number (Tarjan 1972). Without recursion: a chain of events may be
 * longer than the stack.
 */
function componentsOf(next: ReadonlyMap<string, readonly GraphStep[]>): ReadonlyMap<string, number> {
  const component = new Map<string, number>();
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const lower = (node: string, to: number) => low.set(node, Math.min(low.get(node) ?? to, to));
  for (const root of next.keys()) {
    const path: { readonly node: string; readonly rest: Iterator<GraphStep> }[] = [];
    const enter = (node: string) => {
      order.set(node, order.size);
      lower(node, order.size - 1);
      open.push(node);
      isOpen.add(node);
      path.push({ node, rest: (next.get(node) ?? []).values() });
    };
    if (!order.has(root)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const { node, rest } = top;
      const step = rest.next();
      if (step.done !== true) {
        const to = step.value.effect;
        if (!order.has(to)) enter(to);
        else if (isOpen.has(to)) lower(node, order.get(to) ?? 0);
        continue;
      }
      path.pop();
      const above = path.at(-1);
      if (above !== undefined) lower(above.node, low.get(node) ?? 0);
      if (low.get(node) !== order.get(node)) continue;
      const number = component.size;
      for (let member = open.pop(); member !== undefined; member = open.pop()) {
        isOpen.delete(member);
        component.set(member, number);
        if (member === node) break;
      }
    }
  }
  return component;
}
