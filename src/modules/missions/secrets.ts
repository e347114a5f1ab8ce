import { createVault, isSealed, type SecretAddress, type Vault, type VaultKeys } from "@brain/engine";
import type { JsonObject, JsonValue } from "@brain/schemas";
import type { MissionHandler } from "../ports/mission-handler.ts";
import type { Handlers } from "./handlers/registry.ts";
import type { Template } from "./model.ts";
import type { TemplateRequest } from "./requests.ts";
import type { TemplateStep, TemplateVariable } from "./tables.ts";
import { isPlaceholder, placeholdersOf } from "./templates.ts";

/*
 * Secrets in what missions are to do: which texts they are, the handler of the type says. They are stored sealed, opened
 * for an attempt, and answers show `(hidden)` in their place. What an earlier release stored in clear text is read, is
 * not shown either, and is sealed when it is written again.
 */

/** What answers show in the place of a secret. */
export const hidden = "(hidden)";

/** Seals and opens what missions and templates hold. */
export interface MissionSecrets {
  /** A payload as it is stored. @throws {VaultKeyError} it has a secret, and there is no key */
  seal(type: string, payload: JsonObject, missionId: string): Promise<JsonObject>;
  /** A payload as its handler takes it. @throws {VaultKeyError | VaultError} */
  open(type: string, payload: JsonObject, missionId: string): Promise<JsonObject>;
  /** What is to be written instead of a payload that an earlier release stored; null: it is as it should be. */
  sealEarlier(type: string, payload: JsonObject, missionId: string): Promise<JsonObject | null>;
  /** A payload as answers show it. */
  hide(type: string, payload: JsonObject): JsonObject;
  /** True when a text that answers show in the place of a secret was sent as one. */
  isHidden(type: string, payload: JsonObject): boolean;
  sealTemplate(request: TemplateRequest, templateId: string): Promise<SealedParts>;
  openTemplate(template: Template): Promise<SealedParts>;
  hideTemplate(template: SealedParts): SealedParts;
}

/** The parts of a template that may hold secrets. */
export interface SealedParts {
  readonly steps: TemplateStep[];
  readonly variables: Record<string, TemplateVariable>;
}

type Change = (secret: string) => string | Promise<string>;

/** The same payload with each of its secrets changed. */
async function changed(
  handler: MissionHandler | undefined,
  payload: JsonObject,
  change: Change,
): Promise<JsonObject> {
  const made = await Promise.all(secretsIn(handler, payload).map(change));
  let place = 0;
  return handler?.secrets?.(payload, (secret) => made[place++] ?? secret) ?? payload;
}

function secretsIn(handler: MissionHandler | undefined, payload: JsonObject): string[] {
  const found: string[] = [];
  handler?.secrets?.(payload, (secret) => {
    found.push(secret);
    return secret;
  });
  return found;
}

export const sealedMissionColumns = [
  { table: "missions", id: "id", column: "payload", type: "jsonb" },
  { table: "mission_templates", id: "id", column: "steps", type: "jsonb" },
  { table: "mission_templates", id: "id", column: "variables", type: "jsonb" },
] as const;

const payloadPlace = (row: string): SecretAddress => ({ table: "missions", row, column: "payload" });
const stepsPlace = (row: string): SecretAddress => ({ table: "mission_templates", row, column: "steps" });
const variablesPlace = (row: string): SecretAddress => ({
  table: "mission_templates",
  row,
  column: "variables",
});

