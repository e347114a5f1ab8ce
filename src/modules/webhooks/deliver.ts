import { completeUpTo, type JobContext, type Vault } from "@brain/engine";
import { leaseSecondsFor, sendDue } from "../sending.ts";
import {
  type Claimed,
  claimDeliveries,
  forgetOld,
  makeDeliveries,
  makeEntryDeliveries,
  nextDueSeconds,
  otherNames,
  recordArrival,
  recordFailure,
} from "./job-store.ts";
import { callMs, type SendDeps, sendDelivery } from "./send.ts";
import type { WebhookSettings } from "./settings.ts";
import { triesOfDelivery } from "./store.ts";

/*
 * Deliveries are made of what the relay has sent, by one statement, and sent outside of any transaction: a receiver that is
 * slow holds no connection, and as many are claimed as are sent at once. A delivery counts its try as it begins; one that was
 * cut off is tried again, so a receiver gets each event at least once, with the event's id as the message id.
 */

/** Waits behind the tries, s: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, about three days in all. */
const waitsSeconds = [5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
const longestWaitSeconds = 86_400;

/** Workers allow six connections at a time. */
const sentAtOnce = 5;

/** Makes deliveries of what came, and sends what is due. @returns when the next one is due; null: none waits */
export async function runDeliveries(
  job: JobContext,
  settings: WebhookSettings,
  vault: Vault,
): Promise<Date | null> {
  await makeAll(job);
  const deps = {
    ...settings,
    vault,
    catalog: job.catalog,
    now: job.now,
    ...(job.reveal === undefined ? {} : { reveal: job.reveal }),
  };
  const leaseSeconds = leaseSecondsFor(callMs);
  await sendDue<Claimed>({
    isOver: job.isOver,
    atOnce: sentAtOnce,
    claim: (limit, running) => claimDeliveries(job.db, limit, running, leaseSeconds),
    send: (claimed) => deliver(job, deps, claimed, settings.disableDays),
  });
  await forgetOld(job.db);
  const seconds = await nextDueSeconds(job.db);
  return seconds === null ? null : new Date(job.now().getTime() + Math.max(0, seconds) * 1_000);
}

/** What other programs wrote costs more, so it is asked for when there may be something alone. */
async function makeAll({ db, catalog, isOver }: JobContext): Promise<void> {
  const names = otherNames(catalog);
  let made = await makeDeliveries(db, names);
  while (made.full && !isOver()) made = await makeDeliveries(db, names);
  if (!made.entries || isOver()) return;
  const until = await completeUpTo(db);
  const types = catalog.all.map(({ type }) => type);
  while ((await makeEntryDeliveries(db, until, types, names)) && !isOver());
}

async function deliver(
  { db, log }: JobContext,
  deps: SendDeps,
  claimed: Claimed,
  disableDays: number,
): Promise<void> {
  const sent = await sendDelivery(deps, claimed);
  const { note, isGone } = sent;
  const about = { webhook_endpoint: claimed.endpoint_id, attempt: claimed.attempt, status: note.status };
  if (note.error === null) {
    await recordArrival(db, claimed, note);
    log.debug(about, "A webhook was delivered.");
    return;
  }
  const isTest = claimed.message !== null;
  const retrySeconds = sent.isFinal || isTest ? null : waitBehind(claimed, sent.waitSeconds);
  const { disabled, message } = await recordFailure(db, claimed, note, retrySeconds, {
    disableDays,
    isGone,
    isTest,
  });
  log.info(about, `A webhook was not delivered: ${note.error}`);
  if (disabled)
    log.error({ ...about, alert: "webhook_disabled" }, `A webhook endpoint was disabled. ${message}`);
}

/** Null: all tries are used up. */
function waitBehind({ attempt, attempt_limit }: Claimed, askedSeconds: number | null): number | null {
  if (attempt >= attempt_limit) return null;
  const tried = attempt - (attempt_limit - triesOfDelivery);
  const usual = waitsSeconds[Math.min(Math.max(tried, 1), waitsSeconds.length) - 1] ?? longestWaitSeconds;
  return Math.min(Math.max(usual, askedSeconds ?? 0), longestWaitSeconds);
}
