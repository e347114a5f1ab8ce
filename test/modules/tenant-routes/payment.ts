import { made, type TenantTable } from "./table.ts";

const intent = { amount_cents: 500, user_id: "some-payer" };
const days = "from=2020-01-01&to=2100-01-01";

export const paymentTable: TenantTable = {
  module: "payment",
  prefix: "/api/paycore",
  setUp: async (as, engine, tenantId) => {
    const body = { amount_cents: 4_900, user_id: `payer-of-${tenantId}` };
    const paid = await made(as("POST", "/api/paycore/intents", body));
    await engine.atStripe(() => engine.stripe.account.pay(paid.provider_intent_id));
    const open = await made(as("POST", "/api/paycore/intents", body));
    const refund = await made(
      as("POST", "/api/paycore/refunds", { intent_id: paid.intent_id, amount_cents: 100 }),
    );
    const dear = await made(as("POST", "/api/paycore/intents", { ...body, amount_cents: 90_000 }));
    await engine.atStripe(() => engine.stripe.account.pay(dear.provider_intent_id));
    const large = await made(
      as("POST", "/api/paycore/refunds", {
        intent_id: dear.intent_id,
        amount_cents: 80_000,
        await_approval: true,
      }),
    );
    const unwanted = await made(
      as("POST", "/api/paycore/refunds", {
        intent_id: dear.intent_id,
        amount_cents: 70_000,
        await_approval: true,
      }),
    );
    return {
      paid: paid.intent_id,
      open: open.intent_id,
      refund: refund.refund_id,
      large: large.refund_id,
      unwanted: unwanted.refund_id,
      payer: body.user_id,
      tenant: tenantId,
    };
  },
  nowhere: {
    paid: "00000000-0000-4000-8000-000000000000",
    open: "00000000-0000-4000-8000-000000000001",
    refund: "00000000-0000-4000-8000-000000000002",
    large: "00000000-0000-4000-8000-000000000003",
    unwanted: "00000000-0000-4000-8000-000000000004",
    payer: "",
    tenant: "",
  },
  cases: [
    { route: "GET /info", call: () => ({ path: "/info" }), foreign: { same: "it tells of the release" } },
    { route: "GET /health", call: () => ({ path: "/health" }), foreign: "own" },
    {
      route: "POST /intents",
      call: () => ({ path: "/intents", body: intent }),
      foreign: "own",
      status: 201,
      naming: (tenant_id) => ({ path: "/intents", body: { ...intent, tenant_id } }),
    },
    {
      // Tenants may think of the same key.
      route: "POST /intents",
      call: () => ({ path: "/intents", body: intent, headers: { "idempotency-key": "the-same" } }),
      foreign: "own",
      status: 201,
    },
    {
      route: "GET /intents/:id",
      call: ({ paid }) => ({ path: `/intents/${paid}` }),
      foreign: "not_found",
      shows: ["payer", "tenant"],
      naming: (tenant, { paid }) => ({ path: `/intents/${paid}?tenant_id=${tenant}` }),
    },
    {
      route: "GET /intents/:id/status",
      call: ({ paid }) => ({ path: `/intents/${paid}/status` }),
      foreign: "not_found",
      naming: (tenant, { paid }) => ({ path: `/intents/${paid}/status?tenant_id=${tenant}` }),
    },
    {
      route: "POST /intents/:id/checkout",
      call: ({ open }) => ({ path: `/intents/${open}/checkout` }),
      foreign: "not_found",
      naming: (tenant, { open }) => ({ path: `/intents/${open}/checkout?tenant_id=${tenant}` }),
    },
    {
      route: "POST /refunds",
      call: ({ paid }) => ({ path: "/refunds", body: { intent_id: paid, amount_cents: 1 } }),
      foreign: "not_found",
      status: 201,
      naming: (tenant_id, { paid }) => ({
        path: "/refunds",
        body: { intent_id: paid, amount_cents: 1, tenant_id },
      }),
    },
    {
      // Who asked for it does not approve it.
      route: "POST /refunds/:id/approve",
      call: ({ large }) => ({ path: `/refunds/${large}/approve` }),
      foreign: "not_found",
      status: 403,
    },
    {
      route: "POST /refunds/:id/decline",
      call: ({ unwanted }) => ({ path: `/refunds/${unwanted}/decline`, body: { reason: "Not needed." } }),
      foreign: "not_found",
    },
    {
      route: "GET /refunds",
      call: () => ({ path: "/refunds" }),
      foreign: "nothing",
      shows: ["large", "tenant"],
      naming: (tenant) => ({ path: `/refunds?tenant_id=${tenant}` }),
    },
    {
      route: "GET /refunds/:id",
      call: ({ refund }) => ({ path: `/refunds/${refund}` }),
      foreign: "not_found",
      shows: ["paid"],
      naming: (tenant, { refund }) => ({ path: `/refunds/${refund}?tenant_id=${tenant}` }),
    },
    {
      route: "GET /revenue",
      call: () => ({ path: `/revenue?${days}` }),
      foreign: "nothing",
      shows: ["tenant"],
      naming: (tenant) => ({ path: `/revenue?${days}&tenant_id=${tenant}` }),
    },
  ],
};
