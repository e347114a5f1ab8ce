import { defineModule } from "@brain/engine";
import {
  paymentIntentCreated,
  paymentRefundCompleted,
  paymentRefundFailed,
  paymentRefundRequested,
  paymentTransactionCancelled,
  paymentTransactionCompleted,
  paymentTransactionFailed,
} from "@brain/schemas";
import type { Mount } from "../../http/kit/mount.ts";
import { courseCataloguePort, firstThatKnows } from "../ports/course-catalogue.ts";
import { paymentConsumer } from "./consumer.ts";
import { paymentJobs } from "./jobs.ts";
import { intentsLimit, refundsLimit, refusedWebhooksLimit } from "./limits.ts";
import { paymentSettings } from "./settings.ts";
import * as tables from "./tables.ts";

/** Payments through a provider's page, a ledger, refunds and webhooks. */
export const payment = defineModule({
  name: "payment",
  events: [
    paymentIntentCreated,
    paymentTransactionCompleted,
    paymentTransactionFailed,
    paymentTransactionCancelled,
    paymentRefundRequested,
    paymentRefundCompleted,
    paymentRefundFailed,
  ],
  tables: [tables],
  settings: paymentSettings,
  needs: { catalogues: courseCataloguePort.all },
  consumers: ({ settings, ports }) => [
    paymentConsumer({ ...settings, catalogue: firstThatKnows(ports.catalogues) }),
  ],
  jobs: ({ settings }) => paymentJobs(settings),
  limits: [intentsLimit, refundsLimit, refusedWebhooksLimit],
  routes: ({ settings, ports }): Mount[] => [
    {
      path: "/api/paycore",
      routes: async () =>
        (await import("./routes.ts")).paymentRoutes({
          ...settings,
          catalogue: firstThatKnows(ports.catalogues),
        }),
      // Providers call them; a signature stands for the key.
      // Payments and refunds store the key with what they make. A payment has one page, however often it is asked for:
      // so a try to which Stripe gave no answer may come again under its key.
      keys: { "/intents": "own", "/intents/:id/checkout": "own", "/refunds": "own" },
    },
  ],
});
