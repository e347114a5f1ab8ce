/** What a Worker is given with its environment: which names are queues, and which are other programs. */

import ts from "typescript";
import type { ProjectFiles } from "../files.ts";
import { takenFrom } from "../names/scope.ts";
import { bare } from "../syntax/source.ts";

/** `ORDERS` of `env.ORDERS`, `c.env.ORDERS`, and of a name that was given one; null: it is no part of the environment. */
export function bindingOf(node: ts.Expression): string | null {
  const value = bare(node);
  if (ts.isIdentifier(value)) {
    const taken = takenFrom(value);
    return taken !== null && isEnvironment(taken.owner) ? taken.part : null;
  }
  return ts.isPropertyAccessExpression(value) && isEnvironment(value.expression) ? value.name.text : null;
}

function isEnvironment(node: ts.Expression): boolean {
  const value = bare(node);
  const name = ts.isIdentifier(value)
    ? value.text
    : ts.isPropertyAccessExpression(value)
      ? value.name.text
      : "";
  return /^(?:env|bindings)$/i.test(name);
}

/** Names of queues. */
export const queuesOf = (files: ProjectFiles) =>
  bindingsOf(files, "Queue", /^queues\.producers$/, ["producers"]);

/** Names of other Workers and of durable objects. */
export const programsOf = (files: ProjectFiles) =>
  bindingsOf(files, "Service|Fetcher|DurableObjectNamespace", /^(?:services|durable_objects\.bindings)$/, [
    "services",
    "durable_objects",
  ]);

/** As types of the project say, and as `wrangler` is told: in sections of TOML, or below names of JSON. */
function bindingsOf(
  { files }: ProjectFiles,
  type: string,
  section: RegExp,
  names: readonly string[],
): ReadonlySet<string> {
  const found = new Set<string>();
  const typed = new RegExp(`\\b(\\w+)\\??:\\s*(?:${type})(?:[<;,}]|\\s)`, "g");
  for (const { path, text } of files.values()) {
    if (/(?:^|\/)wrangler\.toml$/.test(path)) for (const name of ofToml(text, section)) found.add(name);
    else if (/(?:^|\/)wrangler\.jsonc?$/.test(path)) for (const name of ofJson(text, names)) found.add(name);
    else if (/\.[mc]?tsx?$/.test(path))
      for (const [, name = ""] of text.matchAll(typed)) if (/^[A-Z]/.test(name)) found.add(name);
  }
  return found;
}

function* ofToml(text: string, section: RegExp): Generator<string> {
  for (const part of text.split(/^(?=[ \t]{0,8}\[)/m)) {
    const [, name = ""] = /^[ \t]{0,8}\[\[?\s*(?:env\.\w+\.)?([\w.]+)\s*\]/.exec(part) ?? [];
    if (!section.test(name)) continue;
    for (const [, binding = ""] of part.matchAll(/\b(?:binding|name)\s*=\s*["'](\w+)["']/g)) yield binding;
  }
}

/** `"producers": [{ "binding": "ORDERS" }]`, wherever it stands. */
function ofJson(text: string, names: readonly string[]): readonly string[] {
  const { config } = ts.parseConfigFileTextToJson("wrangler.json", text) as { readonly config?: unknown };
  const found: string[] = [];
  const look = (value: unknown, isMeant: boolean): void => {
    if (typeof value !== "object" || value === null) return;
    const { binding, name } = value as { readonly binding?: unknown; readonly name?: unknown };
    if (isMeant) found.push(...[binding, name].filter((one) => typeof one === "string"));
    for (const [key, inner] of Object.entries(value)) look(inner, isMeant || names.includes(key));
  };
  look(config, false);
  return found;
}
