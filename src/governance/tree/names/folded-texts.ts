/** What a method of a text, or of a list of texts, gives back, where all that goes into it is known. */

import { notKnown } from "./literals.ts";

/** Longer ones are no names, and nobody compares them. */
const maxLength = 10_000;

const isText = (value: unknown): value is string | number =>
  typeof value === "string" || typeof value === "number";

/** `["shop", "order"].join(".")`, `"shop".concat(".order")`; {@link notKnown}: another method, or not all is known. */
export function foldedText(owner: unknown, method: string, given: readonly unknown[]): unknown {
  if (!given.every(isText)) return notKnown;
  const text = Array.isArray(owner)
    ? ofList(owner, method, given)
    : typeof owner === "string"
      ? ofText(owner, method, given)
      : null;
  return text === null || text.length > maxLength ? notKnown : text;
}

function ofList(list: readonly unknown[], method: string, given: readonly (string | number)[]) {
  if (method !== "join" || !list.every(isText)) return null;
  const between = given[0] === undefined ? "," : String(given[0]);
  const length = list.reduce<number>((sum, part) => sum + String(part).length + between.length, 0);
  return length - between.length > maxLength ? null : list.join(between);
}

function ofText(text: string, method: string, given: readonly (string | number)[]): string | null {
  if (method === "concat") return text.concat(...given.map(String));
  const [from, to] = given;
  if (given.length === 2 && typeof from === "string" && typeof to === "string" && !to.includes("$")) {
    if (method === "replace") return text.replace(from, to);
    if (method === "replaceAll" && from !== "") return text.replaceAll(from, to);
  }
  if (given.length > 0) return null;
  switch (method) {
    case "toLowerCase":
      return text.toLowerCase();
    case "toUpperCase":
      return text.toUpperCase();
    case "trim":
      return text.trim();
    default:
      return null;
  }
}
