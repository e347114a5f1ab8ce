import {
  charter,
  charterEvents,
  checkEventName,
  frozenNames,
  isUuidV4,
  schemaDef,
  walkSchema,
} from "@brain/schemas";
import ts from "typescript";
import type { Project } from "../../project.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { notKnown } from "../../tree/names/literals.ts";
import { givenTo } from "../../tree/names/scope.ts";
import type { Values } from "../../tree/names/values.ts";
import { envelopesOf } from "../../tree/product/envelopes.ts";
import { bare, calledName, placeOf, propertyOf, propertyValue } from "../../tree/syntax/source.ts";
import type { Report, Rule } from "../rule.ts";
import { payloadSchemas } from "./payload-schemas.ts";
import { fieldsIn } from "./payload-values.ts";

const publishMend =
  "Publish a catalogued event: `publish` makes the envelope, and nothing of it can be forgotten.";

/** What stands around a payload. */
export const envelopes: readonly Rule[] = [
  {
    id: "E-1",
    title: "An event has all fields of the envelope",
    severity: "error",
    why: "Readers in every language take the same fields for granted; an event without one is a dead letter for each of them.",
    mend: publishMend,
    caughtBy: ["types", "publish"],
    check: checkComplete,
  },
  {
    id: "E-2",
    title: "The id of an event is a UUID v4",
    severity: "error",
    why: "Ids must not meet across programs that know nothing of each other, and must tell nothing of when and where.",
    mend: "Use crypto.randomUUID(), or let `publish` give the id.",
    caughtBy: ["publish"],
    check: checkIds,
  },
  {
    id: "E-3",
    title: "The type of an event is catalogued",
    severity: "error",
    why: "Nobody can read a type that no catalogue has: it is recorded, and handled by nobody.",
    mend: "Define the event with defineEvent, or write the name of the one that is meant.",
    caughtBy: ["publish"],
    check: checkTypes,
  },
  {
    id: "E-4",
    title: "Times are UTC",
    severity: "error",
    why: "A time without its offset is another one for each reader.",
    mend: "Write new Date().toISOString(); in a schema z.iso.datetime({ offset: true }).",
    caughtBy: ["publish"],
    check: checkTimes,
  },
  {
    id: "E-5",
    title: "The schema version is an integer",
    severity: "error",
    why: 'Readers compare versions as numbers; "1.0" is neither equal to 1 nor before 2.',
    mend: "Write the integer 1, and count up when the payload changes.",
    caughtBy: ["types", "definition", "publish"],
    check: checkVersions,
  },
  {
    id: "E-6",
    title: "Meta names the producer and a module that exists",
    severity: "error",
    why: "Who asks where an event came from is led to a module; an empty name or one of no module leads nowhere.",
    mend: "Write the name of the module that owns the event, as its defineModule says.",
    caughtBy: ["start", "publish"],
    check: checkOrigins,
  },
  {
    id: "E-7",
    title: "Ids of context stand in the envelope, where they apply",
    severity: "warning",
    why: "Readers sort by these fields; one that says something else than its name makes them sort wrong.",
    mend: "Give mission_id only in missions and task_id only in tasks, and write tenant_id and the others beside meta.",
    caughtBy: [],
    check: checkContext,
  },
  {
    id: "11.5",
    title: "An event has a meta with its three keys",
    severity: "error",
    why: "Without schema_version, producer and source_module nobody knows how to read an event or whom to ask.",
    mend: publishMend,
    caughtBy: ["types", "publish"],
    check: checkMetas,
  },
];

const eventsOf = ({ typescript, files }: Project) => envelopesOf(typescript, files).events;
const metasOf = ({ typescript, files }: Project) => envelopesOf(typescript, files).metas;

/** The start of an object, so that a finding is about a line. */
const head = (node: ts.Node) => ({ ...placeOf(node), end: node.getStart() + 1 });

const required = ["id", "type", "source", "target", "payload", "timestamp"];
const metaKeys = ["schema_version", "producer", "source_module"];

