/** The graph of a product as text. */

import { dotText } from "./dot.ts";
import { cyclePaths, type Drawing, drawingOf } from "./drawing.ts";
import type { Graph } from "./graph.ts";
import { mermaidText } from "./mermaid.ts";
import { svgText } from "./svg.ts";

export const graphFormats = ["mermaid", "dot", "svg", "json"] as const;
export type GraphFormat = (typeof graphFormats)[number];

/** The graph in a format, and the ways round in it, one a line: `event → consumer → event`. */
export function writeGraph(
  graph: Graph,
  format: GraphFormat,
): { readonly text: string; readonly cycles: readonly string[]; readonly isCut: boolean } {
  const drawing = drawingOf(graph);
  const cycles = cyclePaths(drawing);
  return { text: textOf(graph, drawing, format, cycles), cycles, isCut: drawing.cycles.isCut };
}

function textOf(graph: Graph, drawing: Drawing, format: GraphFormat, cycles: readonly string[]): string {
  if (format === "mermaid") return mermaidText(drawing);
  if (format === "dot") return dotText(drawing);
  if (format === "svg") return svgText(drawing);
  const { nodes, edges, steps, catchAll } = graph;
  return `${JSON.stringify({ nodes, edges, steps, catch_all: catchAll, cycles }, null, 2)}\n`;
}
