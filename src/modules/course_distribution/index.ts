import { defineModule } from "@brain/engine";
import {
  courseDistributionCompleted,
  courseDistributionFailed,
  distributionCreated,
  distributionDeleted,
  distributionEnrollmentClicked,
  distributionMicroNicheCreated,
  distributionPublished,
  distributionUnpublished,
  distributionUpdated,
  distributionVersionBumped,
  distributionViewed,
} from "@brain/schemas";
import type { Mount } from "../../http/kit/mount.ts";
import { courseCataloguePort } from "../ports/course-catalogue.ts";
import { courseShowcasePort } from "../ports/course-showcase.ts";
import { courseDistributionConsumer } from "./consumer.ts";
import { distributionCatalogue } from "./known-courses.ts";
import { clicksLimit, viewsLimit } from "./limits.ts";
import { courseDistributionSettings } from "./settings.ts";
import * as tables from "./tables.ts";
import { courseCountsTelling } from "./tell-counts.ts";

/** The public catalogue of courses and its pages. */
export const courseDistribution = defineModule({
  name: "course_distribution",
  events: [
    courseDistributionCompleted,
    courseDistributionFailed,
    distributionCreated,
    distributionUpdated,
    distributionDeleted,
    distributionPublished,
    distributionUnpublished,
    distributionViewed,
    distributionEnrollmentClicked,
    distributionMicroNicheCreated,
    distributionVersionBumped,
  ],
  tables: [tables],
  settings: courseDistributionSettings,
  needs: { showcase: courseShowcasePort.one },
  offers: () => [courseCataloguePort.from(() => distributionCatalogue)],
  consumers: ({ ports }) => [courseDistributionConsumer(ports.showcase)],
  jobs: () => [courseCountsTelling()],
  limits: [viewsLimit, clicksLimit],
  routes: ({ settings, ports }): Mount[] => [
    {
      path: "/api/courses/public",
      routes: async () => (await import("./routes.ts")).publicRoutes({ ...settings, ...ports }),
    },
    {
      path: "/api/courses/distribution",
      routes: async () => (await import("./routes.ts")).operatorRoutes(ports.showcase),
    },
  ],
});
