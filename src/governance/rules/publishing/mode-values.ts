/** M-1: what the mode of the event stream is set to, and modules that read it. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { calledFunction } from "../../tree/flow/reach.ts";
import { declarationOf } from "../../tree/names/scope.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import { bare, type FunctionNode, isInside, nameOf, stringOf, walk } from "../../tree/syntax/source.ts";
import { placeOfLine } from "../../tree/text.ts";
import { settingsOf } from "../modules/leftovers.ts";
import type { Report } from "../rule.ts";
import { type Looked, sourcesWith } from "../scope-of-rules.ts";

const modeName = "BRAIN_EVENTSTREAM_MODE";
const modeValues = new Set(["required", "degraded", ""]);

/** A file that a rule looks at, and what its names and texts say. */
interface Look extends Looked {
  readonly project: Project;
  textOf(node: ts.Expression | undefined): string | null;
}

export function modes(project: Project, report: Report): void {
  for (const looked of sourcesWith(project, mentions(project))) {
    const { file, module } = looked;
    const look: Look = {
      ...looked,
      project,
      textOf: (node: ts.Expression | undefined) => textOf(project, file, node),
    };
    for (const at of valuesIn(look)) {
      const text = look.textOf(at);
      if (text !== null && !modeValues.has(text))
        report({ at, message: `${modeName} is "${text}" here; there are required and degraded.` });
    }
    if (module !== null)
      for (const at of readsIn(look))
        report({ at, message: `The module ${module.name} reads the mode of the event stream.` });
  }
  for (const { path, text, line, name, value } of settingsOf(project, /BRAIN_EVENTSTREAM_MODE/))
    if (name === modeName && !modeValues.has(value) && !/^\$/.test(value))
      report({
        at: placeOfLine({ path, text }, line),
        message: `${modeName} is "${value}" here; there are required and degraded.`,
      });
}

/** The name itself, and those of constants that hold it. */
function mentions(project: Project): RegExp {
  const names = new Set<string>();
  for (const { nodes } of sourcesWith(project, /BRAIN_EVENTSTREAM_MODE/))
    for (const text of nodes.texts) {
      const { parent } = text;
      const isNamed =
        ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent) || ts.isEnumMember(parent);
      const name =
        isNamed && !ts.isTemplateExpression(text) && text.text === modeName ? nameOf(parent.name) : null;
      if (name !== null && name !== modeName && /^[\w$]+$/.test(name)) names.add(name.replaceAll("$", "\\$"));
    }
  return names.size === 0
    ? /BRAIN_EVENTSTREAM_MODE/
    : new RegExp(`BRAIN_EVENTSTREAM_MODE|\\b(?:${[...names].join("|")})\\b`);
}

function textOf(
  { typescript: { values } }: Project,
  file: string,
  node: ts.Expression | undefined,
): string | null {
  if (node === undefined) return null;
  const text = stringOf(node);
  if (text !== null) return text;
  const value = bare(node);
  if (!ts.isIdentifier(value) && !ts.isPropertyAccessExpression(value)) return null;
  const found = values.valueOf(file, value);
  return typeof found === "string" ? found : null;
}

/** Whatever the mode is set to, compared with, or else is. */
function* valuesIn(look: Look): Generator<ts.Expression> {
  const { nodes, textOf: read } = look;
  for (const node of nodes.binaries) {
    if (isMode(look, node.left)) yield bare(node.right);
    if (isMode(look, node.right)) yield bare(node.left);
  }
  for (const call of nodes.calls) yield* valuesGiven(look, call);
  for (const branch of nodes.branches) {
    if (!ts.isSwitchStatement(branch) || !isMode(look, branch.expression)) continue;
    for (const clause of branch.caseBlock.clauses) if (ts.isCaseClause(clause)) yield clause.expression;
  }
  for (const object of nodes.objects)
    for (const property of object.properties) {
      if (!ts.isPropertyAssignment(property)) continue;
      const { name, initializer } = property;
      const key = ts.isComputedPropertyName(name) ? read(name.expression) : nameOf(name);
      if (key === modeName) yield* listedIn(initializer);
    }
  for (const { element } of takenOut(look))
    if (element.initializer !== undefined) yield bare(element.initializer);
}

