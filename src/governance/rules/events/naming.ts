import { charterEvents, checkEventName, frozenNames, type NameViolation } from "@brain/schemas";
import type { Project } from "../../project.ts";
import { singular } from "../../singular.ts";
import type { Report, Rule } from "../rule.ts";
import { isCharters, type Named, namesIn, ownerOfName } from "./names.ts";

/** How events are called. */
export const naming: readonly Rule[] = [
  {
    id: "N-1",
    title: "An event is called domain.resource.action",
    severity: "error",
    why: "Programs sort and subscribe by the three parts; a name of another form is found by nobody.",
    mend: "Write three parts of lower-case letters, digits and underscores, e.g. `course.outline.created`.",
    caughtBy: ["definition"],
    check: (project, report) => {
      forEachBroken(project, ["three_segments", "snake_case"], report);
      tellFrozen(project, report);
    },
  },
  {
    id: "N-2",
    title: "The domain of an event is its module's",
    severity: "error",
    why: "The domain says whom to ask about an event; a foreign one sends everybody to the wrong module.",
    mend: "Begin the name with the module's domain, in the singular, or let the module that owns the domain publish it.",
    caughtBy: [],
    check: checkDomains,
  },
  {
    id: "N-3",
    title: "The resource of an event is singular",
    severity: "error",
    why: "An event tells of one thing; two spellings of one resource are two events for who subscribes.",
    mend: "Write the singular, e.g. `course.lesson.generated` for `course.lessons.generated`.",
    caughtBy: ["definition"],
    check: (project, report) => forEachBroken(project, ["singular_resource"], report),
  },
  {
    id: "N-4",
    title: "The action of an event is in the past tense",
    severity: "error",
    why: "An event tells what happened; a name in the present tense reads as an order, and is handled as one.",
    mend: "Write what has happened: `created`, `completed`, `sent`.",
    caughtBy: ["definition"],
    check: (project, report) => forEachBroken(project, ["past_tense"], report),
  },
  {
    id: "N-5",
    title: "An event's name is neither PascalCase nor one snake_case word",
    severity: "error",
    why: "Names are compared letter by letter across languages; one spelling for all is the only one that can be relied on.",
    mend: "Write `course.outline.created` for `CourseOutlineCreated` and `course_outline_created`.",
    caughtBy: ["definition"],
    check: (project, report) => {
      forEachBroken(project, ["pascal_case"], report);
      for (const { type, at } of namesIn(project)) {
        if (!type.includes("_") || type.includes(".") || frozenNames.has(type)) continue;
        report({
          at,
          message: `"${type}" is one snake_case word; the parts of a name are separated by dots.`,
        });
      }
    },
  },
];

function forEachBroken(project: Project, rules: readonly NameViolation["rule"][], report: Report): void {
  for (const { type, at } of namesIn(project)) {
    for (const { rule, message } of checkEventName(type))
      if (rules.includes(rule))
        report({ at, message: `${message.charAt(0).toUpperCase()}${message.slice(1)}.` });
  }
}

/** A frozen name belongs to the event of the charter that has it; a second one would be a new event with a broken name. */
function tellFrozen(project: Project, report: Report): void {
  const names = namesIn(project);
  for (const name of names) {
    const { event, type, at } = name;
    if (!frozenNames.has(type)) continue;
    if (isCharters(project, event.file) && ownerOfName(names, type) === name) continue;
    report({
      at,
      message: `"${type}" is a name from before the rule (${frozenNames.get(type)}) and stays the charter's own; import that event, or give yours a name of three parts.`,
    });
  }
}

/** What is a module's own: its name, the first word of it, and what the charter's frozen names gave it. */
function mainDomains(module: string): readonly string[] {
  const frozen = charterEvents.filter((event) => event.module === module && frozenNames.has(event.type));
  const [first = module] = module.split("_");
  return [singular(module), singular(first), ...frozen.map(({ type }) => type.split(".")[0] ?? type)];
}

/** What a module may begin its names with: also another word of its name. */
const domainsOf = (module: string): ReadonlySet<string> =>
  new Set([...mainDomains(module), ...module.split("_").map(singular)]);

function checkDomains(project: Project, report: Report): void {
  const names = namesIn(project).filter(({ type }) => !frozenNames.has(type) && type.includes("."));
  const modules = new Set([
    ...project.typescript.modules.map(({ name }) => name),
    ...names.flatMap(({ event }) => event.module ?? []),
    ...charterEvents.map(({ module }) => module),
  ]);
  const domainOf = ({ type }: Pick<Named, "type">) => type.split(".")[0] ?? type;
  for (const name of names) {
    const { module } = name.event;
    const domain = domainOf(name);
    if (module === null || domainsOf(module).has(domain)) continue;
    const owner = [...modules].find((other) => other !== module && mainDomains(other).includes(domain));
    if (domainsOf(module).has(singular(domain)) || (owner === undefined && singular(domain) !== domain)) {
      report({
        at: name.at,
        message: `The domain "${domain}" of "${name.type}" is a plural; write "${singular(domain)}".`,
      });
    } else if (owner !== undefined) {
      report({
        at: name.at,
        message: `"${name.type}" begins with the domain of the module ${owner}, and belongs to ${module}.`,
      });
    } else if (!isShared(names.filter((other) => domainOf(other) === domain))) {
      report({
        at: name.at,
        severity: "warning",
        message: `No module is known by the domain "${domain}" of "${name.type}", which belongs to ${module}.`,
      });
    }
  }
}

/** A product may name its events by what it is about: then several of its modules do. */
const isShared = (names: readonly Named[]) => new Set(names.map(({ event }) => event.module)).size > 1;
