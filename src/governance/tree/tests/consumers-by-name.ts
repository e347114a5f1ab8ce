/** Consumers as tests name them. */

import ts from "typescript";
import type { DefinedConsumer, TypeScriptTree } from "../product/typescript.ts";
import { nameOf } from "../syntax/source.ts";

/** Consumers by the values, and the functions that make them. */
export interface ConsumersByName {
  /** Null: the name means something else. */
  named(file: string, name: string): DefinedConsumer | null;
}

export function consumersByName({ consumers, bindings }: TypeScriptTree): ConsumersByName {
  const known = new Map(
    consumers.map((consumer) => [`${consumer.file}:${topName(consumer.call)}`, consumer] as const),
  );
  return {
    named(file, name) {
      const origin = bindings.originOf(file, name);
      return (origin === null ? undefined : known.get(`${origin.file}:${origin.name}`)) ?? null;
    },
  };
}

/** The name at the top of its file in which a node stands. */
export function topName(node: ts.Node): string | null {
  let at = node;
  let name: string | null = null;
  while (!ts.isSourceFile(at)) {
    if (ts.isVariableDeclaration(at)) name = nameOf(at.name);
    else if (ts.isFunctionDeclaration(at)) name = at.name?.text ?? null;
    at = at.parent;
  }
  return name;
}
