import type { Context, Hono } from "hono";
import type { Config } from "./config.ts";
import type { Consumer } from "./consume/define-consumer.ts";
import type { ScheduledJob } from "./consume/define-job.ts";
import { createApp } from "./http/app.ts";
import type { AppEnv, Host } from "./http/host.ts";
import {
  type CourseDistributionSettings,
  courseDistributionConsumer,
  courseDistributionRoutes,
  isPublicPath,
} from "./modules/course_distribution/index.ts";
import {
  type CourseFactorySettings,
  courseFactoryConsumer,
  courseFactoryRoutes,
} from "./modules/course_factory/index.ts";

/*
 * The modules of the product: their consumers, jobs and routes, and what of them is public. A new module is added here and
 * nowhere else.
 */

export function productConsumers(config: Config): readonly Consumer[] {
  return [courseFactoryConsumer(factorySettings(config)), courseDistributionConsumer()];
}

/** What time starts. */
export function productJobs(_config: Config): readonly ScheduledJob[] {
  return [];
}

/** The HTTP app with all modules. `open` gives each request its host. */
export function createProductApp(config: Config, open: (c: Context) => Host): Hono<AppEnv> {
  return createApp({
    open,
    isPublic: isPublicPath,
    mounts: [
      { path: "/api/course-factory", routes: courseFactoryRoutes(factorySettings(config)) },
      { path: "/api/courses", routes: courseDistributionRoutes(distributionSettings(config)) },
    ],
  });
}

function factorySettings(config: Config): CourseFactorySettings {
  return { content: config.content, stagingDomain: config.stagingDomain };
}

function distributionSettings(config: Config): CourseDistributionSettings {
  return { publicBaseUrl: config.publicUrl };
}
