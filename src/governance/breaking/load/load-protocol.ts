import type { JsonObject } from "@brain/schemas";
import type { CatalogueRecord, ProductFacts } from "../catalogue.ts";

/** What is asked of `load-program.ts`, and what it answers. */
export type LoadRequest =
  | {
      readonly kind: "describe";
      /** Absolute path of the module that has the catalogue. */
      readonly file: string;
      /** Null: the only one that there is. */
      readonly exportName: string | null;
      readonly facts: ProductFacts;
    }
  | { readonly kind: "read"; readonly cases: readonly ReadCase[] };

export type LoadAnswer =
  | { readonly kind: "described"; readonly record: CatalogueRecord }
  | { readonly kind: "read"; readonly results: readonly ReadResult[] }
  | { readonly kind: "failed"; readonly message: string };

/** A stored payload of a type and a version, to be read by today's code. */
export interface ReadCase {
  readonly type: string;
  readonly version: number;
  readonly payload: JsonObject;
}

export interface ReadResult {
  readonly ok: boolean;
  /** What a consumer gets; null: it was refused. */
  readonly payload: JsonObject | null;
  readonly issues: readonly string[];
  /** True: it is read without what knows older producers (`legacy`, `nullOnlyInHistory`). */
  readonly plain: boolean;
}
