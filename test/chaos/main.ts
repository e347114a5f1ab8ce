import { rm } from "node:fs/promises";
import { readToolOptions } from "../../tools/tool-options.ts";
import { planFaults } from "./fault-plan.ts";
import { reportLines } from "./report.ts";
import { runChaos } from "./run.ts";

/*
 * `npm run chaos -- --seed 7 --events 20000 --minutes 2`: everything breaks, and then everything must be there, once and
 * in order. The same seed publishes the same events and breaks the same things at the same times; what meets what is
 * up to the machine. Ends with 1 when something is lost, doubled or out of order.
 */

const usage =
  "usage: npm run chaos -- [--seed N] [--events 20000] [--minutes 1.5] [--shards 1] [--patience SECONDS] " +
  '[--without "kill redis,foreign writer"] [--keep]';

const { values } = readToolOptions(usage, {
  options: {
    seed: { type: "string" },
    events: { type: "string", default: "20000" },
    minutes: { type: "string", default: "1.5" },
    shards: { type: "string", default: "1" },
    without: { type: "string", default: "" },
    patience: { type: "string", default: "300" },
    keep: { type: "boolean", default: false },
  },
});

function wholeNumber(name: string, text: string, min: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min) return value;
  console.error(`--${name} is "${text}"; expected a whole number from ${min}.`);
  process.exit(2);
}

const seed = wholeNumber("seed", values.seed ?? String(Date.now() % 1_000_000), 0);
const events = wholeNumber("events", values.events, 1);
const shards = wholeNumber("shards", values.shards, 1);
const loadMs = Number(values.minutes) * 60_000;
if (!(loadMs > 0)) {
  console.error(`--minutes is "${values.minutes}"; expected a number above 0.`);
  process.exit(2);
}

/** Kinds of faults that are left out, to find the one that matters. */
const left = values.without.split(",");

const stopping = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => stopping.abort(new Error(`ended by ${signal}`)));
}
// Started by tools/run.mjs, which may be gone before us.
process.once("disconnect", () => stopping.abort(new Error("ended with its parent")));

console.log(`chaos: seed ${seed}, ${events} events in ${values.minutes} min, ${shards} shard(s)`);
try {
  const result = await runChaos({
    seed,
    events,
    loadMs,
    shards,
    plan: planFaults({ seed, loadMs, edges: 2 }).filter(({ fault }) => !left.includes(fault.kind)),
    poison: 2,
    quietLimitMs: wholeNumber("patience", values.patience, 1) * 1_000,
    signal: stopping.signal,
    onProgress: (line) => console.log(`  ${line}`),
  });
  for (const line of reportLines(seed, result)) console.log(line);
  const failed = result.verdict.violations.length > 0 || result.unrest !== null;
  if (failed || values.keep) console.log(`logs are in ${result.folder}`);
  else await rm(result.folder, { recursive: true, force: true });
  process.exitCode = failed ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = stopping.signal.aborted ? 130 : 2;
}
// Nothing of ours runs any more; a socket that is still closing must not keep the program.
process.exit();
