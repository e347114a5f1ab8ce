import type { Engine } from "@brain/engine";
import type { Context, Hono } from "hono";

/** Keeps work going behind the answer. */
export type Background = (c: Context, work: Promise<unknown>) => void;

/** Routes of a module, and where they stand. */
export interface Mount {
  readonly path: string;
  readonly open: (engine: Engine, background: Background) => Hono;
}
