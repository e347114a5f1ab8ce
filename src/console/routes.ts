import type { PageModule } from "./page.ts";

/** The parts of the console, in the order of its menu. `key`: goes there behind the key "g". */
export const areas = [
  { name: "overview", path: "/", key: "o" },
  { name: "events", path: "/events", key: "e" },
  { name: "consumers", path: "/consumers", key: "c" },
  { name: "deadLetters", path: "/dead-letters", key: "d" },
  { name: "jobs", path: "/jobs", key: "r" },
  { name: "approvals", path: "/approvals", key: "a" },
  { name: "missions", path: "/missions", key: "m" },
  { name: "analytics", path: "/analytics", key: "n" },
  { name: "alerts", path: "/alerts", key: "l" },
  { name: "catalog", path: "/catalog", key: "k" },
  { name: "audit", path: "/audit", key: "u" },
  { name: "settings", path: "/settings", key: "s" },
] as const;

export type Area = (typeof areas)[number]["name"];

export interface Route {
  /** Below where the console is mounted, in Hono's form. */
  readonly path: string;
  readonly area: Area;
  load(): Promise<{ readonly page: PageModule }>;
}

/** Every page. Files with JSX are imported when they are asked for: the program starts without them. */
export const routes: readonly Route[] = [
  { path: "/", area: "overview", load: () => import("./pages/overview.tsx") },
  { path: "/consumers", area: "consumers", load: () => import("./pages/consumers.tsx") },
  { path: "/consumers/:subscriber", area: "consumers", load: () => import("./pages/consumer.tsx") },
  {
    path: "/consumers/:subscriber/blocked-keys",
    area: "consumers",
    load: () => import("./pages/blocked-keys.tsx"),
  },
  { path: "/events", area: "events", load: () => import("./pages/events.tsx") },
  { path: "/events/:id", area: "events", load: () => import("./pages/event.tsx") },
  { path: "/entries/:position", area: "events", load: () => import("./pages/entry.tsx") },
  { path: "/stories/:id", area: "events", load: () => import("./pages/story.tsx") },
  { path: "/dead-letters", area: "deadLetters", load: () => import("./pages/dead-letters.tsx") },
  { path: "/dead-letters/list", area: "deadLetters", load: () => import("./pages/dead-letter-list.tsx") },
  {
    path: "/dead-letters/groups/:fingerprint",
    area: "deadLetters",
    load: () => import("./pages/dead-letter-group.tsx"),
  },
  { path: "/dead-letters/:id", area: "deadLetters", load: () => import("./pages/dead-letter.tsx") },
  { path: "/jobs", area: "jobs", load: () => import("./pages/jobs.tsx") },
  { path: "/jobs/replay", area: "jobs", load: () => import("./pages/replay-start.tsx") },
  { path: "/jobs/redrives/:id", area: "jobs", load: () => import("./pages/redrive.tsx") },
  { path: "/jobs/replays/:id", area: "jobs", load: () => import("./pages/replay.tsx") },
  { path: "/approvals", area: "approvals", load: () => import("./pages/approvals.tsx") },
  { path: "/approvals/plans/:hash", area: "approvals", load: () => import("./pages/approval-plan.tsx") },
  { path: "/approvals/refunds/:id", area: "approvals", load: () => import("./pages/refund.tsx") },
  { path: "/approvals/:id", area: "approvals", load: () => import("./pages/approval.tsx") },
  { path: "/missions", area: "missions", load: () => import("./pages/missions.tsx") },
  { path: "/missions/templates", area: "missions", load: () => import("./pages/mission-templates.tsx") },
  { path: "/missions/templates/:id", area: "missions", load: () => import("./pages/mission-template.tsx") },
  { path: "/missions/:id", area: "missions", load: () => import("./pages/mission.tsx") },
  { path: "/jobs/:id", area: "jobs", load: () => import("./pages/job.tsx") },
  { path: "/alerts", area: "alerts", load: () => import("./pages/alerts.tsx") },
  { path: "/alerts/:id", area: "alerts", load: () => import("./pages/alert.tsx") },
  { path: "/catalog", area: "catalog", load: () => import("./pages/catalog.tsx") },
  { path: "/catalog/:type", area: "catalog", load: () => import("./pages/catalog-event.tsx") },
  { path: "/audit", area: "audit", load: () => import("./pages/audit.tsx") },
  { path: "/analytics", area: "analytics", load: () => import("./pages/analytics.tsx") },
  { path: "/settings", area: "settings", load: () => import("./pages/settings.tsx") },
  { path: "/settings/keys", area: "settings", load: () => import("./pages/keys.tsx") },
  { path: "/settings/keys/:id", area: "settings", load: () => import("./pages/key.tsx") },
  { path: "/settings/sessions", area: "settings", load: () => import("./pages/sessions.tsx") },
  { path: "/settings/tenants", area: "settings", load: () => import("./pages/tenants.tsx") },
  { path: "/settings/webhooks", area: "settings", load: () => import("./pages/webhooks.tsx") },
  { path: "/demo", area: "overview", load: () => import("./pages/demo.tsx") },
];
