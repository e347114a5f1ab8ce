import type { GeneratedFile } from "./generated-file.ts";

/** What is asked of `page-program.ts`, and what it answers. Paths are from the root. */
export interface PageRequest {
  /** Absolute. */
  readonly root: string;
  /** The module that has the product. */
  readonly list: string;
  /** The folder of modules. */
  readonly modules: string;
  /** The folder of definitions. */
  readonly events: string;
  readonly golden: string;
  /** Where each event is exported, by its wire name. */
  readonly exports: readonly { readonly type: string; readonly name: string; readonly path: string }[];
}

export interface PageAnswer {
  readonly kind: "pages";
  readonly pages: readonly GeneratedFile[];
}
