import { isUuid, NotFoundError, translated, ValidationError } from "@brain/engine";
import type { JsonObject, JsonValue } from "@brain/schemas";
import { and, count, desc, eq } from "drizzle-orm";
import type { RequestServices } from "../../http/kit/module-env.ts";
import { publishContext } from "../../http/kit/publish-context.ts";
import { tenantOf, visibleTenant } from "../../http/kit/tenants.ts";
import { ofTenant } from "../of-tenant.ts";
import { queueSource } from "./announce.ts";
import { requireValid } from "./handlers/registry.ts";
import { templatesLimit } from "./limits.ts";
import type { Mission, Template } from "./model.ts";
import {
  data,
  type InstantiateRequest,
  maxPayloadBytes,
  type TemplateRequest,
  type TemplatesQuery,
  type TenantQuery,
} from "./requests.ts";
import { hidden } from "./secrets.ts";
import {
  creatorOf,
  isHidden,
  type MissionDeps,
  newMission,
  sealed,
  startWorker,
  storeMission,
} from "./service.ts";
import { behind } from "./store.ts";
import { missionTemplates, type TemplateStep } from "./tables.ts";
import { bindVariables, fillConfig } from "./templates.ts";

/** Templates: kept requests for missions, and the missions made of them. No event tells of a template. */

const table = missionTemplates;
/** Column width of a mission's name. */
const maxNameLength = 200;

function unknownTemplate(id: string): NotFoundError {
  return new NotFoundError(
    `No template has the id "${id.slice(0, 100)}". List them with GET /api/missions/templates.`,
  );
}

function requireTemplateId(id: string): string {
  if (!isUuid(id)) throw unknownTemplate(id);
  return id;
}

/** The one with this id, if it is the caller's to see. */
function isMeant(services: RequestServices, id: string) {
  return and(eq(table.id, requireTemplateId(id)), ofTenant(table.tenantId, visibleTenant(services)));
}

/** Newest first. */
export async function listTemplates(services: RequestServices, query: TemplatesQuery): Promise<Template[]> {
  const tenant = ofTenant(table.tenantId, tenantOf(services, query.tenant_id));
  const category = query.category === undefined ? undefined : eq(table.category, query.category);
  return translated(
    services.db.statements
      .select()
      .from(table)
      .where(and(tenant, category, behind(table.createdAt, table.id, query.cursor)))
      .orderBy(desc(table.createdAt), desc(table.id))
      .limit(query.limit),
  );
}

/** Categories in use, by name. */
export async function listCategories(
  services: RequestServices,
  query: TenantQuery,
): Promise<{ name: string; templates: number }[]> {
  return translated(
    services.db.statements
      .select({ name: table.category, templates: count() })
      .from(table)
      .where(ofTenant(table.tenantId, tenantOf(services, query.tenant_id)))
      .groupBy(table.category)
      .orderBy(table.category)
      .limit(500),
  );
}

/** @throws {NotFoundError} no such template */
export async function readTemplate(services: RequestServices, id: string): Promise<Template> {
  const [row] = await translated(services.db.statements.select().from(table).where(isMeant(services, id)));
  if (row === undefined) throw unknownTemplate(id);
  return row;
}

/** @throws {ValidationError | VaultKeyError} as `sealed` */
async function columnsOf({ secrets }: MissionDeps, id: string, request: TemplateRequest) {
  const { name, description, category } = request;
  for (const [index, { action, config }] of request.steps.entries())
    if (secrets.isHidden(action, config)) throw isHidden(`steps.${index}.config`);
  for (const [key, variable] of Object.entries(request.variables))
    if (variable.default === hidden) throw isHidden(`variables.${key}.default`);
  const parts = await secrets.sealTemplate(request, id);
  return {
    name,
    description,
    category,
    variables: parts.variables,
    steps: [...parts.steps].sort((left, right) => left.order - right.order),
  };
}

/** @throws {ValidationError | VaultKeyError} as `sealed` */
export async function createTemplate(
  services: RequestServices,
  deps: MissionDeps,
  request: TemplateRequest,
): Promise<Template> {
  const now = services.now();
  const id = crypto.randomUUID();
  const [row] = await translated(
    services.db.statements
      .insert(table)
      .values({
        id,
        tenantId: tenantOf(services, request.tenant_id),
        ...(await columnsOf(deps, id, request)),
        createdBy: creatorOf(services, request.created_by),
        createdAt: now,
        updatedAt: now,
      })
      .returning(),
  );
  if (row === undefined) throw new Error("Postgres inserted a template and returned none.");
  return row;
}

