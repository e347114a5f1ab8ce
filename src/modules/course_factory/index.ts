/** The only door of the module. */

export { factoryCatalogue } from "./catalogue.ts";
export { courseFactoryConsumer } from "./consumer.ts";
export {
  type CourseLearningSettings,
  courseLearningRoutes,
  isPublicLearningPath,
} from "./learning/routes.ts";
export { courseGenerationMission } from "./mission.ts";
export { courseFactoryRoutes } from "./routes.ts";
export type { CourseFactorySettings } from "./settings.ts";
export { stagingRoutes } from "./staging/routes.ts";
export { courseShowcase } from "./webpages/showcase.ts";
