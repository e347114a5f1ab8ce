/** Where an expression that is worked out stands. */

import type ts from "typescript";
import type { SourceFile } from "../syntax/source.ts";
import type { Bindings } from "./bindings.ts";
import type { EvaluateIn } from "./value-calls.ts";
import type { Scope } from "./value-scopes.ts";

/** Where a schema was written. */
export interface SchemaSource {
  /** The expression that makes it. */
  readonly node: ts.Expression;
  /** The property of an object that holds it; null: it stands alone. */
  readonly property: ts.ObjectLiteralElementLike | null;
}

/** Where an expression stands, and what it needs to be worked out. */
export interface Place {
  readonly bindings: Bindings;
  readonly source: (path: string) => SourceFile;
  /** By the schemas that were made. */
  readonly sources: WeakMap<object, SchemaSource>;
  readonly evaluate: EvaluateIn;
  readonly file: string;
  readonly scope: Scope;
  /** The place of what stands in no function that is called. */
  readonly top: Scope;
}
