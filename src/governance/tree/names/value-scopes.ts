/** What names stand for in one place alone: in a call of a function of the project, or in an instance of a class. */

import type ts from "typescript";
import { isInside } from "../syntax/source.ts";
import { notKnown } from "./literals.ts";
import type { Declaration } from "./scope.ts";

/** A call of a function, within the one around it; what is worked out in it is kept with it, each expression once. */
export class Scope {
  readonly outer: Scope | null;
  /** The function that is called, or the loop; null: the top of a file, or an instance. */
  readonly called: ts.Node | null;
  /** What its parameters were given. */
  readonly given = new Map<Declaration, unknown>();
  /** What `this` is. */
  readonly self: unknown;
  readonly known = new Map<ts.Node, unknown>();

  constructor(outer: Scope | null, called: ts.Node | null, self: unknown) {
    this.outer = outer;
    this.called = called;
    this.self = self;
  }

  /** What a parameter was given in the nearest call around. */
  parameter(declared: Declaration): unknown {
    for (let at: Scope | null = this; at !== null; at = at.outer)
      if (at.given.has(declared)) return at.given.get(declared);
    return notKnown;
  }
}

/** The call, or the turn of a loop, in which a declaration stands; `top` where it stands in none. */
export function scopeAround(declared: ts.Node, scope: Scope, top: Scope): Scope {
  for (let at: Scope | null = scope; at !== null; at = at.outer)
    if (at.called !== null && at.called !== declared && isInside(declared, at.called)) return at;
  return top;
}