function checkComplete(project: Project, report: Report): void {
  for (const { node, isOpen } of eventsOf(project)) {
    const missing = isOpen ? [] : required.filter((name) => propertyOf(node, name) === null);
    if (missing.length > 0) report({ at: head(node), message: `The event has no ${missing.join(", no ")}.` });
  }
}

function checkMetas(project: Project, report: Report): void {
  for (const { node, isOpen } of eventsOf(project))
    if (!isOpen && propertyOf(node, "meta") === null)
      report({ at: head(node), message: `The event has no meta; expected ${metaKeys.join(", ")}.` });
  for (const { node } of metasOf(project)) {
    const isOpen = node.properties.some(ts.isSpreadAssignment);
    const missing = isOpen ? [] : metaKeys.filter((name) => propertyOf(node, name) === null);
    if (missing.length > 0) report({ at: head(node), message: `Meta has no ${missing.join(", no ")}.` });
  }
}

function* given(
  project: Project,
  name: string,
): Generator<{ readonly file: string; readonly value: ts.Expression }> {
  for (const { file, node } of eventsOf(project)) {
    const value = propertyValue(node, name);
    if (value !== null) yield { file, value: bare(value) };
  }
}

/** The id that `publish` is told to take. */
function* idsGivenToPublish({ typescript: { published, values } }: Project) {
  for (const { file, call } of published) {
    const options = call.arguments[2];
    const written = options === undefined ? null : optionsOf(file, options, values);
    const id = written === null ? null : propertyValue(written, "id");
    if (id !== null) yield { file, value: bare(id) };
  }
}

/** As they are written in the call, in the function around, or at the top of the file. */
function optionsOf(file: string, node: ts.Expression, values: Values): ts.ObjectLiteralExpression | null {
  const value = bare(node);
  const local = ts.isIdentifier(value) ? givenTo(value) : null;
  const written = values.objectOf(file, local ?? value);
  return written !== null && written.file === file ? written.node : null;
}

function checkIds(project: Project, report: Report): void {
  for (const { value } of [...given(project, "id"), ...idsGivenToPublish(project)]) {
    const fault = madeOf(project.typescript, value)
      .map((one) => faultOfId(project, one.getSourceFile().fileName, one))
      .find((one) => one !== null);
    if (fault != null) report({ at: value, message: `The id is ${fault}; expected a UUID v4.` });
  }
}

const otherIds = new Set(["nanoid", "ulid", "ulidx", "cuid", "@paralleldrive/cuid2", "ksuid", "bson"]);

