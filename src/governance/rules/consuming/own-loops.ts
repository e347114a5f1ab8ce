/** Who reads the event stream without a consumer of the engine (C-1). */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { commandOf } from "../../tree/effects/redis-commands.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { wholeOf } from "../../tree/flow/wholes.ts";
import { isPlain } from "../../tree/names/package-values.ts";
import { returnedBy } from "../../tree/names/shape.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { bare, isFunction, propertyOf, propertyValue } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { moduleSourcesWith, sourcesWith } from "../scope-of-rules.ts";

const readCommands = ["XREADGROUP", "XREAD", "XAUTOCLAIM", "XCLAIM"];
/** A look at a stream of something else is none of ours. */
const rangeCommands = ["XRANGE", "XREVRANGE"];
const eventStream = /^brain:events:/;

/** A text among what a call is given, or in a list of it. */
function namesEventStream({ typescript: { values } }: Project, call: ts.CallExpression): boolean {
  const { fileName } = call.getSourceFile();
  return call.arguments
    .flatMap((given) => values.valueOf(fileName, given))
    .some((text) => typeof text === "string" && eventStream.test(text));
}

export function ownLoops(project: Project, report: Report): void {
  for (const { nodes } of sourcesWith(project, /xread|xautoclaim|xclaim/i))
    for (const call of nodes.calls) {
      const command = commandOf(project.typescript.bindings, call, readCommands);
      if (command !== null) report({ at: call, message: `It reads a stream of Redis itself (${command}).` });
    }
  for (const { nodes } of moduleSourcesWith(project, /xrevrange|xrange/i))
    for (const call of nodes.calls) {
      const command = commandOf(project.typescript.bindings, call, rangeCommands);
      if (command !== null && namesEventStream(project, call))
        report({ at: call, message: `It reads the event stream itself (${command}).` });
    }
  for (const node of consumersByHand(project.typescript))
    report({ at: node, message: "This consumer is made by hand, and not by defineConsumer." });
}

/** What modules have in `consumers` that is no call of `defineConsumer`, and has a subscriber and handlers all the same. */
function consumersByHand(tree: TypeScriptTree): readonly ts.Node[] {
  const found = new Set<ts.Node>();
  const seen = new Set<ts.Node>();
  const judge = (node: ts.Expression): void => {
    const value = bare(ts.isSpreadElement(node) ? node.expression : node);
    if (seen.has(value)) return;
    seen.add(value);
    if (ts.isArrayLiteralExpression(value)) for (const element of value.elements) judge(element);
    if (isByHand(tree, value)) found.add(value);
    // What a function gives back is looked at where it is called.
    for (const end of madeOf(tree, value)) if (end !== value) judge(end);
  };
  for (const { definition } of tree.modules) {
    const list = definition?.options == null ? null : propertyOf(definition.options, "consumers");
    if (list === null) continue;
    const value = definition?.options == null ? null : propertyValue(definition.options, "consumers");
    const given = value === null ? list : bare(value);
    const made = isFunction(given) ? returnedBy(given) : [value];
    for (const one of made) if (one !== null) judge(one);
  }
  return [...found];
}

function isByHand(tree: TypeScriptTree, node: ts.Expression): boolean {
  const isCall = ts.isCallExpression(node) || ts.isNewExpression(node);
  if (!isCall && !ts.isObjectLiteralExpression(node)) return false;
  const { fields } = wholeOf(tree, node) ?? { fields: new Map() };
  if (fields.has("subscriber") && fields.has("handlers")) return true;
  const made = ts.isNewExpression(node) ? tree.values.valueOf(node.getSourceFile().fileName, node) : null;
  return isPlain(made) && "subscriber" in made && "handlers" in made;
}
