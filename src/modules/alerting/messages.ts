import type { AlertNews } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import type { PostedSink } from "./settings.ts";

/*
 * What people read: all news of a run in one message, with a line for each of the first ones and counts of all. Loaded when
 * there is news.
 */

/** Alerts that a message names one by one. */
export const namedAlerts = 10;

/** Changes of one kind. */
interface KindCount extends JsonObject {
  kind: string;
  raised: number;
  over: number;
}

function countsOf(news: readonly AlertNews[]): KindCount[] {
  return [...Map.groupBy(news, ({ kind }) => kind)].map(([kind, of]) => {
    const over = of.filter(({ state }) => state === "over").length;
    return { kind, raised: of.length - over, over };
  });
}

/** The worst first, and what is over last. */
export function inOrderOfNeed(news: readonly AlertNews[]): AlertNews[] {
  const rank = ({ state, severity }: AlertNews) =>
    state === "over" ? 3 : ["critical", "high", "warning"].indexOf(severity);
  return [...news].sort((one, other) => rank(one) - rank(other));
}

/** The body for a sink. @param at ISO 8601 */
export function messageFor(sink: PostedSink["kind"], news: readonly AlertNews[], at: string): JsonObject {
  const named = inOrderOfNeed(news).slice(0, namedAlerts);
  if (sink === "slack") return { text: slackText(named, news) };
  return {
    type: "alerts.changed",
    timestamp: at,
    data: { alerts: named.map((one) => ({ ...one })), counts: countsOf(news), total: news.length },
  };
}

/** The body of a test. */
export function testMessageFor(sink: PostedSink["kind"], at: string): JsonObject {
  if (sink === "slack") return { text: "Test: alerts of BRAiN EventStream arrive here." };
  return { type: "alerts.test", timestamp: at, data: {} };
}

const words = { open: "NEW", reopened: "AGAIN", over: "RESOLVED" } as const;

/** Slack reads these as marks of its own. */
const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

function slackText(named: readonly AlertNews[], news: readonly AlertNews[]): string {
  const lines = named.map(({ state, severity, kind, subject, message, count, tenant_id }) => {
    const seen = count > 1 ? ` (seen ${count} times)` : "";
    const whose = tenant_id === null ? "" : ` [tenant ${tenant_id}]`;
    const what = state === "over" ? "" : `: ${message.slice(0, 500)}`;
    return escaped(`${words[state]} ${severity} ${kind} ${subject}${whose}${seen}${what}`);
  });
  const left = news.length - named.length;
  if (left === 0) return lines.join("\n");
  const counts = countsOf(news).map(
    ({ kind, raised, over }) => `${kind} ${raised} new${over > 0 ? `, ${over} over` : ""}`,
  );
  return [...lines, escaped(`and ${left} more; of all: ${counts.join("; ")}`)].join("\n");
}
