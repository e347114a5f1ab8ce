import { ValidationError } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import type { MissionHandler } from "../../ports/mission-handler.ts";
import { missionType } from "../model.ts";
import type { MissionSettings } from "../settings.ts";
import { echoHandler } from "./echo.ts";
import { httpCallHandler } from "./http-call.ts";

/** Everything that missions can do, by type. */
export type Handlers = ReadonlyMap<string, MissionHandler>;

/**
 * The built-in handlers and those of the product.
 *
 * @throws {Error} two share a type, or one is not well-formed
 */
export function registerHandlers({ handlers, httpAllow, resolve }: MissionSettings): Handlers {
  const byType = new Map<string, MissionHandler>();
  for (const handler of [echoHandler, httpCallHandler(httpAllow, resolve ?? null), ...handlers]) {
    if (!missionType.safeParse(handler.type).success)
      throw new Error(`"${handler.type}" is no type of mission. Use lower-case letters, digits and . _ -`);
    if (byType.has(handler.type))
      throw new Error(`Two handlers are for missions of type "${handler.type}". Rename one.`);
    byType.set(handler.type, handler);
  }
  return byType;
}

interface AskedMission {
  readonly type: string;
  readonly payload: JsonObject;
  /** Null: it is of no tenant. */
  readonly tenantId: string | null;
}

/**
 * Refuses what could only fail later.
 *
 * @param paths where type and payload stand in the request
 * @throws {ValidationError} nobody does missions of this type, or its handler refuses the payload
 */
export function requireValid(
  handlers: Handlers,
  { type, payload, tenantId }: AskedMission,
  paths: { readonly type: string; readonly payload: string },
): void {
  const handler = handlers.get(type);
  if (handler === undefined) {
    const known = [...handlers.keys()].sort().join(", ");
    throw new ValidationError(`Nobody here does missions of type "${type}".`, {
      issues: [{ path: paths.type, message: `expected one of: ${known}` }],
    });
  }
  const issues = handler.validate(payload, tenantId) ?? [];
  if (issues.length === 0) return;
  throw new ValidationError(`The payload is not what missions of type "${type}" need.`, {
    issues: issues.map((issue) => ({
      path: issue.path === "" ? paths.payload : `${paths.payload}.${issue.path}`,
      message: issue.message,
    })),
  });
}
