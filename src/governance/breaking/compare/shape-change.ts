import type { JsonValue } from "@brain/schemas";
import type { RuleId } from "../rules.ts";
import type { Path, Shape } from "../shapes/shape.ts";

/** Bounds that a shape can have. */
export type BoundName =
  | "minimum"
  | "maximum"
  | "multipleOf"
  | "minLength"
  | "maxLength"
  | "minItems"
  | "maxItems"
  | "x-brain-max-members";

/** The branch of a union in which a difference is: a payload shows it only when it has a value of that branch. */
export interface BranchOnTheWay {
  /** How many steps of the path lead to the union. */
  readonly depth: number;
  /** The branch, as it was before. */
  readonly shape: Shape;
}

/** One difference. */
export interface ShapeChange {
  readonly rule: RuleId;
  /** Where; of a removed or renamed field, its old place. */
  readonly path: Path;
  readonly was: string;
  readonly is: string;
  /** True: stored payloads may be refused, if nothing brings them to the new shape. */
  readonly stored: boolean;
  /** True: those who read with the old shape may refuse new payloads. */
  readonly readers: boolean;
  /** True: who publishes with the shape of before may be refused, whatever is stored. */
  readonly producers?: boolean;
  /** The branches of the unions on the way to the place, from the outside inwards; left out: there are none. */
  readonly branches?: readonly BranchOnTheWay[];
  /** An old value that the new shape refuses, to be tried; undefined: one is made up from the shape of before. */
  readonly witness?: JsonValue | typeof absent;
  /** True: a payload that is read, and has lost what it held there, is none that can be read. */
  readonly mustArrive?: boolean;
  /** A bound that was moved. */
  readonly limit?: { readonly name: BoundName; readonly was: number | null; readonly is: number | null };
  /** JSON of the value that stands in place of a removed one of an enumeration, when just one was changed for one. */
  readonly insteadOf?: string;
  /** The new name of a renamed field. */
  readonly renamedTo?: string;
  /** The shape before and after, for what is proposed. */
  readonly before?: Shape;
  readonly after?: Shape;
}

/** Stands for "the field is left out". */
export const absent = Symbol("absent");

/** Both shapes, with what their `$ref`s stand in. */
export interface Roots {
  readonly before: Shape;
  readonly after: Shape;
}

/** Two shapes that stand at one place of a payload. */
export interface ShapePair {
  readonly before: Shape;
  readonly after: Shape;
  readonly path: Path;
  readonly roots: Roots;
  /** `$ref`s of the shapes around: one that holds itself is compared once. */
  readonly seen: ReadonlySet<string>;
}

/** The pair inside of another one, at one more step of the path. */
export const inner = (pair: ShapePair, step: string, before: Shape, after: Shape): ShapePair => ({
  ...pair,
  before,
  after,
  path: [...pair.path, step],
});
