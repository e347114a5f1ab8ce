/** The only door of the module. */

export { paymentConsumer } from "./consumer.ts";
export { paymentJobs } from "./jobs.ts";
export { isPublicPaymentPath, keepsOwnKeys, paymentRoutes } from "./routes.ts";
export type { PaymentSettings } from "./settings.ts";
