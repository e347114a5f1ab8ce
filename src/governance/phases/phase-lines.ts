/** What the phases ask of a module: a line for each. */

import { checkEventName } from "@brain/schemas";
import { documentedEvents } from "./facts/module-documents.ts";
import { whereOf } from "./facts/module-facts.ts";
import { consumedBy, type Judged, missingOf, ours, purposeOf, saysNone } from "./judged.ts";
import { counted, fail, type Line, lineOf, listed, type Outcome, pass } from "./line.ts";
import { roleOf } from "./plan.ts";

export function analysis(judged: Judged): readonly Line[] {
  const { facts, plan, project } = judged;
  const purpose = purposeOf(judged);
  const changing = plan.changing.map(({ name, route }) => name || (route ?? ""));
  return [
    lineOf(
      "0.1",
      "Purpose in a sentence",
      purpose === null
        ? fail(
            "no document says what the module is for",
            `Write one sentence below "## Purpose" (or "## Zweck") in ${facts.folder}/README.md, or as **Purpose:** in the plan.`,
          )
        : pass(purpose.length > 120 ? `${purpose.slice(0, 119)}…` : purpose),
    ),
    lineOf(
      "0.2",
      "State changes known",
      pass(
        changing.length === 0
          ? "no function was found that changes state"
          : `${counted(changing.length, "function")}: ${listed(changing)}`,
      ),
    ),
    lineOf(
      "0.3",
      "External dependencies known",
      pass(
        plan.external.length === 0
          ? "none was found that is waited for"
          : listed(plan.external.map(({ name, place }) => `${name} (${whereOf(project, place)})`)),
      ),
    ),
    lineOf("0.4", "Role", pass(roleOf(facts, plan))),
    lineOf("0.5", "Planned event list with type, when, payload, consumers", planned(judged)),
  ];
}

function planned({ facts, wanted, plan }: Judged): Outcome {
  const open = wanted.filter(({ documented }) => documented !== null && missingOf(documented).length > 0);
  const [first] = open;
  if (first?.documented != null) {
    const { file, line, type } = first.documented;
    return fail(
      `${file}:${line} leaves out ${listed(missingOf(first.documented))} of ${type}${open.length > 1 ? `, and ${open.length - 1} more are not whole` : ""}`,
      "Say of each event when it is published, which fields it has and who consumes it.",
    );
  }
  const documented = wanted.filter((event) => event.documented !== null);
  if (documented.length > 0)
    return pass(
      `${counted(documented.length, "event")} in ${listed([...new Set(documented.flatMap(({ documented: found }) => found?.file ?? []))])}`,
    );
  if (facts.events !== null && plan.events.length === 0)
    return pass(`${facts.events.path} names none, and no change was found`);
  if (facts.events !== null && saysNone(facts.events))
    return pass(`${facts.events.path} says that it publishes none`);
  return fail(
    `no document describes an event; the code shows ${counted(plan.events.length, "event")} to plan${plan.events.length > 0 ? `: ${listed(plan.events.map(({ type }) => type))}` : ""}`,
    `Write the list with "charter phase ${facts.name} --plan ${facts.folder}/PLAN.md", fill in each "?", and agree on it.`,
  );
}

export function design(judged: Judged): readonly Line[] {
  const { facts } = judged;
  const own = ours(judged);
  if (own.length === 0)
    return [
      lineOf("1.1", "Names by the charter", fail("no event is planned yet", "Agree on the list of phase 0.")),
    ];
  const misnamed = own.flatMap(({ type }) => checkEventName(type).map(({ message }) => message));
  const unregistered = own.filter(({ registered }) => registered === null).map(({ type }) => type);
  const registry = facts.language === "Python" ? "the enum of event types" : "the catalogue, by defineEvent";
  const eventsPath = `${facts.folder}/EVENTS.md`;
  const described = new Map(
    (facts.events === null ? [] : documentedEvents(facts.events, "published")).map(
      (event) => [event.type, event] as const,
    ),
  );
  const undescribed = own.flatMap(({ type }) => {
    const event = described.get(type);
    if (event === undefined) return [type];
    const missing = missingOf(event);
    return missing.length === 0 ? [] : [`${listed(missing)} of ${type}`];
  });
  return [
    lineOf(
      "1.1",
      "Names by the charter",
      misnamed.length > 0
        ? fail(listed(misnamed, 2), "Name it <domain>.<resource>.<action>, the action in the past tense.")
        : pass(listed(own.map(({ type }) => type))),
    ),
    lineOf(
      "1.2",
      "Registered",
      unregistered.length > 0
        ? fail(
            `${listed(unregistered)} ${unregistered.length === 1 ? "is" : "are"} not in ${registry}`,
            `Add ${unregistered.length === 1 ? "it" : "them"} to ${registry}.`,
          )
        : pass(`${counted(own.length, "event")} in ${registry}`),
    ),
    lineOf(
      "1.3",
      "EVENTS.md describes each",
      facts.events === null
        ? fail(
            `there is no ${eventsPath}`,
            "Write it: per event when, payload and consumers. The plan is its beginning.",
          )
        : undescribed.length > 0
          ? fail(
              `${eventsPath} does not describe ${listed(undescribed)}`,
              "Add a section with when, payload and consumers for each.",
            )
          : pass(eventsPath),
    ),
  ];
}

