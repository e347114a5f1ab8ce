import ts from "typescript";
import type { Project } from "../../project.ts";
import { bindingOf, programsOf } from "../../tree/effects/host-bindings.ts";
import { declarationOf } from "../../tree/names/scope.ts";
import type { TypeScriptModule } from "../../tree/product/modules.ts";
import { bare, calledName, nameOf, stringOf, walk } from "../../tree/syntax/source.ts";
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
  for (const looked of moduleSourcesWith(project, /\/api\//)) {
    for (const call of looked.nodes.calls) {
      if (!isRequest(call)) continue;
      for (const given of call.arguments.slice(0, 2)) {
        const address = addressOf(given);
        const segment =
          address === null ? undefined : /(?:^|:\/\/[^/\s]*|…)\/api\/([a-z0-9_-]+)/i.exec(address)?.[1];
        const other = segment === undefined ? undefined : owners.get(segment.replaceAll("-", "_"));
        if (other === undefined || other === looked.module) continue;
        report({ at: call, message: `${looked.module.name} calls the API of the module ${other.name}.` });
      }
    }
  }
}

const isRequest = (call: ts.CallExpression) =>
  /^(?:fetch\w*|request|get|post|put|patch|delete|call\w*|send\w*|ask|hc)$/i.test(calledName(call) ?? "") &&
  (ts.isAwaitExpression(call.parent) ||
    ts.isReturnStatement(call.parent) ||
    ts.isArrowFunction(call.parent) ||
    ts.isPropertyAccessExpression(call.parent) ||
    ts.isVariableDeclaration(call.parent));

/** What is worked out stands as `…`. */
function addressOf(node: ts.Expression): string | null {
  const value = bare(node);
  const text = stringOf(value);
  if (text !== null) return text;
  if (ts.isTemplateExpression(value))
    return value.head.text + value.templateSpans.map(({ literal }) => `…${literal.text}`).join("");
  if (ts.isNewExpression(value) && value.arguments?.[0] !== undefined) return addressOf(value.arguments[0]);
  if (ts.isBinaryExpression(value)) return `${addressOf(value.left) ?? "…"}${addressOf(value.right) ?? "…"}`;
  const declared = ts.isIdentifier(value) ? declarationOf(value) : null;
  const given = declared !== null && ts.isVariableDeclaration(declared) ? declared.initializer : undefined;
  return given === undefined || ts.isIdentifier(bare(given)) ? null : addressOf(given);
}

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
