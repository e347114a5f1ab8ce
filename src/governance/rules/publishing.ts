import ts from "typescript";
import type { Project } from "../project.ts";
import { rawPublished } from "../tree/publishers.ts";
import { redisPackages } from "../tree/redis-commands.ts";
import { isUnseenSettled, rejectionHandlerOf } from "../tree/rejections.ts";
import { functionOf } from "../tree/scope.ts";
import { bare, calledName, isFunction } from "../tree/source.ts";
import { enginePackage } from "../tree/typescript.ts";
import { claimsByEventId } from "./claims.ts";
import { writtenRecord } from "./foreign-tables.ts";
import { publishedInTransaction } from "./in-transaction.ts";
import { optionalStreams } from "./optional-streams.ts";
import type { Report, Rule } from "./rule.ts";
import { moduleSourcesWith, sourcesWith } from "./scope-of-rules.ts";
import { secondBuses } from "./second-buses.ts";

/** How events are published. */
export const publishing: readonly Rule[] = [
  {
    id: "E-8",
    also: ["C1a"],
    title: "Only catalogued events are published, no raw objects",
    severity: "error",
    why: "An object that looks like an event has no schema, no version and no owner, and nobody notices when it changes.",
    mend: "Define the event with `defineEvent`, and publish that value with its payload: `publish(orderPlaced, { … })`.",
    caughtBy: ["types"],
    check: rawEvents,
  },
  {
    id: "B-1",
    title: "An event is published in the transaction of the change that it tells of",
    severity: "error",
    why: "An event of a change that was rolled back is false, and a change without its event is never heard of.",
    mend: "Make the change and publish in one `transact`, both by what it gives; await each publish, and call the outside afterwards.",
    caughtBy: [],
    check: publishedInTransaction,
  },
  {
    id: "B-2",
    title: "A module is given what it publishes with, and makes no stream of its own",
    severity: "error",
    why: "A connection of the module's own knows no transaction, no outbox, no mode and no test.",
    mend: "Use `publish` of `transact` or of the handler's context; Redis and the engine are made where the product starts.",
    caughtBy: [],
    check: ownStreams,
  },
  {
    id: "B-3",
    also: ["11.6"],
    title: "A publish that fails is not swallowed",
    severity: "error",
    why: "The event is a row beside the change: when it is refused and the change commits all the same, nobody ever hears of it.",
    mend: "Let the error through, so that the transaction ends with it; the network cannot fail here, because only the relay sends.",
    caughtBy: [],
    check: swallowedPublishes,
  },
  {
    id: "B-4",
    title: "The engine is made in one place",
    severity: "error",
    why: "Two engines have two catalogues, two settings and two sets of consumers, and one of them is wrong.",
    mend: "Make it once in a function of the product, and call that where a program starts.",
    caughtBy: [],
    check: severalEngines,
  },
  {
    id: "B-5",
    title: "There is no second bus, and only the relay appends to the stream",
    severity: "error",
    why: "What is written past the record is lost with Redis, comes without its transaction, and is known to no operator.",
    mend: "Publish a catalogued event; the relay appends it.",
    caughtBy: [],
    check: secondBuses,
  },
  {
    id: "B-6",
    title: "The event stream is not optional",
    severity: "error",
    why: "A module that goes on without a stream loses its events in silence.",
    mend: "Take what publishes as a parameter that is always there; whether a stream is needed is for the mode to say.",
    caughtBy: [],
    check: optionalStreams,
  },
  {
    id: "B-7",
    also: ["11.3"],
    title: "What was handled is known by the stream's message, not by the event's id",
    severity: "error",
    why: "The claim of the engine commits with the effect; a look-up by event id of the module's own does not, and forgets with its isolate.",
    mend: "Leave it to the engine, which claims (subscriber, stream message id) in the transaction of the handler.",
    caughtBy: ["apply"],
    check: claimsByEventId,
  },
];