export function producer(judged: Judged): readonly Line[] {
  const { project } = judged;
  const own = ours(judged);
  if (own.length === 0)
    return [
      lineOf(
        "2.1",
        "Each planned event is published",
        fail("no event is planned yet", "See phases 0 and 1."),
      ),
    ];
  const silent = own.filter(({ published }) => published === null).map(({ type }) => type);
  const places = own.flatMap(({ published }) =>
    published === null ? [] : whereOf(project, published.place),
  );
  return [
    lineOf(
      "2.1",
      "Each planned event is published",
      silent.length > 0
        ? fail(
            `${listed(silent)} ${silent.length === 1 ? "is" : "are"} published nowhere in ${judged.facts.folder}`,
            "Publish it where the change commits; or take it off the plan, and out of the registry.",
          )
        : pass(listed(places)),
    ),
  ];
}

export function consumer(judged: Judged): readonly Line[] {
  const { facts, project } = judged;
  const handled = new Set(facts.handled.flatMap(({ type }) => type ?? []));
  const unhandled = [...new Set(consumedBy(facts).map(({ type }) => type))].filter(
    (type) => !handled.has(type),
  );
  const hasAll = facts.handled.some(({ type }) => type === null);
  const names = facts.consumers.map(({ type, place }) => `${type ?? "?"} (${whereOf(project, place)})`);
  return [
    lineOf(
      "3.1",
      "A consumer with a subscriber of its own",
      facts.consumers.length === 0
        ? fail("no consumer is defined", "Use the shared consumer, with the module's name as subscriber.")
        : pass(listed(names)),
    ),
    lineOf(
      "3.2",
      "A handler for each event that it reacts to",
      unhandled.length > 0 && !hasAll
        ? fail(
            `documents name ${listed(unhandled)}, and nothing handles ${unhandled.length === 1 ? "it" : "them"}`,
            "Register a handler, or take the event out of the documents.",
          )
        : pass(
            handled.size === 0 ? "by a list that is made at run time, or every event" : listed([...handled]),
          ),
    ),
    lineOf(
      "3.3",
      "Started and stopped with the application",
      facts.lifecycle.length === 0
        ? fail(
            "nothing starts its consumer",
            facts.language === "Python"
              ? "Start it in the lifespan of the application, and stop it there."
              : "Name it in `consumers` of the module.",
          )
        : pass(listed(facts.lifecycle.map((place) => whereOf(project, place)))),
    ),
  ];
}

export function ending(judged: Judged): readonly Line[] {
  const { facts } = judged;
  const path = `${facts.folder}/README.md`;
  const lacks = readmeLacks(judged);
  return [
    lineOf(
      "5.1",
      "README.md is final",
      facts.readme === null
        ? fail(`there is no ${path}`, `Write it by the template: ${template}.`)
        : lacks.length > 0
          ? fail(`${path} does not tell ${listed(lacks)}`, `Complete it by the template: ${template}.`)
          : pass(path),
    ),
    lineOf(
      "5.2",
      "EVENTS.md is final",
      facts.events === null
        ? fail(`there is no ${facts.folder}/EVENTS.md`, "Write it from the plan.")
        : pass(facts.events.path),
    ),
    lineOf("5.3", "The documents tell how far the migration is", migrationTold(facts)),
  ];
}

const template =
  "Purpose, Events Published, Events Consumed, Dependencies, Operations, Migration Notes (or with Zweck and Betriebs-Hinweise); the owner below the title";

function readmeLacks({ facts, readme, wanted }: Judged): readonly string[] {
  if (facts.readme === null || readme === null) return [];
  const published = new Set(documentedEvents(facts.readme, "published").map(({ type }) => type));
  const consumed = new Set(documentedEvents(facts.readme, "consumed").map(({ type }) => type));
  const untold = wanted.filter(({ isOurs, type }) => isOurs && !published.has(type)).map(({ type }) => type);
  const unheard = [...new Set(facts.handled.flatMap(({ type }) => type ?? []))].filter(
    (type) => !consumed.has(type),
  );
  return [
    ...(readme.purpose === null ? ["its purpose"] : []),
    ...(readme.owner === null ? ["its owner"] : []),
    ...(readme.dependencies === null ? ["its dependencies"] : []),
    ...(untold.length > 0 ? [`that it publishes ${listed(untold)}`] : []),
    ...(unheard.length > 0 ? [`that it consumes ${listed(unheard)}`] : []),
  ];
}

/** A section, or a line that begins so, with something behind it. */
function migrationTold({ readme, events, folder }: Judged["facts"]): Outcome {
  for (const document of [events, readme]) {
    if (document === null) continue;
    const section = document.sections.find(
      ({ title, text }) => /^migration/i.test(title) && text.trim() !== "",
    );
    if (section !== undefined) return pass(`${document.path}:${section.line}`);
    if (/^\**migration status:?\**:?\s*\S/im.test(document.text)) return pass(document.path);
  }
  return fail(
    "neither README.md nor EVENTS.md tells it",
    `Write "## Migration Notes" into ${folder}/README.md: when, from what, to what, what breaks.`,
  );
}
