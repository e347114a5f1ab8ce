import type { Command } from "commander";
import type { Alerts, Consumers, Stats } from "../answers.ts";
import { type Cli, cliOf, seconds } from "../command.ts";
import { CliError } from "../errors.ts";
import { facts } from "../output.ts";
import { estimateCost } from "./cost.ts";
import { type Finding, findingsOf, type Observed } from "./findings.ts";

interface DoctorOptions {
  readonly cost?: boolean;
  readonly maxAge: number;
}

/** `charter doctor`: what is wrong, in one look; exit code 1 when something is. */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("look for what is wrong; exit code 1 when something is")
    .option("--max-age <time>", "what waits longer than this is a problem", seconds, 120)
    .option("--cost", "estimate the Redis commands of a month")
    .action((options: DoctorOptions, command: Command) => doctor(cliOf(command), options));
}

async function doctor(cli: Cli, options: DoctorOptions): Promise<void> {
  const { client, out } = cli;
  const health = await client.probe("/api/health");
  const [consumers, stats, alerts] = await Promise.all([
    client.get<Consumers>("/api/consumers"),
    client.get<Stats>("/api/events/stats"),
    client.get<Alerts>("/api/alerts", { status: "open", limit: 500 }),
  ]);
  const observed: Observed = {
    health: health.body as Observed["health"],
    consumers,
    stats,
    alerts,
    maxAgeMs: options.maxAge * 1_000,
    nowMs: Date.now(),
  };
  const findings = findingsOf(observed);
  const problems = findings.filter((finding) => finding.level === "problem");
  const cost = options.cost === true ? estimateCost(consumers.consumers.length, consumers.shards) : null;
  if (out.json) {
    out.data({ healthy: problems.length === 0, findings, ...(cost === null ? {} : { cost }) });
  } else {
    for (const { level, about, message } of findings) out.line(`${marks[level]} ${about}: ${message}`);
    if (cost !== null) out.line(`\n${facts(cost.lines)}\n${cost.note}`);
  }
  if (problems.length > 0) {
    throw new CliError(`${problems.length} ${problems.length === 1 ? "problem" : "problems"} found.`);
  }
}

const marks: Readonly<Record<Finding["level"], string>> = {
  ok: "ok      ",
  note: "note    ",
  problem: "PROBLEM ",
};
