/** The names of subscribers, also of consumers that a loop or a function makes (C-2). */

import type ts from "typescript";
import type { Project } from "../../project.ts";
import { wholeOf } from "../../tree/flow/wholes.ts";
import { isPlain } from "../../tree/names/package-values.ts";
import { callsOfHelper, callsThrough, filesNaming, helperAround } from "../../tree/product/event-helpers.ts";
import type { DefinedConsumer } from "../../tree/product/typescript.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import type { Report } from "../rule.ts";

interface Named {
  readonly subscriber: string;
  readonly consumer: DefinedConsumer;
  readonly at: ts.Node;
}

export function sameNames(project: Project, report: Report): void {
  const known = new Map<string, DefinedConsumer>();
  const all = project.typescript.consumers.flatMap((one) => namesOf(project, one));
  const inOrder = Map.groupBy(all, ({ at }) => at.getSourceFile()).values();
  for (const { subscriber, consumer, at } of [...inOrder].flatMap((ofFile) => ofFile.sort(byPlace))) {
    const other = known.get(subscriber);
    if (other === undefined) known.set(subscriber, consumer);
    else report({ at, message: `"${subscriber}" is the subscriber of ${other.file}, too.` });
  }
}

const byPlace = (left: Named, right: Named) => left.at.pos - right.at.pos;

function namesOf({ files, typescript }: Project, consumer: DefinedConsumer): readonly Named[] {
  const { call, file, subscriber } = consumer;
  if (subscriber !== null) return [{ subscriber, consumer, at: call }];
  const [options] = call.arguments;
  if (options === undefined) return [];
  const named = (at: ts.Node, made: unknown): readonly Named[] =>
    isPlain(made) && typeof made.subscriber === "string"
      ? [{ subscriber: made.subscriber, consumer, at }]
      : [];
  const written = wholeOf(typescript, options)?.fields.get("subscriber")?.value ?? null;
  const turns = written === null ? [] : typescript.values.valuesOf(file, written);
  const inTurns = turns.flatMap((name) => named(call, { subscriber: name }));
  if (inTurns.length > 0) return inTurns;
  const helper = helperAround(call);
  if (helper === null) return [];
  const callers = filesNaming(helper, typescript.files, (path) => files.files.get(path)?.text ?? "");
  return callers
    .flatMap((path) => callsOfHelper(helper, nodesOf(typescript.source(path).ast).calls, typescript))
    .flatMap((made) => named(made, typescript.values.valueIn(file, options, callsThrough(helper, made))));
}
