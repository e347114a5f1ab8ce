import { thickness } from "./dot.ts";
import { cyclePaths, type Drawing, type Line, plainName } from "./drawing.ts";
import type { GraphNode, NodeKind } from "./graph.ts";

/*
 * A drawing of its own: producers, events, consumers in three columns. No script and nothing from elsewhere; it takes
 * the viewer's colours, light or dark.
 */

const rowHeight = 24;
const boxHeight = 18;
const margin = 16;
/** Room for the lines between two columns. */
const gap = 150;
const top = 96;
/** Of the letters used, about; longer names are cut. */
const letterWidth = 6.7;
const mostLetters = 44;
/** Cycles that are written below. */
const mostListed = 20;

const columns: readonly NodeKind[] = ["producer", "event", "consumer"];
const titles: Readonly<Record<NodeKind, string>> = {
  producer: "publishes",
  event: "event",
  consumer: "handles",
};

const style = `
    svg { --ink: #1b1f24; --paper: #ffffff; --line: #7a8594; --producer: #e8eefc; --event: #fff7e0; --consumer: #e6f6ea; --cycle: #b3261e; background: var(--paper); }
    @media (prefers-color-scheme: dark) { svg { --ink: #e6e9ee; --paper: #14171c; --line: #8b96a5; --producer: #22305a; --event: #4a3d12; --consumer: #1c4229; --cycle: #ff8a80; } }
    text { font: 12px system-ui, sans-serif; fill: var(--ink); }
    .head { font-weight: 600; }
    rect { stroke: var(--line); } .producer { fill: var(--producer); } .event { fill: var(--event); } .consumer { fill: var(--consumer); }
    .undeclared { stroke-dasharray: 4 3; }
    path.line { fill: none; stroke: var(--line); }
    .leads_to { stroke-dasharray: 7 3; } .follows { stroke-dasharray: 2 3; }
    path.line.cycle, rect.cycle { stroke: var(--cycle); } rect.cycle { stroke-width: 2; } text.cycle { fill: var(--cycle); }
    .tip { fill: var(--line); } .tip.cycle { fill: var(--cycle); }`;

const escaped = (text: string) =>
  plainName(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");

interface Box {
  readonly left: number;
  readonly right: number;
  readonly middle: number;
}

export function svgText(drawing: Drawing): string {
  const { nodes, lines, circular, catchAll } = drawing;
  const inColumn = columns.map((kind) => ordered(kind, drawing));
  const widths = inColumn.map(
    (members) => 16 + letterWidth * Math.max(9, ...members.map((node) => label(node).length)),
  );
  const rows = Math.max(1, ...inColumn.map(({ length }) => length));
  const boxes = new Map<GraphNode, Box>();
  let left = margin;
  for (const [index, members] of inColumn.entries()) {
    const width = widths[index] ?? 0;
    for (const [row, node] of members.entries()) {
      const middle = top + (rows / members.length) * rowHeight * (row + 0.5);
      boxes.set(node, { left, right: left + width, middle });
    }
    left += width + gap;
  }
  const paths = cyclePaths(drawing);
  const listed = paths
    .slice(0, mostListed)
    .map((path) => (path.length > 160 ? `${path.slice(0, 159)}…` : path));
  const width = Math.ceil(
    Math.max(left - gap + margin, ...listed.map((text) => text.length * letterWidth + 2 * margin)),
  );
  const listTop = top + rows * rowHeight + 28;
  const height = listTop + (listed.length === 0 ? 0 : (listed.length + 1) * 18);
  const summary = `${inColumn.map(({ length }, index) => `${length} ${columns[index]}${length === 1 ? "" : "s"}`).join(", ")}, ${paths.length}${drawing.cycles.isCut ? " or more" : ""} cycle${paths.length === 1 ? "" : "s"}.`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `  <title id="title">Who publishes what, and who handles it</title>`,
    `  <desc id="desc">${escaped(`${summary} ${paths.slice(0, mostListed).join("; ")}`)}</desc>`,
    `  <style>${style}\n  </style>`,
    ...["", " cycle"].map(
      (kind) =>
        `  <marker id="tip${kind.trim()}" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip${kind}" d="M0 0L8 4L0 8z"/></marker>`,
    ),
    `  <text x="${margin}" y="24" class="head">${escaped(summary)}</text>`,
    `  <text x="${margin}" y="44">Dashed: a handler publishes it. Dotted: its module does so later, by itself. Red: on a cycle.</text>`,
    ...(catchAll.length === 0
      ? []
      : [
          `  <text x="${margin}" y="62">${escaped(`Gets every event, not drawn: ${catchAll.join(", ")}`)}</text>`,
        ]),
    ...columns.map((kind, index) => {
      const first = boxes.get(inColumn[index]?.[0] ?? nodes[0] ?? ({} as GraphNode));
      return first === undefined || inColumn[index]?.length === 0
        ? ""
        : `  <text x="${first.left}" y="${top - 8}" class="head">${titles[kind]}</text>`;
    }),
    ...lines.map((line) => drawLine(line, boxes)),
    ...[...boxes].map(([node, box]) => drawNode(node, box, circular.has(node))),
    ...(listed.length === 0 ? [] : [`  <text x="${margin}" y="${listTop}" class="head cycle">Cycles</text>`]),
    ...listed.map(
      (path, index) =>
        `  <text x="${margin}" y="${listTop + (index + 1) * 18}" class="cycle">${escaped(path)}</text>`,
    ),
    "</svg>",
    "",
  ]
    .filter((line) => line !== "")
    .join("\n")
    .concat("\n");
}

