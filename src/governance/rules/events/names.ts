/** Events by their names, and the lists that they stand in. */

import { charter } from "@brain/schemas";
import ts from "typescript";
import type { Place } from "../../finding.ts";
import type { Project } from "../../project.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { declarationOf, isSetOnce } from "../../tree/names/scope.ts";
import { type DefinedEvent, schemasPackage, type TypeScriptTree } from "../../tree/product/typescript.ts";
import { bare, propertyValue, stringPlace } from "../../tree/syntax/source.ts";

export interface Named {
  readonly event: DefinedEvent;
  readonly type: string;
  /** What stands between the quotes. */
  readonly at: Place;
}

/** Those whose names can be read. */
export function namesIn({ typescript }: Project): readonly Named[] {
  return typescript.events.flatMap((event) => {
    // A function that defines it may be given nothing.
    const at = event.call.arguments[0] ?? event.call;
    const types = event.type === null ? typesOfChoice(typescript, at) : [event.type];
    return types.map((type) => ({ event, type, at: stringPlace(at) }));
  });
}

const maxChoices = 3;

/** Of `isOld ? "book.lent" : "library.book.lent"`, and of each of a list: all that it may be. */
function typesOfChoice(tree: TypeScriptTree, node: ts.Expression, steps = maxChoices): readonly string[] {
  const value = bare(node);
  const texts = tree.values.valuesOf(value.getSourceFile().fileName, value);
  if (texts.length > 0) return [...new Set(texts)].filter((text) => typeof text === "string");
  const ends = steps === 0 ? [] : choicesOf(tree, value);
  return [...new Set(ends.flatMap((end) => (end === value ? [] : typesOfChoice(tree, end, steps - 1))))];
}

/** What a field or a variable holds may be something else by then: neither is looked behind. */
function choicesOf(tree: TypeScriptTree, value: ts.Expression): readonly ts.Expression[] {
  if (ts.isIdentifier(value)) {
    const declared = declarationOf(value);
    if (declared !== null && ts.isVariableDeclaration(declared) && !isSetOnce(declared)) return [];
  } else if (
    !ts.isConditionalExpression(value) &&
    !ts.isBinaryExpression(value) &&
    !ts.isCallExpression(value)
  )
    return [];
  return madeOf(tree, value, 1);
}

/** Of several of one name, the one that has it: the charter's own, otherwise the first. */
export function ownerOfName(names: readonly Named[], type: string): Named | undefined {
  const all = names.filter((name) => name.type === type);
  const module = charter.find(type)?.module;
  return all.find(({ event }) => event.module === module) ?? all[0];
}

/** Whether a file is of the charter's own package. */
export const isCharters = ({ files }: Project, file: string): boolean =>
  files.workspaces.some(
    ({ folder, name }) => name === schemasPackage && folder !== "" && file.startsWith(`${folder}/`),
  );

export interface Entry {
  readonly event: DefinedEvent;
  readonly at: ts.Node;
}

/** A list of events, as `events` of a module or the argument of `createCatalog`. */
export interface EventList {
  /** Null: it is a catalogue. */
  readonly module: string | null;
  readonly entries: readonly Entry[];
  /** False: some of it is worked out at run time. */
  readonly isWhole: boolean;
}

export function eventLists({ typescript }: Project): readonly EventList[] {
  const ofModules = typescript.modules.flatMap(({ name, definition }) => {
    const events = definition?.options ? propertyValue(definition.options, "events") : null;
    return definition === null || events === null
      ? []
      : [{ module: name, ...readList(typescript, definition.file, events) }];
  });
  const catalogues = typescript.catalogues.flatMap(({ file, call }) => {
    const [events] = call.arguments;
    return events === undefined ? [] : [{ module: null, ...readList(typescript, file, events) }];
  });
  return [...ofModules, ...catalogues];
}

type Listed = Pick<EventList, "entries" | "isWhole">;

function readList(tree: TypeScriptTree, file: string, node: ts.Expression): Listed {
  const value = bare(node);
  if (ts.isArrayLiteralExpression(value)) {
    const parts = value.elements.map((element): Listed => {
      if (ts.isSpreadElement(element)) return readList(tree, file, element.expression);
      const events = tree.eventsOf(file, element);
      return { entries: events.map((event) => ({ event, at: element })), isWhole: events.length > 0 };
    });
    return {
      entries: parts.flatMap(({ entries }) => entries),
      isWhole: parts.every(({ isWhole }) => isWhole),
    };
  }
  const origin = tree.bindings.originOfExpression(file, value);
  if (origin === null || origin.file === null || origin.value === null || bare(origin.value) === value)
    return { entries: [], isWhole: false };
  return readList(tree, origin.file, origin.value);
}
