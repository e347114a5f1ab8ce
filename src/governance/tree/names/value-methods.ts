/** What methods of texts, lists and maps give back, where all that goes into it is known. */

import { isCollection } from "./composites.ts";
import { notKnown } from "./literals.ts";

/** Longer ones are no names, and nobody compares them. */
const maxLength = 10_000;
/** More is not repeated, nor put in place of something. */
const maxGiven = 1_000;

/** Of a function of the project, or of zod. */
type Call = (callee: unknown, given: readonly unknown[]) => unknown;

const isText = (value: unknown): value is string | number =>
  typeof value === "string" || typeof value === "number";

/** `["shop", "order"].join(".")`, `names.at(0)`, `byKind.get("lent")`; {@link notKnown}: another method, or not all is known. */
export function methodOf(owner: unknown, method: string, given: readonly unknown[], call: Call): unknown {
  if (typeof owner === "string") return ofText(owner, method, given);
  if (Array.isArray(owner)) return ofList(owner, method, given, call);
  return isCollection(owner) ? ofCollection(owner, method, given) : notKnown;
}

const textMethods = new Set([
  "at",
  "charAt",
  "concat",
  "endsWith",
  "includes",
  "padEnd",
  "padStart",
  "repeat",
  "replace",
  "replaceAll",
  "slice",
  "split",
  "startsWith",
  "substring",
  "toLowerCase",
  "toString",
  "toUpperCase",
  "trim",
  "trimEnd",
  "trimStart",
]);

function ofText(text: string, method: string, given: readonly unknown[]): unknown {
  const isSmall = (one: unknown) => (typeof one === "number" ? one : String(one).length) <= maxGiven;
  if (!textMethods.has(method) || text.length > maxLength) return notKnown;
  if (!given.every((one) => isText(one) && isSmall(one))) return notKnown;
  const made: unknown = Reflect.apply(Reflect.get(String.prototype, method) as () => unknown, text, given);
  return made === undefined || (typeof made === "string" && made.length > maxLength) ? notKnown : made;
}

type List = readonly unknown[];

function ofList(list: List, method: string, given: List, call: Call): unknown {
  const [first] = given;
  switch (method) {
    case "join":
      return joined(list, first);
    case "at":
      // As `list[0]` has it; from its end only where all of it is known.
      return typeof first === "number" && (first in list || !list.includes(notKnown))
        ? list.at(first)
        : notKnown;
    case "concat":
      return given.includes(notKnown) ? notKnown : list.concat(...given);
    case "slice":
      return given.every((one) => typeof one === "number") && !list.includes(notKnown)
        ? list.slice(...(given as number[]))
        : notKnown;
    case "map":
      return list.map((one, at) => call(first, [one, at]));
    case "flatMap": {
      const made = list.map((one, at) => call(first, [one, at]));
      return made.includes(notKnown) ? notKnown : made.flat();
    }
    case "filter":
    case "find": {
      const isChosen = list.map((one, at) => call(first, [one, at]));
      if (isChosen.some((one) => typeof one !== "boolean")) return notKnown;
      const chosen = list.filter((_, at) => isChosen[at] === true);
      return method === "filter" ? chosen : chosen[0];
    }
    default:
      return notKnown;
  }
}

function joined(list: List, given: unknown): unknown {
  const between = given === undefined ? "," : isText(given) ? String(given) : null;
  if (between === null || !list.every(isText)) return notKnown;
  const length = list.reduce<number>((sum, part) => sum + String(part).length + between.length, 0);
  return length - between.length > maxLength ? notKnown : list.join(between);
}

function ofCollection(
  owner: ReadonlyMap<unknown, unknown> | ReadonlySet<unknown>,
  method: string,
  given: List,
): unknown {
  const [key] = given;
  if (method === "has") return key === notKnown ? notKnown : owner.has(key);
  if (method === "keys") return [...owner.keys()];
  if (method === "values") return [...owner.values()];
  if (method === "entries") return [...owner.entries()];
  return method === "get" && owner instanceof Map && key !== notKnown ? owner.get(key) : notKnown;
}
