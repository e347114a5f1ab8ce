import { allowedBy } from "../core/brake.ts";
import { dueAt } from "../core/delivery.ts";
import { planRound } from "../core/ordering.ts";
import { choosePark } from "./choose-park.ts";
import { park } from "./park.ts";
import { inStreamOrder, type Known, readQueue, readRound, type Waiting } from "./read-round.ts";
import { type Plan, runAlone, runProbe, runTogether, setAsideKnown } from "./run-entries.ts";
import { mayGoOn, noteDue, type Tick } from "./tick.ts";
import { clearQueued } from "./tick-state.ts";

/** Rounds below and above these times, ms, change how much the next one reads. */
const shortRoundMs = 300;
const longRoundMs = 1_000;
const minReadSize = 10;

/**
 * One round: read, take from the queue, park, plan, run.
 *
 * @returns true when another round may find something
 */
export async function runRound(tick: Tick): Promise<boolean> {
  const { deps, consumer, options, result } = tick;
  if (result.paused || result.stopped !== null) return false;
  if (!mayGoOn(tick)) {
    result.more = true;
    return false;
  }
  tick.rounds += 1;
  const startedMs = deps.now();
  const allowed = allowedBy(tick.brake, startedMs);
  result.braked = allowed !== "all";
  if (allowed === "nothing") {
    if (tick.brake.probeAtMs !== null) noteDue(tick, tick.brake.probeAtMs);
    return false;
  }
  const probing = allowed === "probe";
  const limit = probing ? 1 : tick.readSize;
  const round = await readRound(tick, Math.min(limit, options.maxEvents - result.read));
  if (tick.changed) {
    await setAsideKnown(tick, round.fresh);
    return false;
  }
  const waiting = round.pending.map((known) => withDue(tick, known));
  const blockedKeys = waiting.flatMap(({ due, key }) => (due || key === null ? [] : [key]));
  const queue = await readQueue(tick, round, blockedKeys, limit);
  if (queue.empty && tick.state.queued !== null) await forgetQueue(tick);
  if (queue.nextDueMs !== null) noteDue(tick, queue.nextDueMs);
  if (round.pending.length === 0 && round.fresh.length === 0 && queue.due.length === 0) return false;
  result.read += round.fresh.length + queue.due.length;

  const { parked, pending, fresh } = choosePark(tick, waiting, round.fresh, queue.heads);
  await park(tick, parked);
  const due = queue.due.map((known) => ({
    ...known,
    due: true,
    dueAtMs: startedMs,
    deliveries: known.entry.deliveries,
  }));
  const plan = planRound(inStreamOrder(pending, due), fresh);
  noteNextDue(tick, pending);

  // The takeover concerns what the predecessor left; what this tick sets aside follows the ordinary times.
  tick.takeover = false;
  await setAsideKnown(tick, plan.parked);
  await setAsideKnown(tick, behindOthers(due, plan));
  // Keys whose events fail in this round. The plan has left out what stands behind those that wait.
  const blocked = new Set<string>();
  if (probing) return runProbe(tick, plan, blocked);
  if (!(await runAlone(tick, plan.alone, blocked))) {
    await setAsideKnown(tick, [...plan.resumed.filter(({ queued }) => queued !== null), ...plan.fresh]);
    return false;
  }
  const finished = await runTogether(tick, [...plan.resumed, ...plan.fresh], blocked);
  const mayRead = round.full || queue.full;
  if (mayRead) tick.readSize = nextReadSize(tick.readSize, deps.now() - startedMs, consumer.batchSize);
  return finished && (plan.alone.length > 0 || plan.resumed.length > 0 || parked.length > 0 || mayRead);
}

function withDue(tick: Tick, known: Known): Waiting {
  const { entry } = known;
  const failure = tick.failures.get(entry.id);
  const nowMs = tick.deps.now();
  const dueAtMs =
    failure?.skip === true
      ? nowMs
      : dueAt(entry, tick.consumer.retry, nowMs, failure?.dueAtMs ?? null, tick.takeover);
  const key = failure?.overtakable === true ? null : known.key;
  return { ...known, key, due: dueAtMs <= nowMs, dueAtMs, deliveries: entry.deliveries };
}

/** Rows of the queue that were taken and cannot run now, because an older entry of their key waits on the stream. */
function behindOthers(due: readonly Waiting[], { alone, resumed }: Plan): readonly Known[] {
  const runs = new Set<Known>([...alone, ...resumed]);
  return due.filter((known) => !runs.has(known));
}

async function forgetQueue(tick: Tick): Promise<void> {
  const { queued } = tick.state;
  if (queued === null) return;
  await clearQueued(tick.scope, queued);
  tick.state = { ...tick.state, queued: null };
}

/**
 * Reads grow while rounds are short and shrink when they are long: what is read and not yet applied is what a killed
 * isolate leaves behind, to be run one by one by its successor.
 */
function nextReadSize(size: number, roundMs: number, batchSize: number): number {
  if (roundMs < shortRoundMs) return Math.min(batchSize, size * 2);
  return roundMs > longRoundMs ? Math.max(minReadSize, Math.floor(size / 2)) : size;
}

function noteNextDue(tick: Tick, waiting: readonly Waiting[]): void {
  for (const { due, dueAtMs } of waiting) if (!due) noteDue(tick, dueAtMs);
}
