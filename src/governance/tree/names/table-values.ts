/** Tables of drizzle as values: what makes one, under whatever name, and what it was given. */

import type ts from "typescript";
import { notKnown } from "./literals.ts";

/** `pgTable`; what `pgTableCreator(…)` gives, and `pgSchema(…).table`. */
export class TableMaker {
  /** What a creator does to a name; null: a name stays as it is. */
  readonly rename: unknown;
  /** Null: the one that the database has without being told. */
  readonly schema: string | null;
  constructor(rename: unknown, schema: string | null) {
    this.rename = rename;
    this.schema = schema;
  }
}

/** `pgTableCreator`, `pgSchema`. */
class MakerOfMakers {
  readonly makes: "creator" | "schema";
  constructor(makes: "creator" | "schema") {
    this.makes = makes;
  }
}

/** `pgSchema("shelf")` */
class TableSchema {
  readonly table: TableMaker;
  constructor(name: string) {
    this.table = new TableMaker(null, name);
  }
}

/** A table whose name is known. */
export class DrizzleTable {
  /** In the database. */
  readonly name: string;
  readonly schema: string | null;
  /** The call of drizzle that makes it, which may stand in a function of the project. */
  readonly call: ts.CallExpression;
  constructor(name: string, schema: string | null, call: ts.CallExpression) {
    this.name = name;
    this.schema = schema;
    this.call = call;
  }
}

/** What drizzle exports under a name; {@link notKnown}: nothing that makes tables. */
export function drizzleValue(exported: string): unknown {
  const [, what] = /^(?:pg|mysql|sqlite)(Table|TableCreator|Schema)$/.exec(exported) ?? [];
  if (what === "Table") return new TableMaker(null, null);
  return what === undefined ? notKnown : new MakerOfMakers(what === "Schema" ? "schema" : "creator");
}

export const isOfTables = (value: unknown): boolean =>
  value instanceof TableMaker || value instanceof MakerOfMakers;

/** The property of a schema that makes tables; {@link notKnown}: another one. */
export const tableMember = (owner: unknown, name: string): unknown =>
  owner instanceof TableSchema && name === "table" ? owner.table : notKnown;

/** What a call of one of {@link isOfTables} gives back. @param call calls a function of the project */
export function madeByDrizzle(
  maker: unknown,
  [first]: readonly unknown[],
  node: ts.CallExpression,
  call: (callee: unknown, given: readonly unknown[]) => unknown,
): unknown {
  if (maker instanceof MakerOfMakers) {
    if (maker.makes === "creator") return new TableMaker(first, null);
    return typeof first === "string" ? new TableSchema(first) : notKnown;
  }
  if (!(maker instanceof TableMaker)) return notKnown;
  const name = maker.rename === null ? first : call(maker.rename, [first]);
  return typeof name === "string" ? new DrizzleTable(name, maker.schema, node) : notKnown;
}
