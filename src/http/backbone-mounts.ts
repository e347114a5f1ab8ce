import { type AboutProduct, subscribersOf } from "./about-product.ts";
import type { OwnedMount } from "./mounted-routes.ts";
import type { LoadExamples } from "./routes/catalog.ts";
import type { DemoMaker } from "./routes/demo.ts";
import { eventRoutes } from "./routes/event.ts";
import { eventStreamRoutes } from "./routes/event-stream.ts";

interface BackboneOptions {
  readonly about: AboutProduct;
  readonly examples: LoadExamples;
  /** Undefined: there are no routes of a demo world. */
  readonly demo: DemoMaker | undefined;
}

/** Where the routes of the backbone begin, with its health and its documents. */
export const backbonePaths = [
  "/api/health",
  "/api/events",
  "/api/operator-actions",
  "/api/dead-letters",
  "/api/maintenance",
  "/api/consumers",
  "/api/settings",
  "/api/overview",
  "/api/subjects",
  "/api/replays",
  "/api/tenants",
  "/api/catalog",
  "/api/alerts",
  "/api/audit",
  "/api/me",
  "/metrics",
  "/asyncapi.json",
  "/schemas",
] as const;

/**
 * The routes of the backbone behind its documents and its health, a longer path before a shorter one. Those of events
 * are there from the start, because most programs call nothing else; operators can wait until the others are loaded.
 */
export function backboneMounts({
  about,
  examples,
  demo,
}: BackboneOptions): readonly Omit<OwnedMount, "owner">[] {
  return [
    { path: "/api/events/stream", routes: eventStreamRoutes() },
    { path: "/api/events", routes: eventRoutes() },
    {
      path: "/api/operator-actions",
      routes: async () => (await import("./routes/operator-action.ts")).operatorActionRoutes(),
    },
    {
      path: "/api/dead-letters",
      routes: async () => (await import("./routes/dead-letter.ts")).deadLetterRoutes(),
    },
    {
      path: "/api/maintenance",
      routes: async () => (await import("./routes/maintenance.ts")).maintenanceRoutes(),
    },
    {
      path: "/api/consumers",
      routes: async () => (await import("./routes/consumer.ts")).consumerRoutes(),
    },
    {
      path: "/api/settings",
      routes: async () => (await import("./routes/settings.ts")).settingsRoutes(about),
    },
    {
      path: "/api/overview",
      routes: async () => (await import("./routes/overview.ts")).overviewRoutes(),
    },
    {
      path: "/api/subjects",
      routes: async () => (await import("./routes/subject.ts")).subjectRoutes(),
    },
    {
      path: "/api/replays",
      routes: async () => (await import("./routes/replay.ts")).replayRoutes(),
    },
    {
      path: "/api/tenants",
      routes: async () => (await import("./routes/tenant.ts")).tenantRoutes(),
    },
    {
      path: "/api/catalog",
      routes: async () => (await import("./routes/catalog.ts")).catalogRoutes(examples, subscribersOf(about)),
    },
    {
      path: "/api/alerts",
      routes: async () => (await import("./routes/alert.ts")).alertRoutes(),
    },
    {
      path: "/api/audit",
      routes: async () => (await import("./routes/audit.ts")).auditRoutes(),
    },
    { path: "/api/me", routes: async () => (await import("./routes/me.ts")).meRoutes() },
    { path: "/metrics", routes: async () => (await import("./routes/metrics.ts")).metricsRoutes() },
    ...demoMounts(demo),
  ];
}

function demoMounts(demo: DemoMaker | undefined) {
  if (demo === undefined) return [];
  return [{ path: "/api/demo", routes: async () => (await import("./routes/demo.ts")).demoRoutes(demo) }];
}
