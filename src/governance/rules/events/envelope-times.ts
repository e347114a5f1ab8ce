/** Times of events: of the envelope, and of what a payload is given. */

import { schemaDef, walkSchema } from "@brain/schemas";
import ts from "typescript";
import type { Project } from "../../project.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { bare } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { given } from "./envelope-fields.ts";
import { payloadSchemas } from "./payload-schemas.ts";
import { fieldsIn } from "./payload-values.ts";

export function checkTimes(project: Project, report: Report): void {
  for (const { file, value } of given(project, "timestamp")) tellTime(project, file, value, report);
  for (const { file, payload } of project.typescript.published) {
    if (payload === null) continue;
    for (const { node } of fieldsIn(project.typescript, payload))
      if (ts.isCallExpression(node)) tellTime(project, file, node, report);
  }
  for (const payload of payloadSchemas(project)) {
    walkSchema(payload.schema, "payload", ({ schema, path, end }) => {
      if (end !== null) return false;
      const { format, local } = schemaDef(schema) as { readonly format?: string; readonly local?: boolean };
      if (format === "datetime" && local === true)
        report({ at: payload.at(path, schema), message: `${path} accepts a time without an offset.` });
      return true;
    });
  }
}

const localForms = new Set([
  "toString",
  "toLocaleString",
  "toLocaleDateString",
  "toLocaleTimeString",
  "toDateString",
  "toTimeString",
  "toUTCString",
  "toGMTString",
  "getTime",
]);

function tellTime({ typescript }: Project, file: string, value: ts.Expression, report: Report): void {
  const fault = madeOf(typescript, value)
    .map(faultOfTime)
    .find((one) => one !== null);
  if (fault != null) {
    report({ at: value, message: `The time is ${fault}; expected ISO 8601 in UTC.` });
    return;
  }
  const text = typescript.values.valueOf(file, value);
  if (typeof text === "number")
    report({ at: value, message: "The time is a number; expected ISO 8601 in UTC." });
  else if (typeof text === "string" && !/^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]00:?00)$/.test(text))
    report({ at: value, message: `The time is "${text}"; expected ISO 8601 in UTC.` });
}

function faultOfTime(value: ts.Expression): string | null {
  if (!ts.isCallExpression(value))
    return ts.isNewExpression(value) && value.expression.getText() === "Date" ? "a Date" : null;
  const callee = bare(value.expression);
  if (ts.isIdentifier(callee)) return callee.text === "Date" ? "the local time as Date() writes it" : null;
  if (!ts.isPropertyAccessExpression(callee)) return null;
  const owner = bare(callee.expression);
  if (callee.name.text === "now" && owner.getText() === "Date") return "a number of milliseconds";
  const isDate =
    (ts.isNewExpression(owner) && owner.expression.getText() === "Date") ||
    /(?:^|\.)now(?:\(\))?$|date$/i.test(owner.getText());
  return isDate && localForms.has(callee.name.text) ? `what ${callee.name.text}() makes` : null;
}
