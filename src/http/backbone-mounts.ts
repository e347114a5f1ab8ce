import { type AboutProduct, subscribersOf } from "./about-product.ts";
import type { LoadExamples } from "./catalog-routes.ts";
import type { DemoMaker } from "./demo-routes.ts";
import { eventRoutes } from "./event-routes.ts";
import { eventStreamRoutes } from "./event-stream-routes.ts";
import type { OwnedMount } from "./mounted-routes.ts";

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
      routes: async () => (await import("./operator-action-routes.ts")).operatorActionRoutes(),
    },
    {
      path: "/api/dead-letters",
      routes: async () => (await import("./dead-letter-routes.ts")).deadLetterRoutes(),
    },
    {
      path: "/api/maintenance",
      routes: async () => (await import("./maintenance-routes.ts")).maintenanceRoutes(),
    },
    {
      path: "/api/consumers",
      routes: async () => (await import("./consumer-routes.ts")).consumerRoutes(),
    },
    {
      path: "/api/settings",
      routes: async () => (await import("./settings-routes.ts")).settingsRoutes(about),
    },
    {
      path: "/api/overview",
      routes: async () => (await import("./overview-routes.ts")).overviewRoutes(),
    },
    {
      path: "/api/subjects",
      routes: async () => (await import("./subject-routes.ts")).subjectRoutes(),
    },
    {
      path: "/api/replays",
      routes: async () => (await import("./replay-routes.ts")).replayRoutes(),
    },
    {
      path: "/api/tenants",
      routes: async () => (await import("./tenant-routes.ts")).tenantRoutes(),
    },
    {
      path: "/api/catalog",
      routes: async () => (await import("./catalog-routes.ts")).catalogRoutes(examples, subscribersOf(about)),
    },
    {
      path: "/api/alerts",
      routes: async () => (await import("./alert-routes.ts")).alertRoutes(),
    },
    {
      path: "/api/audit",
      routes: async () => (await import("./audit-routes.ts")).auditRoutes(),
    },
    { path: "/api/me", routes: async () => (await import("./me-routes.ts")).meRoutes() },
    { path: "/metrics", routes: async () => (await import("./metrics-routes.ts")).metricsRoutes() },
    ...demoMounts(demo),
  ];
}

function demoMounts(demo: DemoMaker | undefined) {
  if (demo === undefined) return [];
  return [{ path: "/api/demo", routes: async () => (await import("./demo-routes.ts")).demoRoutes(demo) }];
}
