import { atMostMembers, guardValues, isJsonObject, type JsonObject, type JsonValue } from "@brain/schemas";
import * as z from "zod";
import { reasonText } from "../../http/kit/free-text.ts";
import { tenantIdText } from "../../http/kit/tenant-id.ts";
import { timeCursor } from "../time-cursor.ts";
import { jsonBytes, missionType } from "./model.ts";
import { priorities } from "./state.ts";
import { missionStatuses, type TemplateStep, type TemplateVariable } from "./tables.ts";
import { checkTemplate, variableName } from "./templates.ts";

/** A payload, in UTF-8 bytes of JSON. */
export const maxPayloadBytes = 65_536;

/** Text that Postgres can store: no control characters but line ends and tabs, no half of a surrogate pair. */
function text(min: number, max: number) {
  return z
    .string()
    .trim()
    .min(min)
    .max(max)
    .refine((value) => value.isWellFormed() && !/[^\P{Cc}\n\r\t]/u.test(value), {
      error: "Control characters and halves of surrogate pairs cannot be stored; remove them",
    });
}

/** An id that goes to events: no control characters, no line ends. */
const plainId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9:_.-]{0,99}$/, {
  error: "Expected 1 to 100 letters, digits, and : _ . -",
});

/** JSON data of bounded size and depth that Postgres can store. */
export const data = z
  .custom<JsonObject>((value) => isJsonObject(value as JsonValue), { error: "Expected a JSON object" })
  .superRefine((value, context) => {
    for (const { path, message } of guardValues(value, "").invalid.slice(0, 10))
      context.addIssue({ code: "custom", path: path.split(".").filter(Boolean), message });
    const bytes = jsonBytes(value);
    if (bytes > maxPayloadBytes)
      context.addIssue({ code: "custom", message: `${bytes} bytes of JSON, at most ${maxPayloadBytes}` });
  });

const priority = z.literal(priorities, {
  error: "Expected 10 (low), 20 (normal), 30 (high) or 40 (critical)",
});
const maxRetries = z.int().min(1).max(20);

/** Fields that enqueueing and creating share. */
const work = {
  priority: priority.default(20),
  max_retries: maxRetries.default(3),
  tenant_id: tenantIdText.nullish(),
  /** Left out: who acts. */
  created_by: plainId.optional(),
};

export const enqueueRequest = z.strictObject({
  type: missionType,
  payload: data.default({}),
  name: text(1, 200).optional(),
  ...work,
});
export type EnqueueRequest = z.output<typeof enqueueRequest>;

export const createRequest = z.strictObject({
  /** Chosen by the caller, so that a repeated request makes no second mission. */
  id: z.uuid({ error: "Expected a UUID" }).optional(),
  name: text(1, 200),
  description: text(0, 2000).nullish(),
  type: missionType.default("echo"),
  data: data.default({}),
  ...work,
});
export type CreateRequest = z.output<typeof createRequest>;

const reason = reasonText(500, 1);
export const cancelRequest = z.strictObject({ reason: reason.nullish() });
export const queueRequest = z.strictObject({ reason });
export const statusRequest = z.strictObject({ status: z.enum(missionStatuses), reason: reason.nullish() });
export type StatusRequest = z.output<typeof statusRequest>;
export const logRequest = z.strictObject({
  level: z.enum(["debug", "info", "warning", "error"]).default("info"),
  message: text(1, 2000),
  data: data.default({}),
});
export type LogRequest = z.output<typeof logRequest>;

const whole = (max: number, usual: number) =>
  z
    .string()
    .regex(/^\d{1,6}$/, { error: `Expected an integer from 1 to ${max}` })
    .transform(Number)
    .pipe(z.int().min(1).max(max))
    .default(usual);

const ofTenant = { tenant_id: tenantIdText.optional() };
export const tenantQuery = z.object(ofTenant);
export type TenantQuery = z.output<typeof tenantQuery>;
export const queueQuery = z.object({ limit: whole(100, 20), ...ofTenant });
export const historyQuery = z.object({
  limit: whole(1000, 100),
  agent_id: text(1, 255).optional(),
  ...ofTenant,
});
export type HistoryQuery = z.output<typeof historyQuery>;
export const logQuery = z.object({ limit: whole(500, 100) });

const cursor = timeCursor().optional();

export const missionsQuery = z.object({
  status: z.enum(missionStatuses).optional(),
  limit: whole(500, 50),
  cursor,
  ...ofTenant,
});

export const templatesQuery = z.object({
  category: text(1, 100).optional(),
  limit: whole(500, 50),
  cursor,
  ...ofTenant,
});
export type TemplatesQuery = z.output<typeof templatesQuery>;

const step = z.strictObject({
  order: z.int().min(1).max(1000),
  action: missionType,
  config: data.default({}),
}) satisfies z.ZodType<TemplateStep>;

const variable = z.strictObject({
  type: z.enum(["string", "number", "boolean", "object", "array"]).default("string"),
  required: z.boolean().default(false),
  default: z
    .custom<JsonValue>((value) => guardValues(value, "").invalid.length === 0, {
      error: "Expected JSON data",
    })
    .default(null),
  description: text(0, 500).default(""),
}) satisfies z.ZodType<TemplateVariable>;

const maxSteps = 50;
const maxVariables = 100;
const maxTemplateBytes = 131_072;

export const templateRequest = z
  .strictObject({
    name: text(1, 200),
    description: text(0, 2000).default(""),
    category: text(1, 100).default("general"),
    steps: z.array(step).min(1).max(maxSteps),
    variables: z
      .record(z.string().regex(variableName, { error: "Expected letters, digits and _" }), variable)
      .refine(...atMostMembers(maxVariables))
      .default({}),
    tenant_id: tenantIdText.nullish(),
    created_by: plainId.optional(),
  })
  .superRefine((request, context) => {
    for (const { path, message } of checkTemplate(request.steps, request.variables))
      context.addIssue({ code: "custom", path: path.split("."), message });
    if (jsonBytes(request) > maxTemplateBytes)
      context.addIssue({ code: "custom", message: `At most ${maxTemplateBytes} bytes of JSON` });
  });
export type TemplateRequest = z.output<typeof templateRequest>;

export const instantiateRequest = z.strictObject({
  variables: data.default({}),
  name: text(1, 150).optional(),
  ...work,
});
export type InstantiateRequest = z.output<typeof instantiateRequest>;
