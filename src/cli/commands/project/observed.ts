import { type Command, InvalidArgumentError, Option } from "commander";
import type {
  CatalogAnswer,
  CatalogEventDetails,
  CatalogFinding,
} from "../../../http/kit/product-answers.ts";
import { type Cli, cliOf, seconds, wholeNumber } from "../../command.ts";
import { FindingsError } from "../../errors.ts";

interface ObservedOptions {
  readonly format: "human" | "json" | "github";
  readonly window?: number;
  readonly newest?: number;
  readonly notes?: boolean;
  readonly failOn: FailOn;
}

type FailOn = (finding: CatalogFinding) => boolean;

/** Worst first. */
const levels = ["error", "warning", "note"];

/** `charter observed`: what a running system shows, held against what is declared; exit code 100 when they differ. */
export function addObserved(program: Command): void {
  program
    .command("observed [type]")
    .description("hold what a running system shows against what is declared: events, consumers, payloads")
    .addOption(
      new Option("--format <form>", "how findings are written")
        .choices(["human", "json", "github"])
        .default("human"),
    )
    .option("--window <time>", "only what was stored within this time, e.g. 24h", seconds)
    .option("--newest <n>", "only so many of the newest events (default: 10000)", wholeNumber(1, 10_000))
    .option("--notes", "also list what may well be right")
    .addOption(
      new Option(
        "--fail-on <what>",
        "what ends with exit code 100: error, warning, note, none, or kinds, e.g. unlisted_type,never_filled",
      )
        .argParser(failOn)
        .default(failOn("warning"), "warning"),
    )
    .action((type: string | undefined, options: ObservedOptions, command: Command) =>
      observed(cliOf(command), type ?? null, options),
    );
}

async function observed(cli: Cli, type: string | null, options: ObservedOptions): Promise<void> {
  const { client, out } = cli;
  const nowMs = Date.now();
  const query = {
    payloads: true,
    newest: options.newest,
    since: options.window === undefined ? undefined : new Date(nowMs - options.window * 1_000).toISOString(),
  };
  const path = type === null ? "/api/catalog" : `/api/catalog/${encodeURIComponent(type)}`;
  const answer = await client.get<CatalogAnswer | CatalogEventDetails>(path, query);
  const report = await import("./observed-report.ts");
  const failed = answer.findings.filter(options.failOn);
  if (out.json || options.format === "json") {
    const { findings, observed_newest, observed_from } = answer;
    out.data({ findings, failed: failed.length, observed_newest, observed_from });
  } else {
    if ("fields" in answer && options.format === "human") out.line(report.eventText(answer, nowMs));
    // What fails is told, whatever its level.
    const told = answer.findings.filter(
      (one) => options.notes === true || one.level !== "note" || options.failOn(one),
    );
    if (options.format === "github") for (const line of report.githubLines(told, nowMs)) out.line(line);
    else if (told.length > 0) out.line(report.findingsText(told, nowMs));
    out.note(`charter observed: ${report.summaryOf(answer, told)}`);
  }
  if (failed.length > 0) throw new FindingsError(`${failed.length} findings`);
}

/** Parser of an option: a level and what is worse, or kinds. */
function failOn(text: string): FailOn {
  const at = levels.indexOf(text);
  if (at >= 0) return ({ level }) => levels.indexOf(level) <= at;
  if (text === "none") return () => false;
  const kinds = text.split(",").map((kind) => kind.trim());
  const isKind = (kind: string) => /^[a-z]+(_[a-z]+)*$/.test(kind);
  if (!kinds.every(isKind))
    throw new InvalidArgumentError("Expected error, warning, note, none, or kinds joined by commas.");
  return ({ kind }) => kinds.includes(kind);
}
