import {
  type FaultKind,
  type ForbiddenField,
  faultyPlaces,
  forbiddenFields,
  maxLengthOf,
  payloadFields,
  payloadLimits,
  schemaDef,
  walkSchema,
} from "@brain/schemas";
import type ts from "typescript";
import type { Project } from "../../project.ts";
import { notKnown } from "../../tree/names/literals.ts";
import { isPlain, isSchema } from "../../tree/names/package-values.ts";
import { placeOf } from "../../tree/syntax/source.ts";
import type { Report, Rule, RuleFinding } from "../rule.ts";
import { loggedValues } from "./logged-values.ts";
import { makerOf, type PayloadSchema, payloadSchemas, sentenceOf } from "./payload-schemas.ts";
import { checkSpreads, checkValues } from "./payload-values.ts";

/** What an event may carry. */
export const payloads: readonly Rule[] = [
  {
    id: "P-1",
    title: "A payload says exactly which fields it has",
    severity: "error",
    why: "Events are kept for years and read in several languages; what the schema does not say, no reader can rely on.",
    mend: "Write z.strictObject({ … }) with fields that JSON has, and change values before they are published.",
    caughtBy: ["definition"],
    check: (project, report) => {
      tellFaults(project, "shape", report);
      tellNoObject(project, report);
    },
  },
  {
    id: "P-2",
    also: ["11.7"],
    title: "A payload holds nothing about a person",
    severity: "error",
    why: "An event goes to every subscriber, into the audit and the archive, and cannot be taken back.",
    mend: "Carry the person's id, or mark the field with pii(…), so that it is sealed with the person's own key.",
    caughtBy: ["definition", "publish"],
    check: (project, report) => {
      tellForbidden(project, "person", report);
      checkValues(project, "person", report);
    },
  },
  {
    id: "P-3",
    also: ["11.7"],
    title: "A payload holds no secret",
    severity: "error",
    why: "Everybody who may read events could use it, for as long as the events are kept.",
    mend: "Carry the id of the record that holds the secret; list hashes of public content under contentHashes.",
    caughtBy: ["definition", "publish"],
    check: (project, report) => {
      tellForbidden(project, "secret", report);
      checkValues(project, "secret", report);
    },
  },
  {
    id: "P-4",
    also: ["11.7"],
    title: "A payload holds no provider's id",
    severity: "error",
    why: "A provider's id ties everybody who reads the event to that provider, and opens records there.",
    mend: "Carry our own id; the module that talks to the provider knows which one of theirs it is.",
    caughtBy: ["definition", "publish"],
    check: (project, report) => {
      tellForbidden(project, "provider", report);
      checkValues(project, "provider", report);
    },
  },
  {
    id: "P-5",
    title: "A payload holds ids and facts, not whole objects",
    severity: "error",
    why: "A whole object takes everything along that is added to it later, and a number of a database means nothing elsewhere.",
    mend: "Name the fields that the event tells, and carry public ids as text; openObject() is for data that nobody can describe.",
    caughtBy: ["definition", "publish"],
    check: (project, report) => {
      tellFaults(project, "open", report);
      tellForbidden(project, "number", report);
      checkSpreads(project, report);
    },
  },
  {
    id: "P-6",
    title: "A payload is small, and everything in it has a bound",
    severity: "error",
    why: "Events are copied to every subscriber; one without a bound fills streams, and is refused when it is least convenient.",
    mend: "Give each text and list a .max(…), and carry the id of what is large.",
    caughtBy: ["definition", "publish"],
    check: (project, report) => {
      tellFaults(project, "bound", report);
      tellLarge(project, report);
    },
  },
  {
    id: "P-7",
    title: "A payload is typed, and each field says what it means",
    severity: "error",
    why: "Who reads an event in two years has the schema and nothing else.",
    mend: "Give the event a payload, and each of its fields a .describe(…).",
    caughtBy: ["types", "documents"],
    check: checkMeaning,
  },
  {
    id: "P-8",
    title: "Nothing personal and no secret is written into a log or an error",
    severity: "error",
    why: "Logs and dead letters keep it in the clear, where no erasure reaches it and more people read it.",
    mend: "Write the id of whom or of what it is about.",
    caughtBy: [],
    check: loggedValues,
  },
];