/**
 * Replaces a template. Missions that were made of it stay as they are.
 *
 * @throws {NotFoundError} no such template
 * @throws {ValidationError | VaultKeyError} as `sealed`
 */
export async function replaceTemplate(
  services: RequestServices,
  deps: MissionDeps,
  id: string,
  request: TemplateRequest,
): Promise<Template> {
  // Whose it is stays; a request that names another tenant is refused all the same.
  tenantOf(services, request.tenant_id);
  const known = requireTemplateId(id).toLowerCase();
  const [row] = await translated(
    services.db.statements
      .update(table)
      .set({ ...(await columnsOf(deps, known, request)), updatedAt: services.now() })
      .where(isMeant(services, known))
      .returning(),
  );
  if (row === undefined) throw unknownTemplate(id);
  return row;
}

/**
 * Missions that were made of it stay as they are.
 *
 * @throws {NotFoundError} no such template
 */
export async function deleteTemplate(services: RequestServices, id: string): Promise<void> {
  const rows = await translated(
    services.db.statements.delete(table).where(isMeant(services, id)).returning({ id: table.id }),
  );
  if (rows.length === 0) throw unknownTemplate(id);
}

/**
 * What a mission of the step gets; the bounds are those of a payload that is sent.
 *
 * @throws {ValidationError} filled in, it is too large or too deep
 */
function payloadOf({ order, config }: TemplateStep, values: Readonly<Record<string, JsonValue>>): JsonObject {
  const filled = fillConfig(config, values, maxPayloadBytes);
  const bounded = data.safeParse(filled);
  if (bounded.success) return bounded.data;
  const why =
    filled === null ? `more than ${maxPayloadBytes} bytes of JSON` : bounded.error.issues[0]?.message;
  throw new ValidationError("A step is no payload with its variables.", {
    issues: [{ path: `steps.${order}.config`, message: `with the variables: ${why}` }],
  });
}

/** The missions of one instantiation, in the order of their steps. */
export interface TemplateRun {
  readonly runId: string;
  readonly template: Template;
  readonly missions: readonly Mission[];
}

/**
 * Makes one mission of each step. The first is in the queue at once; each of the others comes into the queue in the
 * transaction that completes the one before it. A step that fails holds the run until it is executed again; a step that
 * is cancelled cancels those behind it.
 *
 * @throws {NotFoundError} no such template
 * @throws {ValidationError} a variable is missing or of another type, or a step's payload is too large, too deep, or not
 * what its handler needs
 * @throws {TooManyRequestsError} more than five runs of one template a minute
 */
export async function instantiateTemplate(
  services: RequestServices,
  deps: MissionDeps,
  id: string,
  request: InstantiateRequest,
): Promise<TemplateRun> {
  const asked = tenantOf(services, request.tenant_id);
  const template = await readTemplate(services, id);
  await services.limit(templatesLimit, template.id);
  // Missions of a tenant's template are that tenant's, whoever makes them.
  const tenantId = asked ?? template.tenantId;
  if (template.tenantId !== null && tenantId !== template.tenantId) throw unknownTemplate(id);
  const opened = await deps.secrets.openTemplate(template);
  const bound = bindVariables(opened.variables, request.variables);
  if (!bound.ok)
    throw new ValidationError("The variables are not what the template needs.", { issues: bound.issues });
  const steps = opened.steps.map((step) => ({ ...step, payload: payloadOf(step, bound.values) }));
  for (const { order, action: type, payload } of steps) {
    const paths = { type: `steps.${order}.action`, payload: `steps.${order}.config` };
    requireValid(deps.handlers, { type, payload, tenantId }, paths);
  }
  const runId = crypto.randomUUID();
  const title = request.name ?? template.name;
  const fresh = await Promise.all(
    steps.map(({ order, action, payload }) => {
      const suffix = steps.length > 1 ? ` (step ${order})` : "";
      const mission = newMission(
        services,
        { ...request, tenant_id: tenantId },
        {
          type: action,
          name: `${title.slice(0, maxNameLength - suffix.length).toWellFormed()}${suffix}`,
          payload,
          templateId: template.id,
          runId,
          step: order,
        },
      );
      return sealed(deps, mission, `steps.${order}.config`);
    }),
  );
  const missions = await services.transact(publishContext(services, queueSource), async (tx, publish) => {
    const now = services.now();
    const stored: Mission[] = [];
    for (const row of fresh) stored.push(await storeMission(tx, publish, row, stored.length === 0, now));
    return stored;
  });
  startWorker(services, deps);
  return { runId, template, missions };
}
