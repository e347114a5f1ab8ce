import {
  alertsInTransaction,
  beyondTenant,
  ConflictError,
  createVault,
  NotFoundError,
  recordAction,
  type Tx,
  type Vault,
} from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { type CloudEvent, toCloudEvent } from "@brain/schemas";
import { sql } from "drizzle-orm";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { unknownCursor } from "../../http/kit/unknown-cursor.ts";
import { deliveryView, type EndpointRequest, endpointView } from "./model.ts";
import { addressOf, newSigningSecret } from "./secrets.ts";
import { deliveryJob } from "./settings.ts";
import {
  beginCursors,
  databaseNow,
  databaseTimeIn,
  deleteEndpoint,
  findEndpoint,
  insertEndpoint,
  insertTest,
  listDeliveries,
  listEndpoints,
  lockEndpoint,
  notBeforeNow,
  replayDelivery,
  updateEndpoint,
} from "./store.ts";
import type { DeliveryRow, EndpointRow } from "./tables.ts";

/** What callers do with endpoints and deliveries. Each change is in the audit of operators. */

/** An endpoint with its signing secret, which is shown this once. */
export interface WithSecret extends ReturnType<typeof endpointView> {
  readonly secret: string;
}

function unknownEndpoint(id: string): NotFoundError {
  return new NotFoundError(`There is no webhook endpoint with the id "${id}".`);
}

async function locked(services: RequestServices, tx: Tx, id: string): Promise<EndpointRow> {
  const row = await lockEndpoint(tx, id, visibleTenant(services));
  if (row === null) throw unknownEndpoint(id);
  return row;
}

function note(
  { actorId, requestId }: RequestServices,
  tx: Tx,
  action: string,
  row: EndpointRow,
  reason?: string,
) {
  const filter = { endpoint: row.id, tenant_id: row.tenantId };
  return recordAction(tx, {
    action: `webhook.${action}`,
    actorId,
    requestId,
    filter,
    reason: reason ?? null,
  });
}

/** An address without what may be a secret in it. */
function shown(text: string): string {
  const url = new URL(text);
  return `${url.origin}${url.pathname}${url.search === "" ? "" : "?(hidden)"}`;
}

async function columnsOf(vault: Vault, id: string, request: EndpointRequest) {
  return {
    url: await vault.seal(request.url, addressOf(id, "url")),
    urlShown: shown(request.url),
    description: request.description,
    eventTypes: [...new Set(request.event_types)],
    form: request.form,
    updatedAt: databaseNow,
  };
}

export function webhookService(keys: Parameters<typeof createVault>[0]) {
  const vault = createVault(keys);
  return {
    /**
     * @throws {VaultKeyError} there is no key to keep its secret with
     * @throws {ForbiddenError} a credential of one tenant, and another one is named
     */
    async create(services: RequestServices, request: EndpointRequest): Promise<WithSecret> {
      const [id, secret] = [crypto.randomUUID(), newSigningSecret()];
      const columns = {
        ...(await columnsOf(vault, id, request)),
        id,
        tenantId: tenantOf(services, request.tenant_id),
        secret: await vault.seal(secret, addressOf(id, "secret")),
        status: "enabled" as const,
        createdBy: services.actorId,
        enabledAt: notBeforeNow,
        createdAt: databaseNow,
      };
      const row = await services.db.transaction(async (tx) => {
        await beyondTenant(tx, () => beginCursors(tx));
        const stored = await insertEndpoint(tx, columns);
        await note(services, tx, "created", stored);
        return stored;
      });
      return { secret, ...endpointView(row, services.now()) };
    },

    /** @throws {NotFoundError | ForbiddenError} the request names another tenant */
    async replace(services: RequestServices, id: string, request: EndpointRequest) {
      const named = request.tenant_id === undefined ? undefined : tenantOf(services, request.tenant_id);
      const columns = await columnsOf(vault, id, request);
      return services.db.transaction(async (tx) => {
        const before = await locked(services, tx, id);
        if (named !== undefined && named !== before.tenantId)
          throw new ConflictError("The tenant of an endpoint does not change. Make another endpoint.");
        await note(services, tx, "changed", before);
        return endpointView(await updateEndpoint(tx, id, columns), services.now());
      });
    },

    /** Gives it another secret; for a while both sign. @throws {NotFoundError} */
    async rotate(services: RequestServices, id: string, overlapSeconds: number): Promise<WithSecret> {
      const secret = newSigningSecret();
      const sealed = await vault.seal(secret, addressOf(id, "secret"));
      const row = await services.db.transaction(async (tx) => {
        const before = await locked(services, tx, id);
        const old = await vault.open(before.secret, addressOf(id, "secret"));
        await note(services, tx, "rotated", before);
        const overlaps = overlapSeconds > 0;
        return updateEndpoint(tx, id, {
          secret: sealed,
          previousSecret: overlaps ? await vault.seal(old, addressOf(id, "previous_secret")) : null,
          previousUntil: overlaps ? databaseTimeIn(overlapSeconds) : null,
          updatedAt: databaseNow,
        });
      });
      return { secret, ...endpointView(row, services.now()) };
    },
  };
}

