import { defineModule } from "@brain/engine";
import {
  courseAccessRuleChanged,
  courseCertificateIssued,
  courseCompletionRecorded,
  courseDeployedStaging,
  courseDistributionRequested,
  courseEnhancementApplied,
  courseEnrollmentCreated,
  courseGenerationCompleted,
  courseGenerationFailed,
  courseGenerationRequested,
  courseGenerationStarted,
  courseLandingPageCreated,
  courseLessonGenerated,
  courseOutlineCreated,
  coursePackCreated,
  coursePaymentCompleted,
  coursePaymentFailed,
  coursePaymentRequired,
  coursePreviewCreated,
  courseProgressRecorded,
  courseQuizCreated,
  courseSectionBuilt,
  courseSeoPackGenerated,
  courseThemeBound,
  courseWorkflowTransitioned,
} from "@brain/schemas";
import type { Mount } from "../../http/kit/mount.ts";
import { accessCheckPort } from "../ports/access-check.ts";
import { courseCataloguePort, firstThatKnows } from "../ports/course-catalogue.ts";
import { courseShowcasePort } from "../ports/course-showcase.ts";
import { irGatePort } from "../ports/ir-gate.ts";
import { missionHandlerPort } from "../ports/mission-handler.ts";
import { courseFactoryConsumer } from "./consumer.ts";
import { factoryCatalogue } from "./courses/catalogue.ts";
import * as enhancementTables from "./enhancement/tables.ts";
import { courseGenerationMission } from "./generation/mission.ts";
import * as governanceTables from "./governance/tables.ts";
import * as learningTables from "./learning/tables.ts";
import { guessesLimit, verificationsLimit } from "./limits.ts";
import { courseFactorySettings } from "./settings.ts";
import * as stagingTables from "./staging/tables.ts";
import * as tables from "./tables.ts";
import { failingGenerations } from "./watches.ts";
import { courseShowcase } from "./webpages/showcase.ts";
import * as webpageTables from "./webpages/tables.ts";

/** Makes courses, keeps their author workflow, and has them learned. */
export const courseFactory = defineModule({
  name: "course_factory",
  events: [
    courseGenerationRequested,
    courseGenerationStarted,
    courseOutlineCreated,
    courseLessonGenerated,
    courseQuizCreated,
    courseLandingPageCreated,
    courseGenerationCompleted,
    courseGenerationFailed,
    courseWorkflowTransitioned,
    courseAccessRuleChanged,
    courseDeployedStaging,
    courseEnhancementApplied,
    courseThemeBound,
    courseSectionBuilt,
    courseSeoPackGenerated,
    coursePreviewCreated,
    courseEnrollmentCreated,
    courseProgressRecorded,
    courseCompletionRecorded,
    courseCertificateIssued,
    coursePackCreated,
    coursePaymentRequired,
    coursePaymentCompleted,
    coursePaymentFailed,
    courseDistributionRequested,
  ],
  tables: [tables, enhancementTables, governanceTables, learningTables, stagingTables, webpageTables],
  settings: courseFactorySettings,
  needs: { gate: irGatePort.one, catalogues: courseCataloguePort.all, accessCheck: accessCheckPort.one },
  offers: ({ settings, ports }) => [
    courseCataloguePort.from(() => factoryCatalogue),
    courseShowcasePort.from(() => courseShowcase(settings.certificateKey !== null)),
    missionHandlerPort.from(() => courseGenerationMission({ ...settings, gate: ports.gate })),
  ],
  consumers: ({ settings, ports }) => [
    courseFactoryConsumer({ ...settings, gate: ports.gate, catalogue: firstThatKnows(ports.catalogues) }),
  ],
  watches: ({ settings }) => [failingGenerations(settings.failuresPercent)],
  limits: [guessesLimit, verificationsLimit],
  routes: ({ settings, ports: { gate, catalogues, accessCheck } }): Mount[] => {
    const { certificateKey, publicUrl } = settings;
    return [
      { path: "/staging", routes: async () => (await import("./staging/routes.ts")).stagingRoutes() },
      {
        path: "/api/course-factory",
        routes: async () =>
          (await import("./routes.ts")).courseFactoryRoutes({
            ...settings,
            gate,
            catalogue: firstThatKnows(catalogues),
          }),
      },
      {
        path: "/api/courses",
        routes: async () =>
          (await import("./learning/routes.ts")).courseLearningRoutes({
            certificateKey,
            issuer: publicUrl ?? "BRAiN",
            accessCheck,
          }),
      },
    ];
  },
});
