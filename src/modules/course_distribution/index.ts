/** The only door of the module. */

export { courseDistributionConsumer } from "./consumer.ts";
export { distributionCatalogue } from "./known-courses.ts";
export { type CourseDistributionSettings, courseDistributionRoutes, isPublicPath } from "./routes.ts";
export { courseCountsTelling } from "./tell-counts.ts";