function faultOfId({ typescript }: Project, file: string, value: ts.Expression): string | null {
  if (ts.isTemplateExpression(value)) return isOnePart(value) ? null : "put together as text";
  if (ts.isBinaryExpression(value))
    return value.operatorToken.kind === ts.SyntaxKind.PlusToken ? "put together as text" : null;
  if (ts.isCallExpression(value)) {
    const origin = typescript.bindings.originOfExpression(file, value.expression);
    if (origin?.package === "uuid") return origin.name === "v4" ? null : `made by ${origin.name} of uuid`;
    if (origin?.package != null && otherIds.has(origin.package)) return `made by ${origin.package}`;
    const text = value.getText();
    if (/^(?:String\()?(?:Date\.now|Math\.random|performance\.now)\(\)/.test(text)) return `made by ${text}`;
    return calledName(value) === "randomUUIDv7" ? "a UUID v7" : null;
  }
  const text = typescript.values.valueOf(file, value);
  if (typeof text === "number") return `the number ${text}`;
  return typeof text === "string" && !isUuidV4(text) ? `the text "${text}"` : null;
}

/** `` `${id}` `` is what stands in it. */
const isOnePart = ({ head, templateSpans: [only, ...others] }: ts.TemplateExpression): boolean =>
  head.text === "" && only?.literal.text === "" && others.length === 0;

function checkTypes(project: Project, report: Report): void {
  const { typescript } = project;
  const known = new Set([
    ...typescript.events.flatMap(({ type }) => type ?? []),
    ...charter.all.map(({ type }) => type),
  ]);
  const domains = new Set([...known].map((type) => type.split(".")[0] ?? type));
  for (const { file, value } of given(project, "type")) {
    const type = typescript.values.valueOf(file, value);
    if (typeof type !== "string" || known.has(type)) continue;
    const near = charter.suggest(type);
    const isMeant =
      near !== null || domains.has(type.split(".")[0] ?? type) || checkEventName(type).length === 0;
    const isName = isMeant || /^[A-Z]/.test(type);
    if (isName)
      report({ at: value, message: `"${type}" is in no catalogue${near === null ? "" : `; "${near}" is`}.` });
  }
}

function checkTimes(project: Project, report: Report): void {
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

function checkVersions(project: Project, report: Report): void {
  const { values, events } = project.typescript;
  const judge = (file: string, node: ts.Expression, what: string) => {
    const version = values.valueOf(file, node);
    if (version === notKnown || (typeof version === "number" && Number.isInteger(version) && version >= 1))
      return;
    const whole = typeof version === "string" && /^[1-9]\d*(?:\.0+)?$/.test(version) ? Number(version) : null;
    const isHere = ts.isStringLiteralLike(bare(node));
    report({
      at: node,
      message: `${what} is ${JSON.stringify(version)}; expected an integer from 1.`,
      ...(whole !== null && isHere ? { fix: [{ ...placeOf(node), text: String(whole) }] } : {}),
    });
  };
  for (const { file, node } of metasOf(project)) {
    const version = propertyValue(node, "schema_version");
    if (version !== null) judge(file, version, "meta.schema_version");
    const old = propertyOf(node, "version");
    if (old !== null)
      report({ at: old.name ?? old, message: "meta.version is an old name; expected schema_version." });
  }
  for (const { file, options, type } of events) {
    const version = options && values.optionOf(file, options, "version");
    if (version !== null) judge(version.file, version.node, `The version of "${type}"`);
  }
}

function checkOrigins(project: Project, report: Report): void {
  const { modules, moduleOf, values, events } = project.typescript;
  const names = new Set([
    ...modules.map(({ name }) => name),
    ...charterEvents.filter(({ type }) => frozenNames.has(type)).map(({ module }) => module),
  ]);
  const isUnknown = (name: string) => modules.length > 0 && !names.has(name);
  for (const { file, node } of metasOf(project)) {
    const own = moduleOf(file);
    for (const key of ["producer", "source_module"]) {
      const value = propertyValue(node, key);
      const name = value === null ? notKnown : values.valueOf(file, value);
      if (value === null || typeof name !== "string") continue;
      if (name.trim() === "") report({ at: value, message: `meta.${key} is empty.` });
      else if (key === "source_module" && isUnknown(name))
        report({ at: value, message: `meta.source_module is "${name}", and there is no such module.` });
      else if (key === "source_module" && own !== null && own.name !== name)
        report({ at: value, message: `meta.source_module is "${name}", and the module is ${own.name}.` });
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

function checkContext(project: Project, report: Report): void {
  const { moduleOf, published } = project.typescript;
  const tell = (file: string, node: ts.ObjectLiteralExpression) => {
    const module = moduleOf(file);
    for (const [key, names] of Object.entries(owners)) {
      const value = propertyValue(node, key);
      if (value === null || module === null || names.test(module.name) || isNothing(bare(value))) continue;
      report({
        at: value,
        message: `The module ${module.name} gives ${key}, which belongs to ${key === "task_id" ? "tasks" : "missions"}.`,
      });
    }
  };
  for (const { file, node } of eventsOf(project)) tell(file, node);
  for (const { file, call } of published) {
    const options = call.arguments[2] === undefined ? null : bare(call.arguments[2]);
    if (options !== null && ts.isObjectLiteralExpression(options)) tell(file, options);
  }
  for (const { node } of metasOf(project))
    for (const { name } of node.properties)
      if (name !== undefined && topLevel.has(name.getText()))
        report({
          at: name,
          severity: "error",
          message: `${name.getText()} stands in meta; it belongs beside it.`,
        });
}

const isNothing = (node: ts.Expression) =>
  node.kind === ts.SyntaxKind.NullKeyword || node.getText() === "undefined";
