import { type Drawing, type Line, plainName } from "./drawing.ts";
import type { GraphNode } from "./graph.ts";

/** @see https://mermaid.js.org/syntax/flowchart.html */
const shapes: Readonly<Record<GraphNode["kind"], readonly [string, string]>> = {
  producer: ["[/", "/]"],
  event: ["(", ")"],
  consumer: ["[[", "]]"],
};
const arrows: Readonly<Record<Line["kind"], string>> = {
  publishes: "-->",
  handles: "-->",
  leads_to: "==>",
  follows: "-.->",
};

/** All but letters, digits and what names are made of, as entities: what would end the text, or be read as Markdown or HTML. */
const escaped = (name: string) =>
  plainName(name).replaceAll(/[^\p{L}\p{N} ._-]/gu, (character) => `#${character.codePointAt(0)};`);

export function mermaidText({ nodes, lines, circular }: Drawing): string {
  const number = new Map(nodes.map((node, index) => [node, `n${index}`]));
  const nodeLines = nodes.map((node) => {
    const [begin, end] = shapes[node.kind];
    const count = node.count === null ? "" : ` ×${node.count}`;
    const style = circular.has(node) ? ":::cycle" : node.isDeclared ? `:::${node.kind}` : ":::undeclared";
    return `  ${number.get(node)}${begin}"${escaped(`${node.name}${count}`)}"${end}${style}`;
  });
  const edgeLines = lines.map(({ from, to, kind, count }) => {
    const label = count === null ? "" : `|"${count}"|`;
    return `  ${number.get(from)} ${arrows[kind]}${label} ${number.get(to)}`;
  });
  const red = lines.flatMap(({ isCircular }, index) => (isCircular ? [index] : []));
  return [
    "flowchart LR",
    "  classDef producer fill:#e8eefc,stroke:#3b5bb5,color:#111",
    "  classDef event fill:#fff7e0,stroke:#8a6d1f,color:#111",
    "  classDef consumer fill:#e6f6ea,stroke:#2c7a45,color:#111",
    "  classDef undeclared fill:#fff,stroke:#777,color:#111,stroke-dasharray:4 3",
    "  classDef cycle fill:#fdeaea,stroke:#b3261e,color:#111,stroke-width:2px",
    ...nodeLines,
    ...edgeLines,
    ...(red.length === 0 ? [] : [`  linkStyle ${red.join(",")} stroke:#b3261e,stroke-width:3px`]),
    "",
  ].join("\n");
}
