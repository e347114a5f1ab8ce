import { cyclePaths, type Drawing, type Line, plainName } from "./drawing.ts";
import type { GraphNode } from "./graph.ts";

/** @see https://graphviz.org/doc/info/lang.html */
const shapes: Readonly<Record<GraphNode["kind"], string>> = {
  producer: 'shape=house, fillcolor="#e8eefc"',
  event: 'shape=box, style="rounded,filled", fillcolor="#fff7e0"',
  consumer: 'shape=component, fillcolor="#e6f6ea"',
};
const styles: Readonly<Record<Line["kind"], string>> = {
  publishes: "solid",
  handles: "solid",
  leads_to: "bold",
  follows: "dashed",
};

/** In quotes; a label knows escapes of its own, and entities as in HTML. */
const quoted = (text: string) =>
  `"${plainName(text).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;")}"`;

export function dotText(drawing: Drawing): string {
  const { nodes, lines, circular } = drawing;
  const number = new Map(nodes.map((node, index) => [node, `n${index}`]));
  const nodeLines = nodes.map((node) => {
    const { name, kind, count, isDeclared } = node;
    const more = [
      ...(isDeclared ? [] : ['style="dashed"']),
      ...(circular.has(node) ? ['color="#b3261e"', "penwidth=2"] : []),
    ];
    const label = quoted(count === null ? name : `${name} ×${count}`);
    return `  ${number.get(node)} [${[`label=${label}`, shapes[kind], ...more].join(", ")}];`;
  });
  const edgeLines = lines.map(({ from, to, kind, count, isDeclared, isCircular }) => {
    const more = [
      `style=${isDeclared ? styles[kind] : "dashed"}`,
      ...(count === null ? [] : [`label="${count}"`, `penwidth=${thickness(count)}`]),
      ...(isCircular ? ['color="#b3261e"'] : []),
    ];
    return `  ${number.get(from)} -> ${number.get(to)} [${more.join(", ")}];`;
  });
  return [
    "digraph charter {",
    ...cyclePaths(drawing).map((path) => `  // cycle: ${plainName(path)}`),
    "  rankdir=LR;",
    '  node [fontname="Helvetica", fontsize=11, style=filled];',
    '  edge [fontname="Helvetica", fontsize=9];',
    ...nodeLines,
    ...edgeLines,
    "}",
    "",
  ].join("\n");
}

/** Grows with the number of digits. */
export const thickness = (count: number): string => (1 + Math.log10(Math.max(1, count))).toFixed(1);