function tellFaults(project: Project, wanted: FaultKind, report: Report): void {
  for (const payload of payloadSchemas(project)) {
    for (const { kind, schema, issue } of faultyPlaces(payload.schema)) {
      // Nobody can tell what stands there, so it may be right.
      if (kind !== wanted || (schema as unknown) === notKnown) continue;
      const at = payload.at(issue.path, schema);
      report({ at, message: sentenceOf(issue), ...strictInstead(at, issue.received) });
    }
  }
}

/** `z.object` becomes `z.strictObject`: what was dropped in silence is refused from then on. */
function strictInstead(at: ts.Node, received: string | undefined): Pick<RuleFinding, "fix"> {
  const maker = received === "z.object" ? makerOf(at) : null;
  return maker?.text === "object" ? { fix: [{ ...placeOf(maker), text: "strictObject" }] } : {};
}

function tellNoObject(project: Project, report: Report): void {
  for (const { schema, node } of payloadSchemas(project)) {
    const { type } = schemaDef(schema);
    if (type !== "object" && !["any", "unknown", "custom"].includes(type))
      report({ at: node, message: `The payload is z.${type}; expected a z.strictObject({ … }).` });
  }
}

function tellForbidden(project: Project, wanted: ForbiddenField["kind"], report: Report): void {
  for (const payload of payloadSchemas(project)) {
    for (const { kind, schema, issue } of forbiddenFields(payload.schema, payload.contentHashes).fields)
      if (kind === wanted) report({ at: payload.at(issue.path, schema), message: sentenceOf(issue) });
  }
}

/** What alone would make the payload one that is refused. */
function tellLarge(project: Project, report: Report): void {
  for (const payload of payloadSchemas(project)) {
    walkSchema(payload.schema, "payload", ({ schema, path, end }) => {
      if (end !== null) return false;
      const { type } = schemaDef(schema);
      const most = type === "string" || type === "array" ? maxLengthOf(schema) : null;
      const bytes = (most ?? 0) * (type === "array" ? 2 : 1);
      if (bytes > payloadLimits.maxBytes) {
        const what = type === "array" ? `${most} items` : `${most} characters`;
        report({
          at: payload.at(path, schema),
          severity: "warning",
          message: `${path}: ${what} are more than the ${payloadLimits.maxBytes} bytes that a payload may have.`,
        });
      }
      return true;
    });
  }
}

function checkMeaning(project: Project, report: Report): void {
  const { events, values } = project.typescript;
  for (const event of events) {
    const option = event.options && values.optionOf(event.file, event.options, "payload");
    const whole = option === null ? event.given() : null;
    const given =
      option === null
        ? isPlain(whole) && Object.hasOwn(whole, "payload")
          ? whole.payload
          : notKnown
        : values.valueOf(option.file, option.node);
    if (given !== notKnown && !isSchema(given))
      report({
        at: option?.node ?? event.call,
        message: `The payload of "${event.type}" is no schema of zod.`,
      });
    const [, options] = event.call.arguments;
    if (option !== null || given !== notKnown || options === undefined) continue;
    const isOwn = values.objectOf(event.file, options)?.node === event.options;
    if (isOwn && values.isWhole(event.file, options))
      report({ at: event.call, message: `"${event.type}" has no payload.` });
  }
  for (const payload of payloadSchemas(project)) {
    for (const path of undescribed(payload))
      report({
        at: payload.at(`payload.${path}`),
        severity: "warning",
        message: `payload.${path} has no meaning; say it with .describe("…").`,
      });
  }
}

function undescribed({ schema }: PayloadSchema): readonly string[] {
  try {
    const definition = { payload: schema } as unknown as Parameters<typeof payloadFields>[0];
    return payloadFields(definition).flatMap(({ path, meaning }) => (meaning === "" ? [path] : []));
  } catch {
    // It has something that JSON Schema cannot say; P-1 tells.
    return [];
  }
}
