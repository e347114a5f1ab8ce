/**
 * The templates: files of the folder `templates`, which are compiled and linted as the rest. In them a module is called
 * `sample_room`, and its event `sample_room.paper_slip.newly_added`. Each has two words, so that every form of them
 * (`sampleRoom`, `sample-room`) is a text of its own, and what is put in its place has the same form.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { camel, type EventName, kebab, pascal, plural, spaced, withArticle } from "./names.ts";

/** Where the templates are: beside the sources, in a checkout and in the package. */
const templatesFolder = fileURLToPath(new URL("../../../templates/", import.meta.url).href);

const sampleModule = "sample_room";
/** Its file of events, in a folder of those. */
const sampleDoor = "@brain/schemas/events/sample-room";
const sampleRelativeDoor = /(?:\.\.\/)+(?:src\/)?events\/sample-room\.ts/;

export interface Values {
  /** Of the module, or of the consumer that is written. */
  readonly name: string;
  readonly event: EventName;
  /** What stands in an import of the event's definition; left out: as the template has it. */
  readonly door?: string;
  /** A sentence, for documents and comments. */
  readonly purpose: string;
  readonly owner: string;
  /** `2026-11-27` */
  readonly date: string;
  /** Of the app; kebab-case. */
  readonly app?: string;
}

/** All forms of a name, beside those that the template has. */
function forms(template: string, name: string): [string, string][] {
  return [camel, pascal, kebab, spaced, (text: string) => text.toUpperCase(), (text: string) => text].map(
    (form) => [form(template), form(name)],
  );
}

const upperFirst = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function replacements({ name, event, purpose, owner, date, app, door }: Values): ReadonlyMap<string, string> {
  const slip = spaced("paper_slip");
  const resource = withArticle(spaced(event.resource));
  return new Map([
    ...forms(sampleModule, name),
    ...forms("paper_slip", event.resource),
    ...forms("paper_slips", plural(event.resource)),
    ...forms("newly_added", event.action),
    [`a ${slip}`, resource],
    [`A ${slip}`, upperFirst(resource)],
    ["sampleRoomPaperSlipNewlyAdded", event.constant],
    ["sample_room.paper_slip.newly_added", event.type],
    ["TEMPLATE_PURPOSE", purpose],
    ["TEMPLATE_OWNER", owner],
    ["TEMPLATE_DATE", date],
    ...(door === undefined ? [] : ([[sampleDoor, door]] as const)),
    ...(app === undefined ? [] : ([["sample-shop", app]] as const)),
  ]);
}

/** The text of a template, or its path, with the names in it replaced. */
export function fillIn(text: string, values: Values): string {
  const table = replacements(values);
  // The longest first: `paper_slips` is not `paper_slip` with an s.
  const names = [...table.keys()].sort((one, other) => other.length - one.length);
  const pattern = new RegExp(names.map((name) => name.replaceAll(/[./@]/g, "\\$&")).join("|"), "g");
  const { door } = values;
  const named =
    door === undefined ? text : text.replaceAll(new RegExp(sampleRelativeDoor, "g"), () => sampleDoor);
  return named.replaceAll(pattern, (found) => table.get(found) ?? found);
}

/** @param path from the folder of templates */
export function readTemplate(path: string): string {
  return readFileSync(join(templatesFolder, path), "utf8");
}

/** Paths of all files below a folder of templates, from there, sorted. */
export function listTemplates(folder: string): readonly string[] {
  return readdirSync(join(templatesFolder, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(join(templatesFolder, folder).length + 1))
    .map((path) => path.replaceAll("\\", "/"))
    .sort();
}