function rawEvents(project: Project, report: Report): void {
  writtenRecord(project, report);
  for (const { file, nodes } of sourcesWith(project, /(?:publish|emit)\w*\s*\(/i))
    for (const call of nodes.calls) {
      const raw = rawPublished(project.typescript, file, call);
      if (raw !== null)
        report({
          at: call,
          message: `${calledName(call)} is given ${raw.what}, which is no catalogued event.`,
        });
    }
}

const engineMakers = new Set(["createEngine", "createRedis"]);
/** The words of the charter for it. */
const streamClass = /^(?:Event|Message)(?:Stream|Bus|Publisher)$/;

function ownStreams(project: Project, report: Report): void {
  const { bindings } = project.typescript;
  for (const { file, module, nodes } of moduleSourcesWith(
    project,
    /redis|valkey|createEngine|Stream|Bus|Publisher/i,
  )) {
    for (const node of [...nodes.news, ...nodes.calls]) {
      const callee = bare(node.expression);
      const owner =
        ts.isCallExpression(node) && ts.isPropertyAccessExpression(callee) ? bare(callee.expression) : callee;
      const origin = bindings.originOfExpression(file, callee) ?? bindings.originOfExpression(file, owner);
      if (origin === null) continue;
      const isRedis = origin.package !== null && redisPackages.has(origin.package);
      const isEngine = origin.package === enginePackage && engineMakers.has(origin.name);
      const isOwn = ts.isNewExpression(node) && origin.package === null && streamClass.test(origin.name);
      if (isRedis || isEngine || isOwn)
        report({
          at: node,
          message: `The module ${module.name} makes a stream of its own by ${callee.getText()}.`,
        });
    }
  }
}

function swallowedPublishes({ typescript }: Project, report: Report): void {
  const bodyOf: BodyOf = (given) => functionOf(typescript, given)?.body ?? null;
  for (const { call, events } of typescript.published) {
    const [event] = events;
    const type = events.length === 1 && event?.type ? `"${event.type}"` : "the event";
    const swallow = swallowedBy(call, bodyOf);
    if (swallow !== null)
      report({ at: swallow, message: `When ${type} is refused, nobody hears of it: the error ends here.` });
  }
}

/** The body of a function of the project that an expression is, or names; null: it is none. */
type BodyOf = (given: ts.Expression) => ts.Node | null;

/** The `catch` around a call, or behind it, from which no error comes out; null: there is none. */
function swallowedBy(call: ts.CallExpression, bodyOf: BodyOf): ts.Node | null {
  for (let at: ts.Node = call; at.parent !== undefined; at = at.parent) {
    const { parent } = at;
    if (isFunction(parent)) {
      if (isOfEach(parent)) continue;
      return null;
    }
    if (ts.isCallExpression(parent) && isUnseenSettled(parent)) return parent;
    if (ts.isTryStatement(parent) && parent.tryBlock === at && parent.catchClause !== undefined)
      return throwsWithin(parent.catchClause.block) ? null : parent.catchClause;
    const chained = ts.isPropertyAccessExpression(parent) && parent.expression === at ? parent.parent : null;
    if (chained === null || !ts.isCallExpression(chained)) continue;
    const given = rejectionHandlerOf(chained);
    if (given === undefined) continue;
    const body = bodyOf(given);
    const isLog = /^console\.\w+$/.test(bare(given).getText());
    return isLog || (body !== null && !throwsWithin(body)) ? chained : null;
  }
  return null;
}

/** `items.map((item) => publish(…))`: what becomes of it is decided where the list is. */
const isOfEach = ({ parent }: ts.Node) =>
  ts.isCallExpression(parent) && /^(?:map|flatMap)$/.test(calledName(parent) ?? "");

/** Whether an error may come out of it: it throws, or gives back a refusal. */
function throwsWithin(body: ts.Node): boolean {
  let found = false;
  const look = (node: ts.Node): void => {
    if (ts.isThrowStatement(node)) found = true;
    else if (ts.isCallExpression(node) && /^Promise\.reject$/.test(node.expression.getText())) found = true;
    if (!found) ts.forEachChild(node, look);
  };
  look(body);
  return found;
}

function severalEngines(project: Project, report: Report): void {
  const { typescript } = project;
  const made: ts.CallExpression[] = [];
  for (const { file, module, nodes } of sourcesWith(project, /createEngine/))
    for (const call of nodes.calls)
      if (module === null && typescript.calledOf(file, call, enginePackage) === "createEngine")
        made.push(call);
  const [first, ...others] = made;
  for (const call of others)
    report({
      at: call,
      message: `A second engine is made here; ${first?.getSourceFile().fileName} makes one, too.`,
    });
}
