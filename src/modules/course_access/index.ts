/** The only door of the module. */

export { courseAccessConsumer } from "./consumer.ts";
export { courseAccessNotificationsConsumer } from "./notifications.ts";
export { type CourseAccessSettings, courseAccessRoutes } from "./routes.ts";