export function createMissionSecrets(handlers: Handlers, keys: VaultKeys): MissionSecrets {
  const vault = createVault(keys);
  const seal = (type: string, payload: JsonObject, id: string) =>
    changed(handlers.get(type), payload, (secret) => vault.seal(secret, payloadPlace(id)));
  return {
    seal,
    open: (type, payload, id) =>
      changed(handlers.get(type), payload, (secret) => vault.open(secret, payloadPlace(id))),
    async sealEarlier(type, payload, id) {
      const isClear = secretsIn(handlers.get(type), payload).some((secret) => !isSealed(secret));
      return isClear && keys.current !== null ? seal(type, payload, id) : null;
    },
    hide: (type, payload) => withoutSealed(handlers.get(type)?.secrets?.(payload, () => hidden) ?? payload),
    isHidden: (type, payload) => secretsIn(handlers.get(type), payload).includes(hidden),
    ...templateSecrets(handlers, vault),
  };
}

/** Steps with each secret of their settings changed. */
function changeSteps(
  handlers: Handlers,
  steps: readonly TemplateStep[],
  change: Change,
): Promise<TemplateStep[]> {
  return Promise.all(
    steps.map(async (step) => ({
      ...step,
      config: await changed(handlers.get(step.action), step.config, change),
    })),
  );
}

/** Names of the variables that secrets of the steps are filled with. */
function secretVariables(handlers: Handlers, steps: readonly TemplateStep[]): ReadonlySet<string> {
  return new Set(
    steps.flatMap(({ action, config }) =>
      secretsIn(handlers.get(action), config).flatMap((text) => [...placeholdersOf(text)]),
    ),
  );
}

async function changeDefaults(
  variables: SealedParts["variables"],
  change: (value: JsonValue, name: string) => JsonValue | Promise<JsonValue>,
): Promise<SealedParts["variables"]> {
  const made = Object.entries(variables).map(
    async ([name, variable]) =>
      [name, { ...variable, default: await change(variable.default, name) }] as const,
  );
  return Object.fromEntries(await Promise.all(made));
}

function templateSecrets(
  handlers: Handlers,
  vault: Vault,
): Pick<MissionSecrets, "sealTemplate" | "openTemplate" | "hideTemplate"> {
  return {
    async sealTemplate({ steps, variables }, id) {
      const names = secretVariables(handlers, steps);
      return {
        steps: await changeSteps(handlers, steps, (text) =>
          isPlaceholder(text) ? text : vault.seal(text, stepsPlace(id)),
        ),
        // A value of any type, so it is sealed as JSON.
        variables: await changeDefaults(variables, (value, name) =>
          value === null || !names.has(name) ? value : vault.seal(JSON.stringify(value), variablesPlace(id)),
        ),
      };
    },
    async openTemplate({ id, steps, variables }) {
      return {
        steps: await changeSteps(handlers, steps, (text) => vault.open(text, stepsPlace(id))),
        variables: await changeDefaults(variables, async (value) =>
          typeof value === "string" && isSealed(value)
            ? (JSON.parse(await vault.open(value, variablesPlace(id))) as JsonValue)
            : value,
        ),
      };
    },
    hideTemplate({ steps, variables }) {
      const hide = (text: string) => (isPlaceholder(text) ? text : hidden);
      const shown = steps.map((step) => ({
        ...step,
        config: withoutSealed(handlers.get(step.action)?.secrets?.(step.config, hide) ?? step.config),
      }));
      // Names of variables in a sealed text are not known without opening it, and their defaults are sealed, too.
      const names = secretVariables(handlers, steps);
      const isSecret = (name: string, value: JsonValue) =>
        value !== null && (names.has(name) || (typeof value === "string" && isSealed(value)));
      return {
        steps: shown,
        variables: Object.fromEntries(
          Object.entries(variables).map(([name, variable]) => [
            name,
            isSecret(name, variable.default) ? { ...variable, default: hidden } : variable,
          ]),
        ),
      };
    },
  };
}

/** Hides what is sealed also where no handler says so any more: its type may be of another release. */
function withoutSealed(payload: JsonObject): JsonObject {
  const visit = (value: JsonValue): JsonValue => {
    if (typeof value === "string") return isSealed(value) ? hidden : value;
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, visit(child)]));
  };
  return visit(payload) as JsonObject;
}
