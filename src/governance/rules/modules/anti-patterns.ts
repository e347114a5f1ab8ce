import ts from "typescript";
import type { Project } from "../../project.ts";
import { bindingOf, programsOf } from "../../tree/effects/host-bindings.ts";
import { madeOf } from "../../tree/flow/made.ts";
import { declarationOf, rootOf } from "../../tree/names/scope.ts";
import { textOf } from "../../tree/names/written.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { bare, calledName, nameOf, propertyValue, stringOf, walk } from "../../tree/syntax/source.ts";
import type { Report, Rule } from "../rule.ts";
import { moduleSourcesWith } from "../scope-of-rules.ts";
import { importsOfOthers } from "./foreign-imports.ts";
import { polling } from "./polling.ts";

/** The anti-patterns of the migration guide. */
export const antiPatterns: readonly Rule[] = [
  {
    id: "11.1",
    title: "A module does not import another one",
    severity: "error",
    why: "Who imports another module's code, or uses its tables, runs with it and fails with it; events let both change and fail alone.",
    mend: "React to an event of the other module, or ask it through a port.",
    caughtBy: ["import rules"],
    check: importsOfOthers,
  },
  {
    id: "11.2",
    title: "Nothing is polled that an event tells",
    severity: "error",
    why: "A loop that looks again and again costs queries when nothing happens, and is late when something does.",
    mend: "Handle the event that tells of the change; a time-out is a job that runs at a stored time.",
    caughtBy: [],
    check: polling,
  },
  {
    id: "11.4",
    title: "No module calls the API of another one",
    severity: "error",
    why: "The caller waits for the other, and fails with it: only this once, and then for ever.",
    mend: "Publish what happened and let the other module handle it, or handle its events; what needs an answer at once goes through a port.",
    caughtBy: [],
    check: callsOfOthers,
  },
];

/** `env.PAYMENT.charge(…)`, where `PAYMENT` is another program, or a durable object, that is called like another module. */
function callsByBinding(project: Project, report: Report): void {
  let programs: ReadonlySet<string> | null = null;
  const { modules } = project.typescript;
  for (const { module, nodes } of moduleSourcesWith(project, /\benv\b/i))
    for (const call of nodes.calls) {
      const callee = bare(call.expression);
      if (!ts.isPropertyAccessExpression(callee) || namesObject.test(callee.name.text)) continue;
      const binding = bindingOf(callee.expression);
      const named = binding?.toLowerCase().replace(/_(?:service|api|worker|module|rpc|do)$/, "");
      const other = modules.find(({ name }) => name === named);
      if (binding === null || other === undefined || other === module) continue;
      programs ??= programsOf(project.files);
      if (programs.has(binding))
        report({ at: call, message: `${module.name} calls the module ${other.name} by ${binding}.` });
    }
}

/** It only says which durable object is meant. */
const namesObject = /^(?:idFromName|idFromString|newUniqueId)$/;

/** `fetch("/api/payment/…")`, and other calls with such an address, in a module that is not payment. */
function callsOfOthers(project: Project, report: Report): void {
  callsByBinding(project, report);
  const owners = routeOwners(project);
  for (const looked of moduleSourcesWith(project, /\/api\/|fetch|axios|\bky\b|\bgot\b/)) {
    for (const call of looked.nodes.calls) {
      if (!isRequest(call)) continue;
      for (const given of call.arguments.slice(0, 2)) {
        const called = addressesOf(project.typescript, given).flatMap((address) => {
          const segment = /(?:^|:\/\/[^/\s]*|…)\/api\/([a-z0-9_-]+)/i.exec(address)?.[1];
          return segment === undefined ? [] : (owners.get(segment.replaceAll("-", "_")) ?? []);
        });
        const other = called.find((module) => module !== looked.module);
        if (other === undefined) continue;
        report({ at: call, message: `${looked.module.name} calls the API of the module ${other.name}.` });
      }
    }
  }
}

const isRequest = (call: ts.CallExpression) => {
  const name = calledName(call) ?? "";
  // What a router is told by these names answers requests, and nobody uses what it gives back.
  return alwaysAsks.test(name) || (mayAsk.test(name) && isUsed(call) && !isRouter(call));
};

/** `app.get("/api/…", handler)`: by its name, or by the type that it was declared with. */
function isRouter(call: ts.CallExpression): boolean {
  const root = rootOf(call.expression);
  const declared = root === null ? null : declarationOf(root);
  const type = declared !== null && ts.isParameter(declared) ? (declared.type?.getText() ?? "") : "";
  const isNamed = /^(?:app|router|routes?|server)$/i.test(root?.text ?? "");
  // `app.request("/api/…")` asks it all the same.
  return calledName(call) !== "request" && (isNamed || /\b(?:Hono|Router|Express|Fastify)/.test(type));
}

const alwaysAsks = /^(?:fetch\w*|axios|got|ky|ofetch|\$fetch)$/i;
const mayAsk = /^(?:request|get|post|put|patch|delete|call\w*|send\w*|ask|hc)$/i;

const isUsed = ({ parent }: ts.Node): boolean =>
  ts.isAwaitExpression(parent) ||
  ts.isReturnStatement(parent) ||
  ts.isArrowFunction(parent) ||
  ts.isPropertyAccessExpression(parent) ||
  ts.isVariableDeclaration(parent) ||
  ts.isVoidExpression(parent) ||
  ts.isArrayLiteralExpression(parent);

/** What is worked out stands as `…`. */
function addressesOf(tree: TypeScriptTree, node: ts.Expression): readonly string[] {
  return madeOf(tree, node).flatMap((value) => {
    const text = textOf(value.getSourceFile().fileName, value, tree.values);
    if (text !== null) return [text];
    if (ts.isObjectLiteralExpression(value)) {
      const url = propertyValue(value, "url");
      return url === null ? [] : addressesOf(tree, url);
    }
    if (ts.isNewExpression(value))
      return value.arguments?.[0] === undefined ? [] : addressesOf(tree, value.arguments[0]);
    const pieces = piecesOf(value);
    return pieces === null ? [] : [pieces.map((piece) => pieceOf(tree, piece)).join("")];
  });
}

/** What a text is put together of; null: it is none. */
function piecesOf(value: ts.Expression): readonly (string | ts.Expression)[] | null {
  if (ts.isTemplateExpression(value))
    return [value.head.text, ...value.templateSpans.flatMap((span) => [span.expression, span.literal.text])];
  return ts.isBinaryExpression(value) ? [value.left, value.right] : null;
}

const pieceOf = (tree: TypeScriptTree, piece: string | ts.Expression): string =>
  typeof piece === "string" ? piece : (addressesOf(tree, piece)[0] ?? "…");

/** By the first part of their paths: names of modules, and the paths that their definitions say. */
function routeOwners({ typescript: { modules } }: Project): ReadonlyMap<string, TypeScriptModule> {
  const owners = new Map(modules.map((module) => [module.name, module] as const));
  for (const module of modules) {
    if (module.definition?.options == null) continue;
    walk(module.definition.options, (node) => {
      if (!ts.isPropertyAssignment(node) || nameOf(node.name) !== "path") return;
      const segment = /^\/api\/([a-z0-9_-]+)/i.exec(stringOf(node.initializer) ?? "")?.[1];
      if (segment !== undefined) owners.set(segment.replaceAll("-", "_"), module);
    });
  }
  return owners;
}
