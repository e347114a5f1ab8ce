/** B-6: nobody asks whether there is a stream. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { declarationOf, functionOf, givenTo } from "../../tree/names/scope.ts";
import { rawPublished } from "../../tree/product/publishers.ts";
import { enginePackage, type TypeScriptTree } from "../../tree/product/typescript.ts";
import { bare, resultOf, walk } from "../../tree/syntax/source.ts";
import type { Report } from "../rule.ts";
import { type Looked, moduleSourcesWith } from "../scope-of-rules.ts";

export function optionalStreams(project: Project, report: Report): void {
  const { typescript } = project;
  const published = Map.groupBy(typescript.published, ({ file }) => file);
  for (const looked of moduleSourcesWith(project, /publish|emit|event_?stream/i)) {
    const { file, nodes } = looked;
    const calls = new Set([
      ...(published.get(file) ?? []).map(({ call }) => call),
      ...nodes.calls.filter((call) => rawPublished(typescript, file, call) !== null),
    ]);
    for (const call of calls)
      if (ts.isOptionalChain(call))
        report({ at: call, message: "It publishes only when there is something to publish with." });
    const publishers = Map.groupBy([...calls].flatMap(publisherOf), ({ text }) => text);
    checkConditions(typescript, looked, publishers, report);
    checkDefaults(typescript, calls, report);
    for (const call of nodes.calls) {
      const callee = bare(call.expression);
      if (isChoice(callee) && doesNothing(typescript, callee.right))
        report({ at: bare(callee.right), message: nothingHeard });
    }
    checkTypes(project, looked, report);
  }
}

interface Publisher {
  readonly text: string;
  /** Several functions of a file may call it the same. Null: it is none of a function's own names. */
  readonly declared: ts.Node | null;
}

/** What a call publishes with, as it is written: `this.stream` of `this.stream.publish(…)`, and `publish` of `publish(…)`. */
function publisherOf(call: ts.CallExpression): readonly Publisher[] {
  const callee = bare(call.expression);
  const owner = ts.isPropertyAccessExpression(callee) ? bare(callee.expression) : null;
  return [callee, ...(owner === null ? [] : [owner])]
    .filter((node) => ts.isIdentifier(node) || ts.isPropertyAccessExpression(node))
    .map((node) => ({ text: node.getText(), declared: ts.isIdentifier(node) ? declarationOf(node) : null }));
}

/** The charter's word for it, whatever it is used for. */
const streamName = /^_?#?event_?stream$/i;

const nothingHeard = "Without something to publish with, this does nothing, and nobody hears.";

function checkConditions(
  tree: TypeScriptTree,
  { nodes }: Looked,
  publishers: ReadonlyMap<string, readonly Publisher[]>,
  report: Report,
): void {
  const isStream = (node: ts.Expression): boolean => {
    const value = bare(node);
    if (!ts.isIdentifier(value) && !ts.isPropertyAccessExpression(value)) return false;
    const last = ts.isIdentifier(value) ? value.text : value.name.text;
    if (streamName.test(last)) return true;
    const known = publishers.get(value.getText());
    if (known === undefined) return false;
    return !ts.isIdentifier(value) || known.some(({ declared }) => declared === declarationOf(value));
  };
  const tell = (node: ts.Expression) => {
    const asked = askedIn(tree, node, isStream);
    if (asked !== null) report({ at: asked, message: `It asks whether there is ${asked.getText()}.` });
  };
  for (const branch of nodes.branches) {
    if (ts.isConditionalExpression(branch)) tell(branch.condition);
    else if (ts.isForStatement(branch)) {
      if (branch.condition !== undefined) tell(branch.condition);
    } else tell(branch.expression);
  }
  for (const node of nodes.binaries) {
    const isShort =
      node.operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken ||
      node.operatorToken.kind === ts.SyntaxKind.BarBarToken;
    if (isShort && isDone(node)) tell(node.left);
  }
}

const comparisons = new Set([
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
]);

/** `publish && publish(…)` as a statement, or as all that a short function does: nobody uses what it gives. */
const isDone = ({ parent }: ts.Node): boolean =>
  ts.isExpressionStatement(parent) ||
  ts.isArrowFunction(parent) ||
  ((ts.isParenthesizedExpression(parent) || ts.isAwaitExpression(parent) || ts.isVoidExpression(parent)) &&
    isDone(parent));

/**
 * The stream that a condition asks for: by itself, by `!`, by its type, compared with nothing, by a name that was given such
 * a condition, or by a function of the project that does nothing else.
 */
function askedIn(
  tree: TypeScriptTree,
  node: ts.Expression,
  isStream: (node: ts.Expression) => boolean,
  steps = 3,
): ts.Expression | null {
  const value = bare(node);
  if (isStream(value)) return value;
  if (steps === 0) return null;
  const within = (inner: ts.Expression) => askedIn(tree, inner, isStream, steps - 1);
  if (ts.isPrefixUnaryExpression(value)) return within(value.operand);
  if (ts.isIdentifier(value)) {
    const given = givenTo(value);
    return given === null || isMember(bare(given)) ? null : within(given);
  }
  if (ts.isCallExpression(value)) return askedByCall(tree, value, isStream);
  if (!ts.isBinaryExpression(value)) return null;
  const { left, right, operatorToken } = value;
  if (comparisons.has(operatorToken.kind)) {
    const [one, other] = [bare(left), bare(right)];
    const type = ts.isTypeOfExpression(one) ? one : ts.isTypeOfExpression(other) ? other : null;
    if (type !== null) return isStream(type.expression) ? bare(type.expression) : null;
    if (isNothing(right) && isStream(left)) return one;
    return isNothing(left) && isStream(right) ? other : null;
  }
  const isLogic =
    operatorToken.kind === ts.SyntaxKind.AmpersandAmpersandToken ||
    operatorToken.kind === ts.SyntaxKind.BarBarToken;
  return isLogic ? (within(left) ?? within(right)) : null;
}

