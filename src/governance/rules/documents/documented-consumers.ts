/** EV-6: who handles an event stands at the event, and in EVENTS.md. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { headingWords, labelWords } from "../../tree/documents/document-words.ts";
import type { DefinedEvent, Handled } from "../../tree/product/typescript.ts";
import type { Report, Rule } from "../rule.ts";
import {
  documentsOfModules,
  eventSections,
  eventsOfModule,
  labelOf,
  labelsOf,
  reportLines,
  sectionOf,
} from "./module-documents.ts";

export const documentedConsumers: readonly Rule[] = [
  {
    id: "EV-6",
    title: "Each consumer stands at the events that it handles",
    severity: "error",
    why: "Who changes an event asks the consumers that stand there, and breaks the one that does not.",
    mend: "Name the subscriber in `consumers` of the event, and below **Consumers:** in the EVENTS.md of its module; `charter new consumer` does both for a new one.",
    caughtBy: ["documents"],
    check(project, report) {
      const handlers = handlersOf(project);
      checkDefinitions(project, handlers, report);
      checkDocuments(project, handlers, report);
    },
  },
];

/** A consumer that handles an event, and where. */
interface Handler {
  readonly subscriber: string;
  readonly event: DefinedEvent & { readonly type: string };
  readonly call: ts.CallExpression;
}

/** Each consumer with each event that it handles once, where that can be read. */
function handlersOf(project: Project): readonly Handler[] {
  const found = new Map<string, Handler>();
  for (const handled of project.typescript.handled) {
    const subscriber = subscriberOf(project, handled);
    if (subscriber === null) continue;
    for (const event of handled.events) {
      const { type } = event;
      if (type === null || found.has(`${subscriber} ${type}`)) continue;
      found.set(`${subscriber} ${type}`, { subscriber, event: { ...event, type }, call: handled.call });
    }
  }
  return [...found.values()];
}

/** Whose the handler is: of the consumer around it, or of the only one of its module. Null: that is not known. */
function subscriberOf({ typescript }: Project, { file, call }: Handled): string | null {
  const around = typescript.consumers.find(
    (consumer) => consumer.file === file && consumer.call.pos <= call.pos && call.end <= consumer.call.end,
  );
  if (around !== undefined) return around.subscriber;
  const module = typescript.moduleOf(file);
  const [only, more] = typescript.consumers.filter(
    (consumer) => module !== null && typescript.moduleOf(consumer.file) === module,
  );
  return more === undefined ? (only?.subscriber ?? null) : null;
}

function checkDefinitions({ typescript }: Project, handlers: readonly Handler[], report: Report): void {
  for (const { subscriber, event, call } of handlers) {
    const named = consumersOf(typescript.values, event);
    if (named === null || named.includes(subscriber)) continue;
    report({
      at: call,
      message: `"${subscriber}" handles "${event.type}", which does not name it in consumers.`,
    });
  }
}

/** What the definition names; null: only a run tells. */
function consumersOf(values: Project["typescript"]["values"], { file, options }: DefinedEvent) {
  if (options === null) return null;
  const option = values.optionOf(file, options, "consumers");
  if (option === null) return options.properties.some(ts.isSpreadAssignment) ? null : [];
  const value = values.valueOf(option.file, option.node);
  return Array.isArray(value) && value.every((name) => typeof name === "string") ? (value as string[]) : null;
}

/** Of another program. */
const elsewhere = /^(?:outside|extern|außerhalb)\b/i;

function checkDocuments(project: Project, handlers: readonly Handler[], report: Report): void {
  for (const given of documentsOfModules(project, "EVENTS.md")) {
    const { document, module } = given;
    const published = document === null ? null : sectionOf(document, headingWords.publishedBy);
    if (document === null || published === null) continue;
    const told = eventSections(document, published);
    const own = new Set(eventsOfModule(project, module).map(({ type }) => type));
    for (const { subscriber, event } of handlers.filter((handler) => own.has(handler.event.type))) {
      const section = told.find(({ type }) => type === event.type)?.section;
      const label = section === undefined ? null : labelOf(labelsOf(document, section), labelWords.consumers);
      // Without a section or the label it is another rule that says so.
      if (label === null) continue;
      if (label.items.some(({ codes, text }) => codes.includes(subscriber) && !elsewhere.test(text)))
        continue;
      reportLines(given, report)(
        label.line,
        `"${subscriber}" handles "${event.type}", and does not stand here.`,
      );
    }
  }
}
