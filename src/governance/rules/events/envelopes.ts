import { charter, checkEventName, isUuidV4 } from "@brain/schemas";
import ts from "typescript";
import type { Project } from "../../project.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { notKnown } from "../../tree/names/literals.ts";
import { isPlain } from "../../tree/names/package-values.ts";
import { givenTo } from "../../tree/names/scope.ts";
import type { Values } from "../../tree/names/values.ts";
import { envelopesOf } from "../../tree/product/envelopes.ts";
import { bare, calledName, placeOf, propertyValue } from "../../tree/syntax/source.ts";
import type { Report, Rule } from "../rule.ts";
import { eventsOf, given, metasOf, once } from "./envelope-fields.ts";
import { checkContext, checkOrigins } from "./envelope-origins.ts";
import { checkTimes } from "./envelope-times.ts";
import { namesIn } from "./names.ts";

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
    check: (project, report) => checkIds(project, once(report)),
  },
  {
    id: "E-3",
    title: "The type of an event is catalogued",
    severity: "error",
    why: "Nobody can read a type that no catalogue has: it is recorded, and handled by nobody.",
    mend: "Define the event with defineEvent, or write the name of the one that is meant.",
    caughtBy: ["publish"],
    check: (project, report) => checkTypes(project, once(report)),
  },
  {
    id: "E-4",
    title: "Times are UTC",
    severity: "error",
    why: "A time without its offset is another one for each reader.",
    mend: "Write new Date().toISOString(); in a schema z.iso.datetime({ offset: true }).",
    caughtBy: ["publish"],
    check: (project, report) => checkTimes(project, once(report)),
  },
  {
    id: "E-5",
    title: "The schema version is an integer",
    severity: "error",
    why: 'Readers compare versions as numbers; "1.0" is neither equal to 1 nor before 2.',
    mend: "Write the integer 1, and count up when the payload changes.",
    caughtBy: ["types", "definition", "publish"],
    check: (project, report) => checkVersions(project, once(report)),
  },
  {
    id: "E-6",
    title: "Meta names the producer and a module that exists",
    severity: "error",
    why: "Who asks where an event came from is led to a module; an empty name or one of no module leads nowhere.",
    mend: "Write the name of the module that owns the event, as its defineModule says.",
    caughtBy: ["start", "publish"],
    check: (project, report) => checkOrigins(project, once(report)),
  },
  {
    id: "E-7",
    title: "Ids of context stand in the envelope, where they apply",
    severity: "warning",
    why: "Readers sort by these fields; one that says something else than its name makes them sort wrong.",
    mend: "Give mission_id only in missions and task_id only in tasks, and write tenant_id and the others beside meta.",
    caughtBy: [],
    check: (project, report) => checkContext(project, once(report)),
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

/** The start of an object, so that a finding is about a line. */
const head = (node: ts.Node) => ({ ...placeOf(node), end: node.getStart() + 1 });

const required = ["id", "type", "source", "target", "payload", "timestamp"];
const metaKeys = ["schema_version", "producer", "source_module"];

function checkComplete(project: Project, report: Report): void {
  for (const { node, isOpen, fields } of eventsOf(project)) {
    const missing = isOpen ? [] : required.filter((name) => !fields.has(name));
    if (missing.length > 0) report({ at: head(node), message: `The event has no ${missing.join(", no ")}.` });
  }
}

function checkMetas(project: Project, report: Report): void {
  for (const { node, isOpen, fields } of eventsOf(project))
    if (!isOpen && !fields.has("meta"))
      report({ at: head(node), message: `The event has no meta; expected ${metaKeys.join(", ")}.` });
  const told = new Set<ts.Node>();
  for (const { node, isOpen, fields } of metasOf(project)) {
    const missing = isOpen || told.has(node) ? [] : metaKeys.filter((name) => !fields.has(name));
    told.add(node);
    if (missing.length > 0) report({ at: head(node), message: `Meta has no ${missing.join(", no ")}.` });
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
    ...namesIn(project).map(({ type }) => type),
    ...charter.all.map(({ type }) => type),
  ]);
  const domains = new Set([...known].map((type) => type.split(".")[0] ?? type));
  const tell = (at: ts.Expression, type: unknown): void => {
    if (typeof type !== "string" || known.has(type)) return;
    const near = charter.suggest(type);
    const isMeant =
      near !== null || domains.has(type.split(".")[0] ?? type) || checkEventName(type).length === 0;
    const isName = isMeant || /^[A-Z]/.test(type);
    if (isName)
      report({ at, message: `"${type}" is in no catalogue${near === null ? "" : `; "${near}" is`}.` });
  };
  for (const { value } of given(project, "type"))
    for (const end of madeOf(typescript, value))
      for (const type of typescript.values.valuesOf(end.getSourceFile().fileName, end)) tell(value, type);
  for (const { file, call } of envelopesOf(typescript, project.files).made) {
    const event = typescript.values.valueOf(file, call);
    if (isPlain(event)) tell(call, event.type);
  }
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
  for (const { fields } of metasOf(project)) {
    const version = fields.get("schema_version")?.value ?? null;
    if (version !== null) judge(version.getSourceFile().fileName, version, "meta.schema_version");
    const old = fields.get("version");
    if (old !== undefined)
      report({ at: old.name, message: "meta.version is an old name; expected schema_version." });
  }
  for (const { file, options, type } of events) {
    const version = options && values.optionOf(file, options, "version");
    if (version !== null) judge(version.file, version.node, `The version of "${type}"`);
  }
}