/** `const { publish } = this` is another name of it, which the calls say. */
const isMember = (node: ts.Expression) => ts.isPropertyAccessExpression(node) || ts.isCallExpression(node);

/** `Boolean(publish)`, `hasStream(publish)` */
function askedByCall(
  tree: TypeScriptTree,
  call: ts.CallExpression,
  isStream: (node: ts.Expression) => boolean,
): ts.Expression | null {
  const at = call.arguments.findIndex(isStream);
  const given = call.arguments[at];
  if (given === undefined) return null;
  if (call.expression.getText() === "Boolean") return bare(given);
  const called = functionOf(tree, call.expression);
  const result = called === null ? null : resultOf(called);
  const parameter = called?.parameters[at];
  if (result === null || parameter === undefined) return null;
  const isParameter = (node: ts.Expression) => {
    const value = bare(node);
    return ts.isIdentifier(value) && declarationOf(value) === parameter;
  };
  return askedIn(tree, result, isParameter, 1) === null ? null : bare(given);
}

function isNothing(node: ts.Expression): boolean {
  const value = bare(node);
  return value.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(value) && value.text === "undefined");
}

/** What stands in for a publisher that is not there, and does nothing. */
function checkDefaults(tree: TypeScriptTree, calls: ReadonlySet<ts.CallExpression>, report: Report): void {
  for (const call of calls) {
    const callee = bare(call.expression);
    const declared = ts.isIdentifier(callee) ? declarationOf(callee) : memberDeclaration(callee);
    if (declared === null || !("initializer" in declared) || declared.initializer === undefined) continue;
    const given = bare(declared.initializer);
    const fallback = isChoice(given) ? bare(given.right) : ts.isVariableDeclaration(declared) ? null : given;
    if (fallback !== null && doesNothing(tree, fallback))
      report({
        at: fallback,
        message: nothingHeard,
      });
  }
}

const isChoice = (node: ts.Expression): node is ts.BinaryExpression =>
  ts.isBinaryExpression(node) &&
  (node.operatorToken.kind === ts.SyntaxKind.QuestionQuestionToken ||
    node.operatorToken.kind === ts.SyntaxKind.BarBarToken);

/** `this.publish`: a property of the class, or a parameter of its constructor that becomes one. */
function memberDeclaration(callee: ts.Expression): ts.PropertyDeclaration | ts.ParameterDeclaration | null {
  if (!ts.isPropertyAccessExpression(callee) || callee.expression.kind !== ts.SyntaxKind.ThisKeyword)
    return null;
  let at: ts.Node = callee;
  while (at.parent !== undefined && !ts.isClassLike(at)) at = at.parent;
  if (!ts.isClassLike(at)) return null;
  const { text } = callee.name;
  for (const member of at.members) {
    if (ts.isPropertyDeclaration(member) && member.name.getText() === text) return member;
    if (!ts.isConstructorDeclaration(member)) continue;
    const found = member.parameters.find(
      ({ name, modifiers }) => modifiers !== undefined && name.getText() === text,
    );
    if (found !== undefined) return found;
  }
  return null;
}

/** `async () => {}`, `() => undefined`, `() => Promise.resolve()`, or the name of such a function. */
function doesNothing(tree: TypeScriptTree, node: ts.Expression): boolean {
  const value = functionOf(tree, node);
  if (value === null) return false;
  if (ts.isBlock(value.body) && value.body.statements.length === 0) return true;
  const result = resultOf(value);
  return (
    result !== null &&
    /^(?:undefined|null|void 0|Promise\.resolve\((?:undefined)?\))$/.test(bare(result).getText())
  );
}

/** `publish?: Publish`, `Publish | null`: of the engine's types. */
function checkTypes({ typescript: { bindings } }: Project, { file, nodes }: Looked, report: Report): void {
  const declared = new Set<ts.ParameterDeclaration | ts.PropertyDeclaration | ts.PropertySignature>();
  for (const { parent } of nodes.names) {
    if (ts.isParameter(parent) || ts.isPropertyDeclaration(parent) || ts.isPropertySignature(parent))
      declared.add(parent);
    // What an alias of a type stands for is no name.
    if (ts.isTypeAliasDeclaration(parent))
      walk(parent.type, (inner) => {
        if (ts.isPropertySignature(inner)) declared.add(inner);
      });
  }
  for (const { type, questionToken, name, parent } of declared) {
    if (type === undefined) continue;
    const parts = ts.isUnionTypeNode(type) ? type.types : [type];
    const isNullable = parts.some(
      (part) =>
        part.kind === ts.SyntaxKind.UndefinedKeyword ||
        (ts.isLiteralTypeNode(part) && part.literal.kind === ts.SyntaxKind.NullKeyword),
    );
    if (questionToken === undefined && !isNullable && !isPartial(parent)) continue;
    const isPublish = parts.some((part) => {
      if (!ts.isTypeReferenceNode(part) || !ts.isIdentifier(part.typeName)) return false;
      const origin = bindings.originOf(file, part.typeName.text);
      return origin?.package === enginePackage && /^(?:Publish|Engine)$/.test(origin.name);
    });
    if (isPublish) report({ at: name, message: `${name.getText()} may be nothing, and events with it.` });
  }
}

/** `Partial<{ … }>` */
const isPartial = ({ parent }: ts.Node): boolean =>
  ts.isTypeReferenceNode(parent) && parent.typeName.getText() === "Partial";
