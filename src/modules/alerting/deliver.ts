import { defineJob, type JobContext, type ScheduledJob, takeNews } from "@brain/engine";
import { leaseSecondsFor, sendDue } from "../sending.ts";
import type { AlertingSettings, PostedSink } from "./settings.ts";
import type { Posted } from "./sinks.ts";
import { type Claimed, claimMessages, forgetOld, insertMessages, lookOut, recordTry } from "./store.ts";

/*
 * Tells people of alerts. What is news is taken and stored as a message for each sink in one transaction; then it is sent
 * outside of any, until it has arrived. So a sink that is down, or a worker that ends, loses nothing. All news of a run is
 * one message, and an hour has so many messages at most: what comes meanwhile waits and is told together.
 */

/** The job that sends what is due. */
export const deliveryJob = "alert_delivery";

/** Alerts that one message counts. */
const newsAtOnce = 5_000;
/** Waits behind the tries: doubled from 10 s up to this, s. */
const longestWaitSeconds = 1_800;
/** A message that has not arrived after this time is given up, and says so, s. */
const givenUpSeconds = 7 * 86_400;

export function alertDelivery(settings: AlertingSettings): ScheduledJob {
  const { sinks, asEvents, least } = settings;
  const bounds = { perHour: settings.messagesPerHour, sinks: sinks.length };
  return defineJob({
    name: deliveryJob,
    tellsOfAlerts: sinks.length > 0 || asEvents,
    async run(job) {
      if (sinks.length === 0 && !asEvents) return null;
      const before = await lookOut(job.db, least, bounds);
      if (before.news && before.free_in <= 0) await store(job, settings);
      else if (before.due_in === null || before.due_in > 0) return whenNext(job, before);
      const told = await Promise.allSettled(sinks.map((sink) => sendTo(job, settings, sink)));
      for (const outcome of told) if (outcome.status === "rejected") throw outcome.reason;
      await forgetOld(
        job.db,
        sinks.map(({ kind }) => kind),
      );
      return whenNext(job, await lookOut(job.db, least, bounds));
    },
  });
}

function whenNext(
  job: JobContext,
  { news, free_in, due_in }: { news: boolean; free_in: number; due_in: number | null },
): Date | null {
  const waits = [...(news ? [free_in] : []), ...(due_in === null ? [] : [due_in])];
  if (waits.length === 0) return null;
  return new Date(job.now().getTime() + Math.max(1, Math.min(...waits)) * 1_000);
}

/** Takes the news, and stores what is to be told: both or nothing. */
async function store(job: JobContext, { sinks, asEvents, least }: AlertingSettings): Promise<void> {
  const [{ messageFor }, { publishNews }] = await Promise.all([
    import("./messages.ts"),
    import("./announce.ts"),
  ]);
  await job.transact({ source: "alerting" }, async (tx, publish) => {
    const news = await takeNews(tx, least, newsAtOnce);
    if (news.length === 0) return;
    const at = job.now().toISOString();
    const messages = sinks.map(({ kind }) => ({
      message_id: crypto.randomUUID(),
      sink: kind,
      body: messageFor(kind, news, at),
    }));
    if (messages.length > 0) await insertMessages(tx, messages, false);
    if (asEvents) await publishNews(publish, news);
  });
}

/** One by one, so that what is over is told behind what it ends; a sink that is slow holds up no other. */
async function sendTo(job: JobContext, settings: AlertingSettings, sink: PostedSink): Promise<void> {
  const { callMs, post } = await import("./sinks.ts");
  const leaseSeconds = leaseSecondsFor(callMs);
  await sendDue<Claimed>({
    isOver: job.isOver,
    atOnce: 1,
    claim: (limit) => claimMessages(job.db, sink.kind, limit, leaseSeconds),
    send: async (message) => noteTry(job, message, await post(sink, message, { ...settings, now: job.now })),
  });
}

async function noteTry(job: JobContext, message: Claimed, { error, waitSeconds }: Posted): Promise<void> {
  if (error === null) {
    await recordTry(job.db, message, null, null);
    return;
  }
  const wait = Math.min(Math.max(10 * 2 ** (message.attempt - 1), waitSeconds ?? 0), longestWaitSeconds);
  const isOver = message.age > givenUpSeconds;
  await recordTry(job.db, message, error, isOver ? null : wait);
  job.log[isOver ? "error" : "warn"](
    { sink: message.sink, attempt: message.attempt },
    isOver ? `A message on alerts was given up: ${error}` : `A message on alerts was not taken: ${error}`,
  );
}
