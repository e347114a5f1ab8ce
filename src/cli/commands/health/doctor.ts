import type { Command } from "commander";
import type { Alerts } from "../../../http/kit/answers/alerts.ts";
import type { Consumers } from "../../../http/kit/answers/consumers.ts";
import type { Stats } from "../../../http/kit/answers/operations.ts";
import type { Query } from "../../client.ts";
import { type Cli, cliOf, seconds, wholeNumber } from "../../command.ts";
import { AnswerError, CliError, ConnectionError } from "../../errors.ts";
import { type CostEstimate, costJson, costText, estimateCost } from "./cost.ts";
import { type Finding, findingsOf, type Observed, type Unread } from "./findings.ts";

interface DoctorOptions {
  readonly cost?: boolean;
  readonly consumers?: number;
  readonly events: number;
  readonly maxAge: number;
}

/** `charter doctor`: what is wrong, in one look; exit code 1 when something is. */
export function addDoctor(program: Command): void {
  program
    .command("doctor")
    .description("look for what is wrong; exit code 1 when something is")
    .option("--max-age <time>", "what waits longer than this is a problem", seconds, 120)
    .option("--cost", "estimate what a month costs at Cloudflare, Upstash and Neon")
    .option(
      "--consumers <n>",
      "with --cost: consumers that handle each event; default: all of the server",
      wholeNumber(1, 10_000),
    )
    .option("--events <n>", "with --cost: events a month", wholeNumber(1, 1e12), 1_000_000)
    .action((options: DoctorOptions, command: Command) => doctor(cliOf(command), options));
}

async function doctor(cli: Cli, options: DoctorOptions): Promise<void> {
  const { client, out } = cli;
  const health = await client.probe("/api/health");
  const unread: Unread[] = [];
  const read = async <T>(about: string, path: string, query?: Query): Promise<T | null> => {
    try {
      return await client.get<T>(path, query);
    } catch (error) {
      unread.push({ about, path, why: whyUnread(error) });
      return null;
    }
  };
  const [consumers, stats, alerts] = await Promise.all([
    read<Consumers>("consumers", "/api/consumers"),
    read<Stats>("stats", "/api/events/stats"),
    read<Alerts>("alerts", "/api/alerts", { status: "open", limit: 500 }),
  ]);
  const observed: Observed = {
    health: health.body as Observed["health"],
    consumers,
    stats,
    alerts,
    unread: unread.toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    maxAgeMs: options.maxAge * 1_000,
    nowMs: Date.now(),
  };
  const findings = findingsOf(observed);
  const problems = findings.filter((finding) => finding.level === "problem");
  const cost = options.cost === true ? costOf(options, consumers, observed.nowMs) : null;
  if (options.cost === true && cost === null) {
    findings.push({
      level: "note",
      about: "cost",
      message:
        "not estimated: it depends on the consumers, which could not be read; --consumers says how many there are",
    });
  }
  if (out.json) {
    out.data({
      healthy: problems.length === 0,
      findings,
      ...(cost === null ? {} : { cost: costJson(cost) }),
    });
  } else {
    for (const { level, about, message } of findings) out.line(`${marks[level]} ${about}: ${message}`);
    if (cost !== null) out.line(`\n${costText(cost)}`);
  }
  if (problems.length > 0) {
    throw new CliError(`${problems.length} ${problems.length === 1 ? "problem" : "problems"} found.`);
  }
}

/** Null: nobody says how many consumers there are. */
function costOf(options: DoctorOptions, seen: Consumers | null, nowMs: number): CostEstimate | null {
  const shards = seen?.shards ?? 1;
  const ofServer = seen === null ? null : Math.max(1, Math.round(seen.consumers.length / shards));
  const consumers = options.consumers ?? ofServer;
  if (consumers === null) return null;
  const keptDays = seen?.retention.events_days || 90;
  return estimateCost({ consumers, shards, eventsPerMonth: options.events, keptDays }, nowMs);
}

/**
 * What came instead of an answer.
 *
 * @throws whatever says that this is the wrong server or key: then nothing can be looked at
 */
function whyUnread(error: unknown): string {
  if (error instanceof ConnectionError) return `had no answer: ${error.message}`;
  if (error instanceof AnswerError && error.status >= 400 && error.status !== 401) {
    return `answered ${error.status}: ${error.message}`;
  }
  throw error;
}

const marks: Readonly<Record<Finding["level"], string>> = {
  ok: "ok      ",
  note: "note    ",
  problem: "PROBLEM ",
};
