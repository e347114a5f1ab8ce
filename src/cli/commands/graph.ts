import { type Command, Option } from "commander";
import type { GraphFormat } from "../../governance/graph/index.ts";
import type { CatalogAnswer } from "../../http/kit/product-answers.ts";
import { type Cli, cliOf } from "../command.ts";
import { UsageError } from "../errors.ts";

interface GraphOptions {
  readonly format: GraphFormat;
  readonly module?: string;
  readonly event?: string;
  readonly observed?: boolean;
}

/** `charter graph`: producers, events and consumers of a running system as a drawing. */
export function addGraph(program: Command): void {
  program
    .command("graph")
    .description("draw who publishes what, who handles it and what that leads to, with cycles marked")
    .addOption(
      new Option("--format <form>", "what is written to standard output")
        .choices(["mermaid", "dot", "svg", "json"])
        .default("mermaid"),
    )
    .option("--module <name>", "only what one module publishes and handles, and its neighbours")
    .option("--event <type>", "only one event and its neighbours")
    .option("--observed", "with counts, and with what was seen and nobody declared")
    .action((options: GraphOptions, command: Command) => draw(cliOf(command), options));
}

async function draw({ client, out }: Cli, options: GraphOptions): Promise<void> {
  const { format, module, event, observed = false } = options;
  const answer = await client.get<CatalogAnswer>("/api/catalog", { flows: true });
  const [{ graphOfCatalog }, { narrow }, { writeGraph }] = await Promise.all([
    import("../../governance/graph/from-catalog.ts"),
    import("../../governance/graph/graph.ts"),
    import("../../governance/graph/index.ts"),
  ]);
  const graph = narrow(graphOfCatalog(answer, observed), { module, event });
  if (graph.nodes.length === 0) {
    throw new UsageError(
      `Nothing in the catalogue fits ${[...(module === undefined ? [] : [`--module ${module}`]), ...(event === undefined ? [] : [`--event ${event}`])].join(" ")}. "charter graph --format json" shows all names.`,
    );
  }
  const { text, cycles, isCut } = writeGraph(graph, out.json ? "json" : format);
  out.text(text);
  for (const cycle of cycles) out.note(`cycle: ${cycle}`);
  if (isCut) out.note("There are more cycles than are listed.");
}
