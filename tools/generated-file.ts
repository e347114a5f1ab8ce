/** A generated file as it should be. */
export interface GeneratedFile {
  /** From the root of the project. */
  readonly path: string;
  readonly content: string;
  /** What an author still has to do in it; null: nothing. */
  readonly problem: string | null;
}
