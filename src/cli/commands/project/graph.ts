import { type Command, Option } from "commander";
import type { Graph } from "../../../governance/graph/graph.ts";
import type { GraphFormat } from "../../../governance/graph/index.ts";
import type { CatalogAnswer } from "../../../http/kit/product-answers.ts";
import { type Cli, cliOf } from "../../command.ts";
import { UsageError } from "../../errors.ts";

interface GraphOptions {
  readonly format: GraphFormat;
  readonly tree?: string;
  readonly module?: string;
  readonly event?: string;
  readonly observed?: boolean;
}

/** `charter graph`: producers, events and consumers as a drawing, of a running system or of sources. */
export function addGraph(program: Command): void {
  program
    .command("graph")
    .description("draw who publishes what, who handles it and what that leads to, with cycles marked")
    .addOption(
      new Option("--format <form>", "what is written to standard output")
        .choices(["mermaid", "dot", "svg", "json"])
        .default("mermaid"),
    )
    .option("--tree <path>", "of the sources there, without a server")
    .option("--module <name>", "only what one module publishes and handles, and its neighbours")
    .option("--event <type>", "only one event and its neighbours")
    .option("--observed", "with counts, and with what was seen and nobody declared")
    .action((options: GraphOptions, command: Command) => draw(cliOf(command), options));
}

async function ofServer({ client }: Cli, observed: boolean): Promise<Graph> {
  const [answer, { graphOfCatalog }] = await Promise.all([
    client.get<CatalogAnswer>("/api/catalog", { flows: true }),
    import("../../../governance/graph/from-catalog.ts"),
  ]);
  return graphOfCatalog(answer, observed);
}

async function ofSources(path: string, observed: boolean): Promise<Graph> {
  if (observed) throw new UsageError("Sources do not show what was observed: give --observed or --tree.");
  const [{ graphOfTree }, { readProject }, { findRoot }, { TreeError }] = await Promise.all([
    import("../../../governance/graph/from-tree.ts"),
    import("../../../governance/project.ts"),
    import("../../../governance/tree/files.ts"),
    import("../../../governance/tree/workspaces.ts"),
  ]);
  try {
    return graphOfTree((await readProject((await findRoot(path)).root)).typescript);
  } catch (error) {
    throw error instanceof TreeError ? new UsageError(error.message, { cause: error }) : error;
  }
}

async function draw(cli: Cli, options: GraphOptions): Promise<void> {
  const { out } = cli;
  const { format, tree, module, event, observed = false } = options;
  const whole = tree === undefined ? await ofServer(cli, observed) : await ofSources(tree, observed);
  const [{ narrow }, { writeGraph }] = await Promise.all([
    import("../../../governance/graph/graph.ts"),
    import("../../../governance/graph/index.ts"),
  ]);
  const graph = narrow(whole, { module, event });
  if (graph.nodes.length === 0) {
    throw new UsageError(
      `Nothing fits ${[...(module === undefined ? [] : [`--module ${module}`]), ...(event === undefined ? [] : [`--event ${event}`])].join(" ")}. "charter graph --format json" shows all names.`,
    );
  }
  const { text, cycles, isCut } = writeGraph(graph, out.json ? "json" : format);
  out.text(text);
  for (const cycle of cycles) out.note(`cycle: ${cycle}`);
  if (isCut) out.note("There are more cycles than are listed.");
}
