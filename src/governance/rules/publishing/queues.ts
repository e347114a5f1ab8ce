/** B-5: queues of Cloudflare, which a module is given with the environment. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { bindingOf, queuesOf } from "../../tree/effects/host-bindings.ts";
import { declarationOf } from "../../tree/names/scope.ts";
import { bare, calledName } from "../../tree/syntax/source.ts";
import { sourcesWith } from "../scope-of-rules.ts";
import { type Bus, isUsedByModules } from "./emitters.ts";

/** `env.ORDERS.send(…)`, where `ORDERS` is known as a queue. */
export function* queueSends(project: Project): Generator<Bus> {
  let queues: ReadonlySet<string> | null = null;
  for (const looked of sourcesWith(project, /\.send(?:Batch)?\(/))
    for (const call of looked.nodes.calls) {
      const name = /^send(?:Batch)?$/.test(calledName(call) ?? "") ? senderOf(call) : null;
      if (name === null) continue;
      queues ??= queuesOf(project.files);
      if (!queues.has(name) && !/queue/i.test(name) && calledName(call) !== "sendBatch") continue;
      if (looked.module === null && !isUsedByModules(project, looked.file)) continue;
      yield { looked, at: call, what: `the queue ${name}` };
    }
}

/** What the call sends by: a part of the environment, or a parameter whose type says that it is a queue. Null: neither. */
function senderOf({ expression }: ts.CallExpression): string | null {
  const callee = bare(expression);
  if (!ts.isPropertyAccessExpression(callee)) return null;
  const binding = bindingOf(callee.expression);
  if (binding !== null) return binding;
  const owner = bare(callee.expression);
  const declared = ts.isIdentifier(owner) ? declarationOf(owner) : null;
  const type = declared !== null && ts.isParameter(declared) ? declared.type?.getText() : undefined;
  return type !== undefined && /^Queue(?:<|$)/.test(type) ? `${owner.getText()}: Queue` : null;
}
