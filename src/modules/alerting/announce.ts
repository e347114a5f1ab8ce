import type { AlertNews, Publish } from "@brain/engine";
import { systemAlert } from "@brain/schemas";
import { inOrderOfNeed, namedAlerts } from "./messages.ts";

/** Alerts as events, for whoever subscribes them. */

/** The charter's words. */
const severityOf = { warning: "WARNING", high: "ERROR", critical: "CRITICAL" } as const;

/** One for each of the first ones, and one that counts the others. */
export async function publishNews(publish: Publish, news: readonly AlertNews[]): Promise<void> {
  const ordered = inOrderOfNeed(news);
  for (const { kind, severity, message, tenant_id, ...about } of ordered.slice(0, namedAlerts)) {
    await publish(
      systemAlert,
      {
        event_category: kind,
        severity: about.state === "over" ? "INFO" : severityOf[severity],
        message: message.slice(0, 2_000).toWellFormed(),
        details: { ...about },
      },
      { tenant_id },
    );
  }
  const left = ordered.length - namedAlerts;
  if (left <= 0) return;
  await publish(systemAlert, {
    event_category: "more_alerts",
    severity: "WARNING",
    message: `${left} more alerts have changed. charter alerts ls shows them.`,
  });
}
