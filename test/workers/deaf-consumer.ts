import consumer from "../../workers/consumer.ts";

/** The consumer worker as its callers find it while it is being deployed or is broken: only cron reaches it. */
export default {
  fetch() {
    throw new Error("asleep");
  },
  scheduled: consumer.scheduled,
} satisfies ExportedHandler<Record<string, unknown>>;
