/** P-8: what a handler writes into a log or an error of what its event has about a person; and secrets of the environment. */

import { namesSecret, personalOf, schemaDef } from "@brain/schemas";
import ts from "typescript";
import type { Project } from "../../project.ts";
import { calledFunction, callsInside, handlersOf } from "../../tree/flow/reach.ts";
import { type Declaration, declarationOf, givenTo, isGlobal } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import { bare, calledName, type FunctionNode, isInside, nameOf, stringOf } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { sourcesWith } from "../scope-of-rules.ts";
import { readPersonalColumns } from "./logged-columns.ts";
import { payloadSchemas } from "./payload-schemas.ts";

/** How far a value is followed into functions that it is given to. */
const maxSteps = 2;

/** What a value is: the event, its payload, or a personal field of that. */
type Kind = "event" | "payload" | { readonly field: string };

interface Look {
  readonly tree: TypeScriptTree;
  readonly personal: ReadonlySet<string>;
  readonly parameters: ReadonlyMap<ts.ParameterDeclaration, Kind>;
}

export function loggedValues(project: Project, report: Report): void {
  const { typescript: tree } = project;
  const schemas = payloadSchemas(project);
  for (const handled of tree.handled) {
    const personal = new Set(
      schemas
        .filter(({ event }) => handled.events.includes(event))
        .flatMap(({ schema }) => Object.entries(schemaDef(schema).shape ?? {}))
        .flatMap(([name, field]) => (personalOf(field) === null ? [] : [name])),
    );
    const [handler] = personal.size === 0 ? [] : handlersOf(tree, handled);
    const event = handler?.parameters[0];
    if (handler === undefined || event === undefined) continue;
    if (tree.calledOf(handled.file, handled.call, "@brain/engine") !== "on") continue;
    follow({ tree, personal, parameters: new Map([[event, "event"]]) }, handler, maxSteps, report);
  }
  const personalColumn = readPersonalColumns(tree);
  for (const { nodes } of sourcesWith(project, /\bselect(?:Distinct)?\b|\.find(?:Many|First)\(/i))
    for (const node of [...nodes.calls, ...nodes.news])
      for (const said of saidBy(node)) {
        const column = personalColumn(said);
        if (column !== null)
          report({
            at: said,
            message: `${said.getText()} is a personal or secret column (${column}), and is written into ${placeOf(node)}.`,
          });
      }
  for (const { nodes } of sourcesWith(project, /\benv\b/))
    for (const node of [...nodes.calls, ...nodes.news])
      for (const said of saidBy(node))
        if (isSecret(tree, said))
          report({
            at: said,
            message: `${said.getText()} is a secret, and is written into ${placeOf(node)}.`,
            mend: "Leave the value out; write the name of the setting, and whether it is there.",
          });
}

function follow(look: Look, inside: FunctionNode, steps: number, report: Report): void {
  const calls = callsInside(inside);
  const news = nodesOf(inside.getSourceFile()).news.filter((node) => isInside(node, inside));
  for (const node of [...calls, ...news])
    for (const said of saidBy(node)) {
      const kind = kindOf(look, said);
      if (kind === null) continue;
      const what = typeof kind === "object" ? kind.field : [...look.personal].join(", ");
      report({
        at: said,
        message: `${said.getText()} has what is personal (${what}), and is written into ${placeOf(node)}.`,
      });
    }
  if (steps === 0) return;
  for (const call of calls) {
    const kinds = call.arguments.map((given) => kindOf(look, given));
    const called = kinds.some((kind) => kind !== null) ? calledFunction(look.tree, call.expression) : null;
    if (called === null || called === inside) continue;
    const given = kinds.flatMap((kind, at) => {
      const parameter = called.parameters[at];
      return kind === null || parameter === undefined ? [] : [[parameter, kind] as const];
    });
    follow({ ...look, parameters: new Map(given) }, called, steps - 1, report);
  }
}

const levels = /^(?:trace|debug|info|log|warn|error|fatal)$/;

const placeOf = (node: ts.Node) => (ts.isNewExpression(node) ? "the message of an error" : "a log");

/** What a log or an error is given, also in parts of objects and texts. */
function saidBy(node: ts.CallExpression | ts.NewExpression): readonly ts.Expression[] {
  if (ts.isNewExpression(node))
    return /Error$/.test(node.expression.getText()) ? partsOf(node.arguments?.[0]) : [];
  const callee = bare(node.expression);
  const isLog =
    ts.isPropertyAccessExpression(callee) &&
    levels.test(callee.name.text) &&
    /(?:^|\.)(?:log|logger|console)$/.test(callee.expression.getText());
  return isLog ? node.arguments.flatMap(partsOf) : [];
}

/** They give back the same text. What else is called makes something of it: a hash, a part, a length. */
const same = /^(?:String|stringify|toString|trim\w*|toLowerCase|toUpperCase|join|concat)$/;

function partsOf(node: ts.Expression | undefined): readonly ts.Expression[] {
  if (node === undefined) return [];
  const value = bare(node);
  if (ts.isTemplateExpression(value))
    return value.templateSpans.flatMap(({ expression }) => partsOf(expression));
  if (ts.isObjectLiteralExpression(value))
    return value.properties.flatMap((property) => {
      if (ts.isPropertyAssignment(property)) return partsOf(property.initializer);
      if (ts.isSpreadAssignment(property)) return partsOf(property.expression);
      return ts.isShorthandPropertyAssignment(property) ? [property.name] : [];
    });
  if (ts.isArrayLiteralExpression(value)) return value.elements.flatMap(partsOf);
  if (ts.isConditionalExpression(value)) return [...partsOf(value.whenTrue), ...partsOf(value.whenFalse)];
  if (ts.isBinaryExpression(value)) {
    const isKept = /^(?:\+|\?\?|\|\|)$/.test(value.operatorToken.getText());
    return isKept ? [...partsOf(value.left), ...partsOf(value.right)] : [];
  }
  if (!ts.isCallExpression(value)) return [value];
  if (!same.test(calledName(value) ?? "")) return isEnvironmentGet(value) ? [value] : [];
  const callee = bare(value.expression);
  const owner = ts.isPropertyAccessExpression(callee) ? partsOf(callee.expression) : [];
  return [...owner, ...value.arguments.flatMap(partsOf)];
}

function kindOf(look: Look, node: ts.Expression, steps = 4): Kind | null {
  const value = bare(node);
  if (steps === 0) return null;
  if (ts.isPropertyAccessExpression(value))
    return partOf(look, kindOf(look, value.expression, steps - 1), value.name.text);
  if (!ts.isIdentifier(value)) return null;
  const declared = declarationOf(value);
  return declared === null ? null : kindOfDeclared(look, declared, steps);
}

function kindOfDeclared(look: Look, declared: Declaration, steps: number): Kind | null {
  if (ts.isParameter(declared)) return look.parameters.get(declared) ?? null;
  if (ts.isVariableDeclaration(declared))
    return declared.initializer === undefined ? null : kindOf(look, declared.initializer, steps - 1);
  if (!ts.isBindingElement(declared)) return null;
  // const { email } = event.payload; ({ payload: { email } }) => …
  const around = declared.parent.parent;
  const outer = steps === 0 ? null : kindOfDeclared(look, around, steps - 1);
  if (declared.dotDotDotToken !== undefined) return outer;
  const name = nameOf((declared.propertyName ?? declared.name) as ts.PropertyName);
  return name === null ? null : partOf(look, outer, name);
}

function partOf({ personal }: Look, kind: Kind | null, name: string): Kind | null {
  if (kind === "event") return name === "payload" ? "payload" : null;
  return kind === "payload" && personal.has(name) ? { field: name } : null;
}

/** `env.STRIPE_SECRET_KEY`, `process.env.APP_API_KEY`, `Deno.env.get("APP_API_KEY")`, or a name that was given one. */
function isSecret(tree: TypeScriptTree, node: ts.Expression, steps = 2): boolean {
  const value = bare(node);
  if (ts.isIdentifier(value)) {
    const given = steps === 0 ? null : givenTo(value);
    return given !== null && isSecret(tree, given, steps - 1);
  }
  const name = ts.isPropertyAccessExpression(value)
    ? isEnvironment(tree, value.expression) && value.name.text
    : ts.isElementAccessExpression(value)
      ? isEnvironment(tree, value.expression) && stringOf(value.argumentExpression)
      : ts.isCallExpression(value) && isEnvironmentGet(value) && stringOf(value.arguments[0]);
  if (typeof name !== "string" || !/^[A-Z][A-Z0-9_]+$/.test(name)) return false;
  return name.endsWith("_SECRET_KEY") || namesSecret(name.toLowerCase());
}

const isEnvironmentGet = (call: ts.CallExpression) => /^Deno\.env\.get$/.test(call.expression.getText());

/** `env`, `c.env`, `process.env`: not a table of the project that is called so. */
function isEnvironment({ bindings }: TypeScriptTree, node: ts.Expression): boolean {
  const owner = bare(node);
  if (ts.isPropertyAccessExpression(owner)) return owner.name.text === "env";
  if (!ts.isIdentifier(owner) || owner.text !== "env") return false;
  const declared = declarationOf(owner);
  return declared === null
    ? isGlobal(bindings, owner)
    : ts.isParameter(declared) || ts.isBindingElement(declared);
}
