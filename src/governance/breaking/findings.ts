/** Breaks as findings: where the event is defined, what changed, whom it hurts, how to mend it. Pure. */

import ts from "typescript";
import type { Finding } from "../finding.ts";
import type { Project } from "../project.ts";
import type { PayloadReads } from "../tree/product/payload-reads.ts";
import type { DefinedEvent } from "../tree/product/typescript.ts";
import { nameOf, propertyValue, walk } from "../tree/syntax/source.ts";
import { positionOf } from "../tree/text.ts";
import type { Comparison } from "./compare/compare.ts";
import type { Break } from "./decide.ts";
import { proposeUpcast } from "./propose.ts";
import { back, type Hurt, ruleOf } from "./rules.ts";
import { pathText } from "./shapes/shape.ts";
import { type Observed, type Reader, readersOf, readersText } from "./whom.ts";

/** A finding of `charter breaking`, with what programs want to know beside it. */
export interface BreakFinding extends Finding {
  readonly event: string;
  readonly version: number;
  /** `payload.items[].title`; null: the event as a whole. */
  readonly field: string | null;
  readonly was: string;
  readonly is: string;
  readonly hurts: readonly Hurt[];
  readonly readers: readonly Reader[];
  /** The step to the next version as code, with the first finding of an event that needs one. */
  readonly proposal: string | null;
}

export interface ToTell {
  readonly breaks: readonly Break[];
  readonly comparisons: readonly Comparison[];
  readonly project: Project;
  /** The module with the catalogue, from the root: where an event is told of that is gone. */
  readonly catalogueFile: string;
  readonly code: readonly PayloadReads[];
  readonly observed: Observed;
}

const whom: Readonly<Record<Hurt, string>> = {
  stored: "stored events",
  readers: "readers with the definition of before",
  producers: "producers with the definition of before",
  meaning: "what it means",
};

/** Whoever has raised the version is not told to do so. */
function leftToDo({ severity, hurts }: Break, comparison: Comparison | undefined, mend: string): string {
  const isRaised = comparison?.after != null && comparison.after.version > comparison.before.version;
  const isOfReaders = severity !== "error" && hurts.every((hurt) => hurt === "readers");
  return isRaised && isOfReaders && /\braise the version\b/i.test(mend) ? back : mend;
}

export function findingsOf(told: ToTell): readonly BreakFinding[] {
  const proposed = new Set<string>();
  return told.breaks.map((found) => {
    const comparison = told.comparisons.find(
      ({ type, shape, others }) =>
        type === found.type && (found.path === null ? others.length + shape.length > 0 : true),
    );
    const isStored = found.severity === "error" && found.hurts.includes("stored");
    const needsStep = isStored && comparison !== undefined && !proposed.has(found.type);
    const proposal = needsStep ? proposeUpcast(comparison) : null;
    if (proposal !== null) proposed.add(found.type);
    const readers =
      comparison === undefined ? [] : readersOf(found, comparison.before, told.code, told.observed);
    const { what, why, mend } = ruleOf(found.rule);
    const field = found.path === null ? null : pathText(found.path);
    const about = `\`${found.type}\`${field === null ? "" : ` ${field}`}`;
    const shown = found.shown === "" ? "" : ` ${found.shown}`;
    const hurt = found.hurts.map((one) => whom[one]).join(", ");
    return {
      rule: found.rule,
      severity: found.severity,
      ...placeOf(
        told,
        comparison?.typeNow ?? found.type,
        found.rule === "FIELD_RENAMED" ? found.is : (found.path?.[0] ?? null),
      ),
      message: `${about}: ${what} Before: ${found.was}; now: ${found.is}.${shown} It hurts ${hurt}. Read by: ${readersText(readers)}.`,
      why,
      mend: `${leftToDo(found, comparison, mend)}.`,
      fix: null,
      event: found.type,
      version: found.version,
      field,
      was: found.was,
      is: found.is,
      hurts: found.hurts,
      readers,
      proposal: proposal?.code ?? null,
    };
  });
}

type PlaceInReport = Pick<Finding, "file" | "line" | "column" | "endLine" | "endColumn">;

/** The field in the definition of its event; the definition when the field is gone; the catalogue when the event is. */
function placeOf({ project, catalogueFile }: ToTell, type: string, field: string | null): PlaceInReport {
  const event = project.typescript.events.find((defined) => defined.type === type);
  if (event === undefined) return { file: catalogueFile, line: 1, column: 1, endLine: 1, endColumn: 1 };
  const source = project.typescript.source(event.file);
  const node = (field === null ? null : fieldNode(event, field)) ?? event.call.arguments[0] ?? event.call;
  const start = positionOf(source, node.getStart(source.ast));
  const end = positionOf(source, node.getEnd());
  return {
    file: event.file,
    line: start.line,
    column: start.column,
    endLine: end.line,
    endColumn: end.column,
  };
}

function fieldNode({ options }: DefinedEvent, field: string): ts.Node | null {
  const payload = options === null ? null : propertyValue(options, "payload");
  let found: ts.Node | null = null;
  if (payload === null) return null;
  walk(payload, (node) => {
    if (
      found === null &&
      ts.isObjectLiteralElement(node) &&
      node.name !== undefined &&
      nameOf(node.name) === field
    )
      found = node.name;
  });
  return found;
}
