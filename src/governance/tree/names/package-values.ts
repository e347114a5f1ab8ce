/** What the packages give whose code is known: schemas of zod, and what the charter's package makes of them. */

import * as charterPackage from "@brain/schemas";
import * as zod from "zod";
import { engineTables } from "../sql/engine-tables.ts";
import { notKnown } from "./literals.ts";
import { tableMember } from "./table-values.ts";

export type Schema = zod.ZodType;

export const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && "_zod" in value && "def" in value;

/** Of zod, what changes zod itself. */
export const refusedNames = new Set([
  "config",
  "setErrorMap",
  "constructor",
  "prototype",
  "__proto__",
  "register",
]);
const namespaces: readonly unknown[] = [zod, zod.z, zod.iso, zod.coerce];

/** Those of the charter's package that make schemas. */
export const charterFunctions: readonly unknown[] = [
  charterPackage.pii,
  charterPackage.openObject,
  charterPackage.atMostMembers,
];

export const isOfZod = (callee: unknown): boolean =>
  namespaces.some((space) => Object.values(space as object).includes(callee));

export const isCheck = (value: unknown): boolean =>
  typeof value === "object" && value !== null && "_zod" in value;

/** A table of the engine, as its package exports it. */
export class EngineTable {
  /** In the database. */
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** `processedEvents`; null: the engine exports something else under that name. */
export function engineTableNamed(exported: string): EngineTable | null {
  const name = exported.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return engineTables.has(name) ? new EngineTable(name) : null;
}

export const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** A property of what was read, or of a package. */
export function member(owner: unknown, name: string): unknown {
  if (typeof owner !== "object" || owner === null || refusedNames.has(name)) return notKnown;
  const isReadable =
    isPlain(owner) || Array.isArray(owner) || isSchema(owner) || isSpace(owner) || "payload" in owner;
  if (!isReadable) return tableMember(owner, name);
  if (!(Object.hasOwn(owner, name) || isSchema(owner))) return notKnown;
  const value: unknown = Reflect.get(owner, name);
  return value === undefined ? notKnown : value;
}

const isSpace = (owner: object): boolean => owner === charterPackage || namespaces.includes(owner);
