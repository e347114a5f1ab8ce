import { NotFoundError, TooLargeError } from "@brain/engine";
import { Hono } from "hono";
import { anybody, requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { readBytes } from "../../http/kit/request-body.ts";
import { receives, validated, validatedOptional, withoutBody } from "../../http/kit/routing.ts";
import { tenantOf } from "../../http/kit/tenants.ts";
import { writeTimeCursor } from "../time-cursor.ts";
import { approveRefund, declineRefund } from "./decide-refund.ts";
import { beginPayment, readIntent, reopenPayment } from "./intents.ts";
import { listRevenue } from "./ledger-store.ts";
import {
  approveRequest,
  declineRequest,
  intentRequest,
  intentStatusView,
  intentView,
  refundRequest,
  refundsQuery,
  refundView,
  revenueQuery,
  revenueView,
  tenantQuery,
  writeCursor,
} from "./model.ts";
import { listRefunds } from "./refund-store.ts";
import { beginRefund, readRefundOf } from "./refunds.ts";
import type { PaymentSettings } from "./settings.ts";
import { maxWebhookBytes, receiveStripeEvent } from "./webhook.ts";

const mayRead = requires("payment:read", "own_tenant");
const mayWrite = requires("payment:write", "own_tenant");
const mayApprove = requires("approve", "own_tenant");

/** The routes below `/api/paycore`. */
export function paymentRoutes(settings: PaymentSettings): Hono<ModuleEnv> {
  return new Hono<ModuleEnv>()
    .route("/", aboutRoutes(settings))
    .route("/intents", intentRoutes(settings))
    .route("/refunds", refundRoutes(settings))
    .route("/revenue", revenueRoutes())
    .route("/webhooks", webhookRoutes(settings));
}

function aboutRoutes(settings: PaymentSettings): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();
  const configured = settings.stripe !== null;

  app.get("/info", mayRead, (c) =>
    c.json({
      name: "payment",
      version: "1.0.0",
      description: "Payments through a provider's page, a ledger, refunds and webhooks.",
      supported_providers: ["stripe"],
      features: ["intents", "checkout", "refunds", "webhooks", "daily_revenue"],
      refund_threshold_cents: settings.refundThresholdCents,
    }),
  );

  app.get("/health", mayRead, (c) =>
    c.json({
      status: configured ? "ok" : "degraded",
      module: "payment",
      timestamp: c.var.services.now().toISOString(),
      providers: {
        stripe: configured ? "configured" : "not_configured",
        paypal: "not_connected",
        crypto: "not_connected",
      },
    }),
  );

  return app;
}

/**
 * Where payers come back to when no setting says so: only to this machine, for trying things out. A public service must
 * not lead them where a Host header says.
 */
function localOrigin(url: string): string | null {
  const { hostname, origin } = new URL(url);
  return ["localhost", "127.0.0.1", "[::1]"].includes(hostname) ? origin : null;
}

function intentRoutes(settings: PaymentSettings): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.post("/", mayWrite, validated("json", intentRequest), async (c) => {
    const { intent, replayed } = await beginPayment(c.var.services, settings, c.req.valid("json"), {
      idempotencyKey: c.req.header("idempotency-key"),
      origin: localOrigin(c.req.url),
    });
    if (replayed) c.header("idempotency-replayed", "true");
    return c.json(intentView(intent), 201);
  });

  app.get("/:id", mayRead, validated("query", tenantQuery), async (c) => {
    const { tenant_id: tenantId } = c.req.valid("query");
    return c.json(intentView(await readIntent(c.var.services, c.req.param("id"), tenantId)));
  });

  app.get("/:id/status", mayRead, validated("query", tenantQuery), async (c) => {
    const { tenant_id: tenantId } = c.req.valid("query");
    return c.json(intentStatusView(await readIntent(c.var.services, c.req.param("id"), tenantId)));
  });

  app.post("/:id/checkout", mayWrite, validated("query", tenantQuery), withoutBody(), async (c) => {
    const { tenant_id: tenantId } = c.req.valid("query");
    return c.json(intentView(await reopenPayment(c.var.services, settings, c.req.param("id"), tenantId)));
  });

  return app;
}

function refundRoutes(settings: PaymentSettings): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.post("/", mayWrite, validated("json", refundRequest), async (c) => {
    const key = c.req.header("idempotency-key");
    const { refund, replayed } = await beginRefund(c.var.services, settings, c.req.valid("json"), key);
    if (replayed) c.header("idempotency-replayed", "true");
    return c.json(refundView(refund), refund.status === "unapproved" ? 202 : 201);
  });

  app.get("/", mayRead, validated("query", refundsQuery), async (c) => {
    const query = c.req.valid("query");
    const { services } = c.var;
    const rows = await listRefunds(services.db, { ...query, tenantId: tenantOf(services, query.tenant_id) });
    const last = rows.length === query.limit ? rows.at(-1)?.refund : undefined;
    return c.json({
      refunds: rows.map(({ refund, intent }) => ({
        ...refundView(refund),
        currency: intent.currency,
        course_id: intent.courseId,
        paid_cents: intent.amountCents,
      })),
      next_cursor: last === undefined ? null : writeTimeCursor({ ms: last.createdAt.getTime(), id: last.id }),
    });
  });

  app.post("/:id/approve", mayApprove, validatedOptional(approveRequest), async (c) => {
    const { reason = null } = c.req.valid("json");
    return c.json(refundView(await approveRefund(c.var.services, settings, c.req.param("id"), reason)));
  });

  app.post("/:id/decline", mayApprove, validated("json", declineRequest), async (c) => {
    const { reason } = c.req.valid("json");
    return c.json(refundView(await declineRefund(c.var.services, c.req.param("id"), reason)));
  });

  app.get("/:id", mayRead, validated("query", tenantQuery), async (c) => {
    const { tenant_id: tenantId } = c.req.valid("query");
    return c.json(refundView(await readRefundOf(c.var.services, c.req.param("id"), tenantId)));
  });

  return app;
}

function revenueRoutes(): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.get("/", mayRead, validated("query", revenueQuery), async (c) => {
    const query = c.req.valid("query");
    const { services } = c.var;
    const rows = await listRevenue(services.db, tenantOf(services, query.tenant_id), query);
    const last = rows.length === query.limit ? rows.at(-1) : undefined;
    return c.json({
      days: rows.map(revenueView),
      next_cursor: last === undefined ? null : writeCursor([last.date, last.tenantId, last.currency]),
    });
  });

  return app;
}

function webhookRoutes(settings: PaymentSettings): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.post("/stripe", anybody("the provider signs it"), receives("bytes"), async (c) => {
    // The signature is over the bytes as they came, so they are read before anything is decoded.
    const body = await readBytes(c);
    if (body.length > maxWebhookBytes)
      throw new TooLargeError(`The body is over the limit of ${maxWebhookBytes} bytes.`);
    const signature = c.req.header("stripe-signature") ?? null;
    return c.json({
      success: true,
      ...(await receiveStripeEvent(c.var.services, settings, body, signature)),
    });
  });

  app.post("/paypal", anybody("the provider signs it"), receives("bytes"), () => {
    // Saying yes to what nobody can check or handle would lose it without a trace.
    throw new NotFoundError("There is no webhook of PayPal here: PayPal is not connected. Use Stripe.");
  });

  return app;
}
