import { alertsInTransaction, type Consumer, type Logger, type ScheduledJob } from "@brain/engine";
import type { Context, Hono } from "hono";
import type { Config } from "./config.ts";
import { createApp } from "./http/app.ts";
import type { AppEnv, Host } from "./http/host.ts";
import { agentOfflineSweep, agentsConsumer, agentsRoutes } from "./modules/agents/index.ts";
import {
  accessCheck,
  type CourseAccessSettings,
  courseAccessConsumer,
  courseAccessNotificationsConsumer,
  courseAccessRoutes,
} from "./modules/course_access/index.ts";
import {
  type CourseDistributionSettings,
  courseCountsTelling,
  courseDistributionConsumer,
  courseDistributionRoutes,
  distributionCatalogue,
  isPublicPath,
} from "./modules/course_distribution/index.ts";
import {
  type CourseFactorySettings,
  type CourseLearningSettings,
  courseFactoryConsumer,
  courseFactoryRoutes,
  courseGenerationMission,
  courseLearningRoutes,
  courseShowcase,
  factoryCatalogue,
  isPublicLearningPath,
  stagingRoutes,
} from "./modules/course_factory/index.ts";
import {
  answersToken,
  irGovernanceGate,
  irGovernanceJobs,
  irGovernanceRoutes,
} from "./modules/ir_governance/index.ts";
import { type MissionSettings, missionRoutes, missionWorker } from "./modules/missions/index.ts";
import {
  isPublicPaymentPath,
  keepsOwnKeys,
  type PaymentSettings,
  paymentConsumer,
  paymentJobs,
  paymentRoutes,
} from "./modules/payment/index.ts";
import { firstThatKnows } from "./modules/ports/course-catalogue.ts";
import { logTaskSwitch, taskRoutes, tasksConsumer } from "./modules/tasks/index.ts";

/*
 * The modules of the product: their consumers, jobs and routes, and what of them is public. A new module is added here and
 * nowhere else.
 */

export function productConsumers(config: Config): readonly Consumer[] {
  return [
    courseFactoryConsumer(factorySettings(config)),
    courseDistributionConsumer(),
    paymentConsumer(paymentSettings(config)),
    courseAccessConsumer(),
    courseAccessNotificationsConsumer(config.notify),
    tasksConsumer(),
    agentsConsumer(),
  ];
}

/** What every start says about settings of the modules. */
export function logProductStart(config: Config, log: Logger): void {
  logTaskSwitch(config.tasks, log);
}

/** What time starts. @param resolve resolves the hosts that missions call, where the host of the program can */
export function productJobs(config: Config, resolve?: MissionSettings["resolve"]): readonly ScheduledJob[] {
  const settings = { ...missionSettings(config), ...(resolve === undefined ? {} : { resolve }) };
  const workers = config.missions.worker ? [missionWorker(settings)] : [];
  return irGovernanceJobs().concat(
    paymentJobs(paymentSettings(config)),
    workers,
    agentOfflineSweep(),
    courseCountsTelling(),
  );
}

/** The HTTP app with all modules. `open` gives each request its host. */
export function createProductApp(config: Config, open: (c: Context) => Host): Hono<AppEnv> {
  return createApp({
    open,
    requestPlaces: config.requestPlaces,
    isPublic: (path) => isPublicPath(path) || isPublicLearningPath(path) || isPublicPaymentPath(path),
    // Payments store the key with what they make; the answer to a new approval holds a token that is kept nowhere.
    keyHandling: (path) => (keepsOwnKeys(path) ? "own" : answersToken(path) ? "refused" : "kept"),
    mounts: [
      { path: "/staging", routes: stagingRoutes() },
      { path: "/api/course-factory", routes: courseFactoryRoutes(factorySettings(config)) },
      { path: "/api/courses", routes: courseDistributionRoutes(distributionSettings(config)) },
      { path: "/api/courses", routes: courseLearningRoutes(learningSettings(config)) },
      { path: "/api/course-access", routes: courseAccessRoutes(accessSettings(config)) },
      { path: "/api/ir", routes: irGovernanceRoutes(config.ir) },
      { path: "/api/paycore", routes: paymentRoutes(paymentSettings(config)) },
      { path: "/api/missions", routes: missionRoutes(missionSettings(config)) },
      { path: "/api/tasks", routes: taskRoutes(config.tasks) },
      { path: "/api/agents", routes: agentsRoutes({ heartbeatSeconds: config.agentHeartbeatSeconds }) },
    ],
  });
}

/** The courses that can be bought: those made here, and those of other makers that have an entry. */
const catalogue = firstThatKnows([factoryCatalogue, distributionCatalogue]);

function paymentSettings(config: Config): PaymentSettings {
  return { stripe: config.stripe, ...config.payment, publicUrl: config.publicUrl, catalogue };
}

function factorySettings(config: Config): CourseFactorySettings {
  const { content, publicUrl, stagingDomain, ir } = config;
  const ports = { gate: irGovernanceGate(ir), catalogue, alerts: alertsInTransaction };
  return { content, publicUrl, stagingDomain, ...ports };
}

function learningSettings(config: Config): CourseLearningSettings {
  return { certificateKey: config.certificateKey, issuer: config.publicUrl ?? "BRAiN", accessCheck };
}

function distributionSettings(config: Config): CourseDistributionSettings {
  return {
    publicBaseUrl: config.publicUrl,
    enrolmentUrl: config.enrolmentUrl,
    certificates: config.certificateKey !== null,
    showcase: courseShowcase,
  };
}

/** What missions can do beside the built-in types comes from the modules. */
function missionSettings(config: Config): MissionSettings {
  return { ...config.missions, handlers: [courseGenerationMission(factorySettings(config))] };
}

function accessSettings(config: Config): CourseAccessSettings {
  return { notify: config.notify };
}
