/** Names of what is written, in the forms in which they stand in files; checked by the charter's own rules. */

import { checkEventName } from "@brain/schemas";
import { singular } from "../singular.ts";
import { ScaffoldError } from "./errors.ts";

const snakeCase = /^[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;
/** Postgres cuts names off behind 63 bytes, and the longest of ours has this much behind the module's. */
const maxName = 36;

export const camel = (snake: string) =>
  snake.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
export const kebab = (snake: string) => snake.replaceAll("_", "-");
export const spaced = (snake: string) => snake.replaceAll("_", " ");
export const pascal = (snake: string) => camel(`_${snake}`);

/** Of one word in snake_case; the last of several is what is many. */
export function plural(snake: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(snake)) return `${snake}es`;
  return /[^aeiou]y$/.test(snake) ? `${snake.slice(0, -1)}ies` : `${snake}s`;
}

export const withArticle = (words: string) => `${/^[aeiou]/.test(words) ? "an" : "a"} ${words}`;

const asShown = (text: string) => JSON.stringify(text.slice(0, 100));

/**
 * @param what e.g. `module`
 * @throws {ScaffoldError} it is not snake_case, or too long for tables
 */
export function checkName(what: string, name: string): string {
  if (!snakeCase.test(name)) {
    throw new ScaffoldError(
      `${asShown(name)} as the name of the ${what}`,
      "snake_case: a to z, 0 to 9 and single _, beginning with a letter",
      'Write it like "course_access".',
    );
  }
  if (name.length > maxName) {
    throw new ScaffoldError(
      `${asShown(name)} as the name of the ${what}, ${name.length} characters`,
      `at most ${maxName}, because tables and constraints are named after it`,
      "Take a shorter one.",
    );
  }
  return name;
}

export interface EventName {
  readonly type: string;
  readonly domain: string;
  readonly resource: string;
  readonly action: string;
  /** The identifier under which its definition is exported. */
  readonly constant: string;
}

/**
 * @param domains that the event may begin with, the module's own first
 * @throws {ScaffoldError} the charter refuses the name, or no module here has its domain
 */
export function checkEvent(type: string, domains: readonly string[]): EventName {
  const [fault, ...others] = checkEventName(type);
  const [domain = "", resource = "", action = ""] = type.split(".");
  if (fault !== undefined) {
    throw new ScaffoldError(
      `${asShown(type)} as the name of an event`,
      "<domain>.<resource>.<action>, snake_case, singular, in the past tense",
      `${[fault, ...others].map(({ message }) => message).join("; ")}. Write it like "${domains[0] ?? "library"}.book.lent".`,
    );
  }
  if (!domains.includes(domain)) {
    throw new ScaffoldError(
      `${asShown(type)}, whose domain is ${asShown(domain)}`,
      `one of ${domains.join(", ")}`,
      `An event begins with the domain of the module that publishes it: "${domains[0] ?? domain}.${resource}.${action}", or name the module whose it is.`,
    );
  }
  checkName("event's resource", resource);
  return { type, domain, resource, action, constant: camel(type.replaceAll(".", "_")) };
}

/**
 * The domains of a module: its name, and the first words of it, as `course` of `course_access`. In the singular, as N-2
 * wants them: events of `parcels` begin with `parcel`.
 */
export function domainsOf(module: string, present: readonly string[] = []): readonly string[] {
  const words = module.split("_");
  const beginnings = words.map((_, index) => singular(words.slice(0, words.length - index).join("_")));
  return [...new Set([...beginnings, ...present])];
}

/** What is proposed as the name of an event, e.g. `parcel.item.created` of `parcels`. */
export const proposedEvent = (module: string, action: string): string => `${singular(module)}.item.${action}`;