/** @throws {NotFoundError} */
export async function readEndpoint(services: RequestServices, id: string): Promise<EndpointRow> {
  const row = await findEndpoint(services.db, id, visibleTenant(services));
  if (row === null) throw unknownEndpoint(id);
  return row;
}

/** @throws {ValidationError} the cursor is no endpoint that may be seen */
export async function readEndpoints(
  services: RequestServices,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
) {
  const tenantId = visibleTenant(services);
  const rows = await listEndpoints(services.db, { tenantId, limit: limit + 1, cursor });
  if (
    rows.length === 0 &&
    cursor !== undefined &&
    (await findEndpoint(services.db, cursor, tenantId)) === null
  ) {
    throw unknownCursor("an endpoint");
  }
  const page = rows.slice(0, limit);
  return {
    endpoints: page.map((row) => endpointView(row, services.now())),
    next_cursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null,
  };
}

async function endAlert(tx: Tx, id: string): Promise<void> {
  await tx.execute(alertsInTransaction.resolvingIf("webhook_disabled", id, sql`true`));
}

/** @throws {NotFoundError} */
export async function removeEndpoint(services: RequestServices, id: string): Promise<void> {
  await services.db.transaction(async (tx) => {
    const row = await locked(services, tx, id);
    await note(services, tx, "removed", row);
    await deleteEndpoint(tx, id);
    await beyondTenant(tx, () => endAlert(tx, id));
  });
}

/** What came while it was disabled is not delivered; what waited goes on. @throws {NotFoundError} */
export async function enableEndpoint(services: RequestServices, id: string) {
  const row = await services.db.transaction(async (tx) => {
    const before = await locked(services, tx, id);
    if (before.status === "enabled") return before;
    await beyondTenant(tx, async () => {
      await beginCursors(tx);
      await endAlert(tx, id);
    });
    await note(services, tx, "enabled", before);
    const change = { status: "enabled", disabledReason: null, failingSince: null };
    return updateEndpoint(tx, id, { ...change, enabledAt: notBeforeNow, updatedAt: databaseNow });
  });
  services.schedule(deliveryJob, services.now());
  return endpointView(row, services.now());
}

/** @throws {NotFoundError} */
export async function disableEndpoint(services: RequestServices, id: string, reason: string) {
  return services.db.transaction(async (tx) => {
    const before = await locked(services, tx, id);
    await note(services, tx, "disabled", before, reason);
    const row = await updateEndpoint(tx, id, {
      status: "disabled",
      disabledReason: reason,
      updatedAt: databaseNow,
    });
    return endpointView(row, services.now());
  });
}

const testType = "webhooks.test";

/** Sends a message that is no event, once. @throws {NotFoundError | ConflictError} it is disabled */
export async function testEndpoint(services: RequestServices, id: string) {
  const message: CloudEvent = toCloudEvent({
    id: crypto.randomUUID(),
    type: testType,
    source: "webhooks",
    target: null,
    payload: { endpoint_id: id },
    timestamp: services.now().toISOString(),
    meta: { schema_version: 1, producer: "webhooks", source_module: "webhooks" },
    mission_id: null,
    task_id: null,
    correlation_id: services.correlationId,
    tenant_id: null,
    actor_id: null,
    severity: null,
  });
  return started(services, id, (tx) => insertTest(tx, id, testType, message as unknown as JsonObject));
}

/** Sends a delivery once more, whatever became of it. @throws {NotFoundError | ConflictError} the endpoint is disabled */
export async function replay(services: RequestServices, id: string, delivery: number) {
  return started(services, id, async (tx) => {
    const row = await replayDelivery(tx, id, delivery);
    if (row === null) throw new NotFoundError(`The endpoint has no delivery with the id "${delivery}".`);
    return row;
  });
}

async function started(services: RequestServices, id: string, run: (tx: Tx) => Promise<DeliveryRow>) {
  const row = await services.db.transaction(async (tx) => {
    const endpoint = await locked(services, tx, id);
    if (endpoint.status === "disabled")
      throw new ConflictError(`The endpoint is disabled. POST /api/webhooks/${id}/enable comes first.`);
    return run(tx);
  });
  services.schedule(deliveryJob, services.now());
  return deliveryView(row);
}

/** @throws {NotFoundError} */
export async function readDeliveries(
  services: RequestServices,
  id: string,
  query: {
    readonly limit: number;
    readonly cursor?: number | undefined;
    readonly status?: DeliveryRow["status"] | undefined;
  },
) {
  const { limit, cursor, status } = query;
  const endpoint = await readEndpoint(services, id);
  const rows = await listDeliveries(services.db, endpoint.id, { limit: limit + 1, cursor, status });
  const page = rows.slice(0, limit);
  return {
    deliveries: page.map(deliveryView),
    next_cursor: rows.length > limit ? String(page.at(-1)?.id) : null,
  };
}
