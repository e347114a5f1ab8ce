import type { CallExpression } from "typescript";
import type { Project } from "../../project.ts";
import { rawPublished } from "../../tree/product/publishers.ts";
import { enginePackage } from "../../tree/product/typescript.ts";
import { calledName } from "../../tree/syntax/source.ts";
import { claimsByEventId } from "../consuming/claims.ts";
import { writtenRecord } from "../modules/foreign-tables.ts";
import type { Report, Rule } from "../rule.ts";
import { sourcesWith } from "../scope-of-rules.ts";
import { publishedInTransaction } from "./in-transaction.ts";
import { optionalStreams } from "./optional-streams.ts";
import { ownStreams } from "./own-streams.ts";
import { secondBuses } from "./second-buses.ts";
import { swallowedPublishes } from "./swallowed-publishes.ts";

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
  for (const { file, nodes } of sourcesWith(project, /publish|emit/i))
    for (const call of nodes.calls) {
      const raw = rawPublished(project.typescript, file, call);
      if (raw !== null)
        report({
          at: call,
          message: `${calledName(call)} is given ${raw.what}, which is no catalogued event.`,
        });
    }
}

function severalEngines(project: Project, report: Report): void {
  const { typescript } = project;
  const made: CallExpression[] = [];
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
