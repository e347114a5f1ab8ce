import { type Graph, type GraphNode, nodeId } from "../../src/governance/graph/graph.ts";

const names = [
  `<script>alert(1)</script> "]; x -> y [label="`,
  'a --> b; click a href "javascript:alert(1)"',
  "#quot;#60;b#62; &lt;i&gt; &amp; %% end subgraph",
  "back\\slash\\N \\",
  "line\nbreak\r\u2028\u0000\u001b[31m\u202e turned",
  "`markdown **bold**`",
  "]]>--><style>*{}</style><![CDATA[",
  "Ünïcödé 漢字 🙂",
  "",
  "x".repeat(5_000),
];

/** A name in each place, one event that leads to itself, and everything joined in a row. */
export const hostileGraph: Graph = (() => {
  const nodes = names.flatMap((name): GraphNode[] =>
    (["producer", "event", "consumer"] as const).map((kind) => ({
      ...{ id: nodeId(kind, name), kind, name, module: name, count: 1_234, isDeclared: false },
    })),
  );
  const edges = names.flatMap((name) => {
    const [producer, event, consumer] = (["producer", "event", "consumer"] as const).map((kind) =>
      nodeId(kind, name),
    );
    const more = { count: 12, isDeclared: false };
    return [
      { from: producer ?? "", to: event ?? "", ...more },
      { from: event ?? "", to: consumer ?? "", ...more },
    ];
  });
  const steps = names.map((name, index) => ({
    ...{ cause: nodeId("event", name), by: nodeId("consumer", name), count: 3 },
    effect: nodeId("event", names[index === 0 ? 0 : index - 1] ?? ""),
  }));
  return { nodes, edges, steps, catchAll: names };
})();
