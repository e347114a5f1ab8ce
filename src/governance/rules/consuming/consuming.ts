import ts from "typescript";
import type { Project } from "../../project.ts";
import type { Section } from "../../tree/documents/documents.ts";
import { calledFunction } from "../../tree/flow/reach.ts";
import { declarationOf, parameterOwner } from "../../tree/names/scope.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import type { Handled, TypeScriptTree } from "../../tree/product/typescript.ts";
import { bare } from "../../tree/syntax/source.ts";
import { placeOfLine } from "../../tree/text.ts";
import type { Report, Rule } from "../rule.ts";
import { ownClaims } from "./claims.ts";
import { wrappedErrors } from "./handler-errors.ts";
import { ownLoops } from "./own-loops.ts";
import { sameNames } from "./subscriber-names.ts";
import { swallowingHandlers } from "./swallowed-errors.ts";
import { unnamedConsumers } from "./unnamed-consumers.ts";
import { unsafeTwice } from "./unsafe-twice.ts";

/** How events are consumed. */
export const consuming: readonly Rule[] = [
  {
    id: "C-1",
    title: "Events are consumed by a consumer of the engine",
    severity: "error",
    why: "A loop of one's own has no claims, no retries, no dead letters, and no operator sees it.",
    mend: "Define the consumer with `defineConsumer`, and what it handles with `on`.",
    caughtBy: ["start"],
    check: ownLoops,
  },
  {
    id: "C-2",
    title: "No two consumers have one subscriber name",
    severity: "error",
    why: "The name is part of the key of each claim: of two consumers with one name, each takes the other's events for done.",
    mend: "Give each consumer a name of its own.",
    caughtBy: ["start"],
    check: sameNames,
  },
  {
    id: "C-3",
    title: "Claims are written by the engine alone",
    severity: "error",
    why: "The claim (subscriber, stream message id) commits with the effect; who writes or deletes one by hand has effects lost or doubled. The same holds for what is unsent, on the stream or a dead letter.",
    mend: "Leave the engine's tables to the engine; what is to be applied again is replayed.",
    caughtBy: [],
    check: ownClaims,
  },
  {
    id: "C-4",
    title: "Permanent is what can never work, transient what may work later",
    severity: "error",
    why: "A permanent error is not tried again: who calls a lost connection permanent loses the effect; who calls a bad payload transient tries it for nothing.",
    mend: "Let the engine judge errors of databases and networks; throw PermanentError for what was decided, and TransientError for what passes.",
    caughtBy: [],
    check: wrappedErrors,
  },
  {
    id: "C-5",
    title: "A handler may run twice",
    severity: "warning",
    why: "A try that fails, and a forced replay, run the handler anew; what is random is then another, and outside nobody knows that it is the same.",
    mend: "Make keys from the event or by `idempotencyKey(label)` of the context, and insert with `onConflictDoNothing()` or `onConflictDoUpdate()`.",
    caughtBy: [],
    check: unsafeTwice,
  },
  {
    id: "C-6",
    title: "The module handles what its README says that it consumes",
    severity: "error",
    why: "Whoever changes an event asks the README who reads it.",
    mend: 'List each handled type below "Events Consumed", and remove those that nothing handles.',
    caughtBy: ["documents"],
    check: documentedConsumption,
  },
  {
    id: "C-7",
    title: "Each consumer is named by its module",
    severity: "error",
    why: "A consumer that no module names is never started: its events wait for ever, and no health check says so.",
    mend: "Name it in `consumers` of its module.",
    caughtBy: [],
    check: unnamedConsumers,
  },
  {
    id: "C-8",
    title: "A handler throws its errors, and acks nothing itself",
    severity: "error",
    why: "An error that ends in the handler is no error for the engine: the event counts as done, and its effect is missing.",
    mend: "Let the error through; the engine decides between a retry and a dead letter, and acks.",
    caughtBy: [],
    check: swallowingHandlers,
  },
];

const consumedTitle = /^(?:events consumed|consumed events|konsumierte (?:events|ereignisse))$/i;

function documentedConsumption(project: Project, report: Report): void {
  const { typescript, documents } = project;
  for (const module of typescript.modules) {
    const readme = documents.get(`${module.folder}/README.md`);
    const handled = typescript.handled.filter(({ file }) => typescript.moduleOf(file) === module);
    // What a handler is for may be known at run time only.
    const isOpen = handled.some((one) => one.events.length === 0 && !isPassedOn(typescript, one, handled));
    if (readme === undefined || isOpen) continue;
    const section = readme.sections.find(({ title }) => consumedTitle.test(title));
    const listed = section === undefined ? [] : listedIn(readme.sections, section);
    const types = new Set(listed.map(({ type }) => type));
    const told = new Set<string>();
    for (const { call, events } of handled)
      for (const { type } of events) {
        if (type === null || types.has(type) || told.has(type)) continue;
        told.add(type);
        report({
          at: call,
          message: `"${type}" is handled here, and the README of ${module.name} does not list it.`,
        });
      }
    const known = new Set(handled.flatMap(({ events }) => events).flatMap(({ type }) => type ?? []));
    if (makesHandlersElsewhere(project, module)) continue;
    for (const { type, line } of listed)
      if (!known.has(type))
        report({ at: placeOfLine(readme, line), message: `Nothing in ${module.name} handles "${type}".` });
  }
}

/** `const make = (event) => on(event, shelve)`, of which each call is known by itself. */
function isPassedOn(tree: TypeScriptTree, { call }: Handled, handled: readonly Handled[]): boolean {
  const event = call.arguments[0] === undefined ? null : bare(call.arguments[0]);
  const declared = event !== null && ts.isIdentifier(event) ? declarationOf(event) : null;
  const owner = declared === null ? null : parameterOwner(declared);
  return (
    owner !== null &&
    handled.some((one) => one.events.length > 0 && calledFunction(tree, one.call.expression) === owner)
  );
}

/** It has a consumer, and none of its handlers is known: they may handle anything. */
const makesHandlersElsewhere = ({ typescript }: Project, module: TypeScriptModule) =>
  typescript.consumers.some(({ file }) => typescript.moduleOf(file) === module) &&
  !typescript.handled.some(({ file }) => typescript.moduleOf(file) === module);

function listedIn(sections: readonly Section[], { line, endLine, level }: Section) {
  return sections
    .filter((section) => section.line > line && section.line < endLine && section.level === level + 1)
    .flatMap(({ title, line: at }) => {
      // Behind it stands the consumer, where several of a module handle the event.
      const type = /^(?:\d+\.\s*)?`?([a-z][a-z0-9_]*(?:\.[a-z0-9_]+)+)`?(?: \([a-z][a-z0-9_]*\))?$/.exec(
        title.trim(),
      )?.[1];
      return type === undefined ? [] : [{ type, line: at }];
    });
}
