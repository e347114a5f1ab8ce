import { defineConsumer, keepForeign, onEntries } from "@brain/engine";

/**
 * Stores what other programs write to the stream. What this system publishes is in the record before it is on the
 * stream, so there is nothing to be fetched of the time before.
 */
export const auditLogConsumer = defineConsumer({
  subscriber: "audit_log",
  startAt: "0-0",
  batchSize: 1_000,
  handlers: [
    onEntries(async (entries, { db, log }) => {
      const stored = await keepForeign(db, entries);
      if (stored > 0) log.debug({ stored }, "Entries of other programs were stored.");
    }),
  ],
});