/** Events as they come, module by module; the others beside what they are joined with. */
function ordered(kind: NodeKind, { nodes, lines }: Drawing): readonly GraphNode[] {
  const events = nodes.filter((node) => node.kind === "event");
  const byModule = [...Map.groupBy(events, ({ module }) => module).values()].flat();
  if (kind === "event") return byModule;
  const place = new Map(byModule.map((node, index) => [node, index]));
  const weight = (node: GraphNode) => {
    const places = lines.flatMap(({ from, to }) =>
      from === node || to === node ? [place.get(from) ?? place.get(to) ?? 0] : [],
    );
    return places.length === 0 ? 0 : places.reduce((sum, one) => sum + one, 0) / places.length;
  };
  return nodes.filter((node) => node.kind === kind).toSorted((a, b) => weight(a) - weight(b));
}

function label({ name, count }: GraphNode): string {
  const text = plainName(name);
  const cut = text.length > mostLetters ? `${text.slice(0, mostLetters - 1)}…` : text;
  return count === null ? cut : `${cut} ×${count}`;
}

function drawNode(node: GraphNode, { left, right, middle }: Box, isCircular: boolean): string {
  const classes = [
    node.kind,
    ...(node.isDeclared ? [] : ["undeclared"]),
    ...(isCircular ? ["cycle"] : []),
  ].join(" ");
  const radius = node.kind === "event" ? 9 : 2;
  const title = `${node.kind} ${node.name}${node.module === null ? "" : ` (${node.module})`}${node.isDeclared ? "" : ", not declared"}`;
  return (
    `  <g><title>${escaped(title)}</title>` +
    `<rect class="${classes}" x="${left}" y="${middle - boxHeight / 2}" width="${(right - left).toFixed(1)}" height="${boxHeight}" rx="${radius}"/>` +
    `<text x="${left + 8}" y="${middle + 4}">${escaped(label(node))}</text></g>`
  );
}

function drawLine(line: Line, boxes: ReadonlyMap<GraphNode, Box>): string {
  const { from, to, kind, count, isCircular } = line;
  const [start, end] = [boxes.get(from), boxes.get(to)];
  if (start === undefined || end === undefined) return "";
  const tip = isCircular ? "tipcycle" : "tip";
  const classes = `line ${kind}${isCircular ? " cycle" : ""}`;
  const title = `${from.name} → ${to.name}${count === null ? "" : `: ${count}`}`;
  const width = count === null ? (isCircular ? "2" : "1") : thickness(count);
  return `  <path class="${classes}" stroke-width="${width}" marker-end="url(#${tip})" d="${curve(line, start, end)}"><title>${escaped(title)}</title></path>`;
}

function curve({ kind }: Line, start: Box, end: Box): string {
  if (kind === "follows") {
    // From event to event, through the room at the left.
    const out = start.left - 30 - Math.min(90, Math.abs(start.middle - end.middle) / 4);
    return `M${start.left} ${start.middle}C${out} ${start.middle} ${out} ${end.middle} ${end.left} ${end.middle}`;
  }
  const isBack = kind === "leads_to";
  const [x1, x2] = isBack ? [start.left, end.right] : [start.right, end.left];
  // The way back leaves below and arrives below.
  const [y1, y2] = isBack ? [start.middle + 5, end.middle + 5] : [start.middle, end.middle];
  const middle = (x1 + x2) / 2;
  return `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`;
}