/** `Deno.env.set(name, "optional")`, `["off"].includes(env[name])`, and a function of the project that sets what it is given. */
function* valuesGiven(look: Look, call: ts.CallExpression): Generator<ts.Expression> {
  const { expression, arguments: given } = call;
  const callee = bare(expression);
  const [first, second] = given;
  if (ts.isPropertyAccessExpression(callee) && callee.name.text === "includes" && first !== undefined) {
    const list = bare(callee.expression);
    if (isMode(look, first) && ts.isArrayLiteralExpression(list)) yield* list.elements;
  }
  const at = given.findIndex((one) => look.textOf(one) === modeName);
  if (at === -1) return;
  if (at === 0 && second !== undefined && /\b(?:env\.set|stubEnv|setenv|setEnv)$/.test(expression.getText()))
    return yield bare(second);
  const called = calledFunction(look.project.typescript, callee);
  const place = called === null ? -1 : setBy(called, at);
  const value = given[place];
  if (value !== undefined) yield bare(value);
}

/** Which parameter a function sets a variable of the environment to, whose name is another one; -1: none. */
function setBy(called: FunctionNode, name: number): number {
  const placeOf = (node: ts.Expression) => {
    const value = bare(node);
    const declared = ts.isIdentifier(value) ? declarationOf(value) : null;
    return called.parameters.indexOf(declared as ts.ParameterDeclaration);
  };
  for (const { left, right, operatorToken } of nodesOf(called.getSourceFile()).binaries) {
    if (operatorToken.kind !== ts.SyntaxKind.EqualsToken || !isInside(left, called.body)) continue;
    const target = bare(left);
    const isSet = ts.isElementAccessExpression(target) && isEnvironment(target.expression);
    if (isSet && placeOf(target.argumentExpression) === name) return placeOf(right);
  }
  return -1;
}

const isEnvironment = (node: ts.Expression) => /(?:^|\.)env$/i.test(bare(node).getText());

/** Of a list of values, or the value itself; not a sentence. */
function listedIn(value: ts.Expression): readonly ts.Expression[] {
  const found: ts.Expression[] = [];
  walk(value, (inner) => {
    if (!ts.isStringLiteralLike(inner) || /\s/.test(inner.text)) return;
    const { parent } = inner;
    const isDefault =
      (ts.isCallExpression(parent) &&
        /\.(?:default|literal|enum|catch)$/.test(parent.expression.getText())) ||
      ts.isConditionalExpression(parent) ||
      ts.isBinaryExpression(parent);
    if (ts.isPropertyAssignment(parent) || ts.isArrayLiteralExpression(parent) || isDefault)
      found.push(inner);
  });
  return found;
}

function isMode({ textOf: read }: Look, node: ts.Expression): boolean {
  const value = bare(node);
  if (ts.isIdentifier(value)) return value.text === modeName;
  if (ts.isPropertyAccessExpression(value)) return value.name.text === modeName;
  return ts.isElementAccessExpression(value) && read(value.argumentExpression) === modeName;
}

/** `const { BRAIN_EVENTSTREAM_MODE: mode = "off" } = process.env` */
function* takenOut({ nodes, textOf: read }: Look) {
  for (const { parent: element } of nodes.names) {
    if (!ts.isBindingElement(element) || !ts.isObjectBindingPattern(element.parent)) continue;
    const { propertyName, name } = element;
    const key = propertyName ?? (ts.isIdentifier(name) ? name : undefined);
    if (key === undefined) continue;
    const text = ts.isComputedPropertyName(key) ? read(key.expression) : nameOf(key);
    if (text === modeName) yield { element, key };
  }
}

/** Where a module asks for it. */
function readsIn(look: Look): ReadonlySet<ts.Node> {
  const { nodes, textOf: read } = look;
  const found = new Set<ts.Node>([...takenOut(look)].map(({ key }) => key));
  for (const name of nodes.names) {
    const { parent } = name;
    if (name.text === modeName && ts.isPropertyAccessExpression(parent) && parent.name === name)
      found.add(name);
    else if (
      ts.isElementAccessExpression(parent) &&
      parent.argumentExpression === name &&
      read(name) === modeName
    )
      found.add(name);
    else if (ts.isCallExpression(parent) && parent.arguments.includes(name) && read(name) === modeName)
      found.add(name);
  }
  for (const text of nodes.texts) {
    const { parent } = text;
    if (ts.isTemplateExpression(text) || text.text !== modeName) continue;
    if (ts.isElementAccessExpression(parent) || ts.isCallExpression(parent)) found.add(text);
  }
  return found;
}
