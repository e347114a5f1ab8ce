/** How events and keys are called, in the registry of types and where a type is given as text. */

import { charterEvents, checkEventName, frozenNames, type NameViolation } from "@brain/schemas";
import { bare, type PyNode, textOf } from "../../tree/python/nodes.ts";
import type { PythonTree } from "../../tree/python/python.ts";
import { redisCalls } from "../../tree/python/redis.ts";
import type { Check } from "../rule.ts";

interface Named {
  readonly type: string;
  readonly at: PyNode;
}

/** Every type once: where it is registered, or else where it is used as text. */
function namesIn({ registry, events }: PythonTree): readonly Named[] {
  const registered = registry.map(({ type, node }) => ({ type, at: node }));
  const asText = events
    .flatMap(({ types }) => types)
    .filter(({ key, type }) => key === null && type !== null && !registry.some((one) => one.type === type))
    .map(({ type, node }) => ({ type: type ?? "", at: node }));
  return [...registered, ...asText];
}

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

const broken =
  (...rules: readonly NameViolation["rule"][]): Check =>
  ({ python }, report) => {
    for (const { type, at } of namesIn(python))
      for (const { rule, message } of checkEventName(type))
        if (rules.includes(rule)) report({ at, message: `${capital(message)}.` });
  };

const spelling: Check = (project, report) => {
  broken("pascal_case")(project, report);
  for (const { type, at } of namesIn(project.python)) {
    if (!type.includes("_") || type.includes(".") || frozenNames.has(type)) continue;
    report({ at, message: `"${type}" is one snake_case word; the parts of a name are separated by dots.` });
  }
};

/** Which modules publish in a domain, as the charter's own events have it. */
const charterDomains = new Map(
  charterEvents.map(({ type, module }) => [`${type.split(".")[0]} ${module}`, true] as const),
);

const domains: Check = ({ python: { events, moduleOf } }, report) => {
  for (const { file, types } of events) {
    const module = moduleOf(file);
    if (module === null) continue;
    const parts = module.name.split("_").flatMap((part) => [part, part.replace(/s$/, "")]);
    for (const { type, node } of types) {
      const domain = type?.split(".")[0];
      if (type === null || domain === undefined || frozenNames.has(type)) continue;
      if (domain === module.name || parts.includes(domain)) continue;
      if (charterDomains.has(`${domain} ${module.name}`)) continue;
      report({ at: node, message: `${module.name} publishes "${type}", whose domain is "${domain}".` });
    }
  }
};

/** The registry, what is published, and the documents name the same types. */
const catalogued: Check = ({ python, documents }, report) => {
  const { events, moduleOf, registry, modules } = python;
  const first = new Map<string, string>();
  for (const { key, type, node } of registry) {
    const other = first.get(type);
    if (other === undefined) first.set(type, key);
    else report({ at: node, message: `"${type}" is registered twice, as ${other} and as ${key}.` });
  }
  const used = new Set(events.flatMap(({ types }) => types.map(({ type }) => type)));
  for (const { type, node } of registry) {
    const owner = modules.find(({ name }) => name === type.split(".")[0]);
    const own = events.filter(({ file }) => owner !== undefined && moduleOf(file) === owner);
    // Where a type is worked out nobody can say which is not published.
    if (own.length === 0 || own.some(({ types }) => types.length === 0)) continue;
    if (!used.has(type) && !frozenNames.has(type))
      report({ at: node, message: `"${type}" is registered, and ${owner?.name} never publishes it.` });
  }
  const seen = new Set<string>();
  for (const { file, types } of events) {
    const module = moduleOf(file);
    const document = module === null ? undefined : documents.get(`${module.folder}/EVENTS.md`);
    if (module === null || document === undefined) continue;
    for (const { type, node } of types) {
      if (type === null || document.text.includes(type) || seen.has(`${module.folder} ${type}`)) continue;
      seen.add(`${module.folder} ${type}`);
      report({ at: node, message: `"${type}" is published, and ${document.path} does not have it.` });
    }
  }
};

const keys: Check = ({ python: { registry } }, report) => {
  for (const { key, type, node } of registry) {
    const expected = type.replaceAll(".", "_").toUpperCase();
    if (key !== expected)
      report({ at: node, message: `The key of "${type}" is ${key}; expected ${expected}.` });
  }
};

const lifecycles: Check = ({ python: { events } }, report) => {
  const published = new Set(events.flatMap(({ types }) => types.map(({ type }) => type)));
  for (const { types } of events) {
    for (const { type, node } of types) {
      const resource = /^(.+)\.started$/.exec(type ?? "")?.[1];
      if (resource === undefined || frozenNames.has(type ?? "")) continue;
      const missing = ["completed", "failed"].filter((end) => !published.has(`${resource}.${end}`));
      if (missing.length > 0)
        report({
          at: node,
          message: `"${type}" has a beginning, and nothing publishes "${resource}.${missing.join(`" and "${resource}.`)}".`,
        });
    }
  }
};

const redisKeys: Check = ({ python }, report) => {
  for (const { key } of redisCalls(python)) {
    const value = bare(key);
    // What a string begins with decides; one that begins with a part that is worked out is not known.
    const first =
      value.type === "string" ? value.children.find(({ type }) => type !== "string_start") : undefined;
    if (first?.type !== "string_content") continue;
    const start = textOf(first);
    if (!start.startsWith("brain:"))
      report({ at: key, message: `The key "${start}" does not begin with "brain:".` });
  }
};

export const pythonNaming: Readonly<Record<string, Check>> = {
  "N-1": broken("three_segments", "snake_case"),
  "N-2": domains,
  "N-3": broken("singular_resource"),
  "N-4": broken("past_tense"),
  "N-5": spelling,
  "N-6": catalogued,
  "N-7": keys,
  "N-8": lifecycles,
  "N-9": redisKeys,
};
