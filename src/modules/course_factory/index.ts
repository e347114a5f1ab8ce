/** The only door of the module. */

export { courseFactoryConsumer } from "./consumer.ts";
export { courseFactoryRoutes } from "./routes.ts";
export type { CourseFactorySettings } from "./settings.ts";
