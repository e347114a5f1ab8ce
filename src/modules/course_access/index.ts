/** The only door of the module. */

export { accessCheck } from "./check.ts";
export { courseAccessConsumer } from "./consumer.ts";
export { courseAccessNotificationsConsumer } from "./notifications.ts";
export { type CourseAccessSettings, courseAccessRoutes } from "./routes.ts";
