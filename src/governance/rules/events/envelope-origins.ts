/** Whom an event says that it comes from, and in which context. */

import { charterEvents, frozenNames } from "@brain/schemas";
import ts from "typescript";
import type { Project } from "../../project.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { wholeOf } from "../../tree/flow/wholes.ts";
import { notKnown } from "../../tree/names/literals.ts";
import { isPlain } from "../../tree/names/package-values.ts";
import { bare } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { eventsOf, metasOf } from "./envelope-fields.ts";

export function checkOrigins(project: Project, report: Report): void {
  const { modules, moduleOf, values, events } = project.typescript;
  const names = new Set([
    ...modules.map(({ name }) => name),
    ...charterEvents.filter(({ type }) => frozenNames.has(type)).map(({ module }) => module),
  ]);
  const isUnknown = (name: string) => modules.length > 0 && !names.has(name);
  for (const { file, fields, given: whole } of metasOf(project)) {
    const own = moduleOf(whole?.getSourceFile().fileName ?? file);
    const made = whole === null ? notKnown : values.valueOf(whole.getSourceFile().fileName, whole);
    for (const key of ["producer", "source_module"]) {
      const value = fields.get(key)?.value ?? null;
      if (value === null) continue;
      const tell = (at: ts.Expression, name: unknown): void => {
        if (name === null || name === undefined || (typeof name === "string" && name.trim() === ""))
          report({ at, message: `meta.${key} is empty.` });
        else if (typeof name !== "string" || key !== "source_module") return;
        else if (isUnknown(name))
          report({ at, message: `meta.source_module is "${name}", and there is no such module.` });
        else if (own !== null && own.name !== name)
          report({ at, message: `meta.source_module is "${name}", and the module is ${own.name}.` });
      };
      const names = madeOf(project.typescript, value).flatMap((end) =>
        values.valuesOf(end.getSourceFile().fileName, end),
      );
      for (const name of names) tell(value, name);
      // What a function is given, that makes the meta.
      if (names.length === 0 && whole !== null && isPlain(made) && typeof made[key] === "string")
        tell(whole, made[key]);
    }
  }
  for (const { file, options, type, module } of events) {
    const option = options && values.optionOf(file, options, "module");
    if (option === null || module === null) continue;
    if (module === "" || isUnknown(module))
      report({ at: option.node, message: `"${type}" belongs to "${module}", and there is no such module.` });
  }
}

/** Modules that may say which mission or task they work for. */
const owners: Readonly<Record<string, RegExp>> = {
  mission_id: /^missions?$/,
  task_id: /^(?:tasks?|missions?|task_queue|agents?)$/,
};
const topLevel = new Set(["tenant_id", "correlation_id", "mission_id", "task_id", "actor_id"]);

export function checkContext(project: Project, report: Report): void {
  const { moduleOf, published } = project.typescript;
  const tell = (file: string, valueAt: (key: string) => ts.Expression | null) => {
    const module = moduleOf(file);
    for (const [key, names] of Object.entries(owners)) {
      const value = valueAt(key);
      if (value === null || module === null || names.test(module.name) || isNothing(bare(value))) continue;
      report({
        at: value,
        message: `The module ${module.name} gives ${key}, which belongs to ${key === "task_id" ? "tasks" : "missions"}.`,
      });
    }
  };
  for (const { file, fields } of eventsOf(project)) tell(file, (key) => fields.get(key)?.value ?? null);
  for (const { file, call } of published) {
    const [, , options] = call.arguments;
    const whole = options === undefined ? null : wholeOf(project.typescript, options);
    if (whole !== null) tell(file, (key) => whole.fields.get(key)?.value ?? null);
  }
  for (const { fields } of metasOf(project))
    for (const [key, { name }] of fields)
      if (topLevel.has(key))
        report({
          at: name,
          severity: "error",
          message: `${key} stands in meta; it belongs beside it.`,
        });
}

const isNothing = (node: ts.Expression) =>
  node.kind === ts.SyntaxKind.NullKeyword || node.getText() === "undefined";
