/** B-7: a list, a set, a map or an object that is there longer than an event, and is asked for the event's id. */

import ts from "typescript";
import type { Project } from "../../project.ts";
import { calledFunction, handlersOf } from "../../tree/flow/reach.ts";
import { declarationOf, rootOf } from "../../tree/names/scope.ts";
import type { TypeScriptTree } from "../../tree/product/typescript.ts";
import { nodesOf } from "../../tree/syntax/nodes.ts";
import {
  bare,
  calledName,
  type FunctionNode,
  functionsAround,
  isInside,
  propertyValue,
  walk,
} from "../../tree/syntax/source.ts";
import { isEventId } from "./event-ids.ts";

/** `seen.has(id)`, `seen[id]` as a condition, `id in seen` */
interface Question {
  readonly at: ts.Expression;
  readonly memory: ts.Expression;
  readonly id: ts.Expression;
}

/** What finds, in a file, questions for the id of an event, and calls of functions that ask for the id that they are given. */
export function idMemories({
  typescript: tree,
  files: { files },
}: Project): (file: string) => readonly ts.Expression[] {
  const handlers = new Set(tree.handled.flatMap((handled) => handlersOf(tree, handled)));
  const known = new Map<ts.ClassLikeDeclaration, boolean>();
  /** One that is made for each event remembers nothing, and need not. */
  const isMadeAtTop = (made: ts.ClassLikeDeclaration): boolean => {
    const answer =
      known.get(made) ??
      tree.files.some(
        (file) =>
          made.name !== undefined &&
          files.get(file)?.text.includes(`new ${made.name.text}(`) === true &&
          makesAtTop(tree, file, made),
      );
    known.set(made, answer);
    return answer;
  };
  const lasting: Lasting = { tree, isMadeAtTop, runsLater: (around) => handlers.has(around) };

  /** `recent.isKnown(event.id)`: the function that is called asks what it fills. */
  const asksForGiven = (call: ts.CallExpression): boolean => {
    const at = call.arguments.findIndex((given) => isEventId(given));
    const called = at === -1 ? null : calledFunction(tree, call.expression);
    const parameter = called?.parameters[at];
    if (called === null || parameter === undefined) return false;
    const root = rootOf(call.expression);
    const local = root === null ? null : declarationOf(root);
    const isMadeHere = ts.isNewExpression(startOf(call.expression));
    const standsAtTop = !isMadeHere && (local === null || functionsAround(local).length === 0);
    // const first = onlyOnce(): what the maker of a function keeps lasts as long as the function.
    const runsLater = (around: FunctionNode) => handlers.has(around) || (standsAtTop && around === called);
    return questionsIn(called).some(
      (question) =>
        ts.isIdentifier(question.id) &&
        declarationOf(question.id) === parameter &&
        (standsAtTop || !isOfThis(question.memory)) &&
        isCollection(lastingValue({ ...lasting, runsLater }, question.memory)) &&
        fillsOf(question.memory).length > 0,
    );
  };

  return (file) => {
    const { ast } = tree.source(file);
    const direct = questionsIn(ast).filter(
      ({ at, memory, id }) =>
        isEventId(id) &&
        isCollection(lastingValue(lasting, memory)) &&
        (!mayGetAnything(at) || isFilledWithIds(memory)),
    );
    return [...direct.map(({ at }) => at), ...nodesOf(ast).calls.filter(asksForGiven)];
  };
}

const isOfThis = (memory: ts.Expression) => startOf(memory).kind === ts.SyntaxKind.ThisKeyword;

/** The leftmost part: `new Seen()` of `new Seen().has`. */
function startOf(node: ts.Expression): ts.Expression {
  const value = bare(node);
  return ts.isPropertyAccessExpression(value) ? startOf(value.expression) : value;
}

/** What tells how long something is there. */
interface Lasting {
  readonly tree: TypeScriptTree;
  isMadeAtTop(made: ts.ClassLikeDeclaration): boolean;
  /** Whether a function runs for each event, and what stands around it does not. */
  runsLater(around: FunctionNode): boolean;
}

/** What a memory was when it was made; null: it is not there longer than an event, or nobody sees what it is. */
function lastingValue(lasting: Lasting, memory: ts.Expression): ts.Expression | null {
  if (ts.isIdentifier(memory)) return outerValue(lasting, memory);
  if (!ts.isPropertyAccessExpression(memory)) return null;
  const owner = bare(memory.expression);
  if (ts.isIdentifier(owner)) {
    const object = outerValue(lasting, owner);
    const value =
      object !== null && ts.isObjectLiteralExpression(object)
        ? propertyValue(object, memory.name.text)
        : null;
    return value === null ? null : bare(value);
  }
  if (owner.kind !== ts.SyntaxKind.ThisKeyword) return null;
  let at: ts.Node = memory;
  while (at.parent !== undefined && !ts.isClassLike(at)) at = at.parent;
  if (!ts.isClassLike(at) || !lasting.isMadeAtTop(at)) return null;
  const member = at.members.find((one) => one.name?.getText() === memory.name.text);
  return member !== undefined && ts.isPropertyDeclaration(member) && member.initializer !== undefined
    ? bare(member.initializer)
    : null;
}

/** Of a name of the file's top, of another file, or of what stands around the function that runs for each event. */
function outerValue({ tree, runsLater }: Lasting, name: ts.Identifier): ts.Expression | null {
  const declared = declarationOf(name);
  if (declared === null) {
    const value = tree.bindings.originOf(name.getSourceFile().fileName, name.text)?.value ?? null;
    return value === null ? null : bare(value);
  }
  if (!ts.isVariableDeclaration(declared) || declared.initializer === undefined) return null;
  const isOuter =
    functionsAround(declared).length === 0 ||
    functionsAround(name).some((around) => runsLater(around) && !isInside(declared, around));
  return isOuter ? bare(declared.initializer) : null;
}

/** `const seen = new Seen()` at the top of a file. */
function makesAtTop(tree: TypeScriptTree, file: string, made: ts.ClassLikeDeclaration): boolean {
  const name = made.name?.text;
  if (name === undefined) return false;
  const isOwn = made.getSourceFile().fileName === file;
  return nodesOf(tree.source(file).ast).news.some((node) => {
    const origin = isOwn ? null : tree.bindings.originOfExpression(file, node.expression);
    const isSame = isOwn
      ? bare(node.expression).getText() === name
      : origin?.file === made.getSourceFile().fileName && origin.name === name;
    return isSame && functionsAround(node).length === 0;
  });
}

/** Empty where it was made. */
function isCollection(made: ts.Expression | null): boolean {
  if (made === null) return false;
  if (ts.isArrayLiteralExpression(made)) return made.elements.length === 0;
  if (ts.isObjectLiteralExpression(made)) return made.properties.length === 0;
  return ts.isNewExpression(made) && /^(?:Weak)?(?:Set|Map)$|Cache$/.test(made.expression.getText());
}

function questionsIn(around: ts.Node): readonly Question[] {
  const found: Question[] = [];
  walk(around, (node) => {
    if (ts.isCallExpression(node)) {
      const callee = bare(node.expression);
      const [id] = node.arguments;
      if (id !== undefined && ts.isPropertyAccessExpression(callee) && asking.test(callee.name.text))
        found.push({ at: node, memory: bare(callee.expression), id: bare(id) });
    } else if (ts.isElementAccessExpression(node) && isCondition(node))
      found.push({ at: node, memory: bare(node.expression), id: bare(node.argumentExpression) });
    else if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.InKeyword)
      found.push({ at: node, memory: bare(node.right), id: bare(node.left) });
    return !ts.isTypeNode(node);
  });
  return found;
}

const asking = /^(?:has|get|includes|indexOf)$/;

/** What is looked up by an event's id may be anything, unless ids of events are put there. */
const mayGetAnything = (at: ts.Expression) => !ts.isCallExpression(at) || calledName(at) === "get";

function isCondition(node: ts.ElementAccessExpression): boolean {
  let at: ts.Node = node;
  while (ts.isParenthesizedExpression(at.parent) || ts.isPrefixUnaryExpression(at.parent)) at = at.parent;
  const { parent } = at;
  if (ts.isIfStatement(parent)) return parent.expression === at;
  return (
    ts.isBinaryExpression(parent) &&
    /[=!]==?|&&|\|\|/.test(parent.operatorToken.getText()) &&
    parent.operatorToken.kind !== ts.SyntaxKind.EqualsToken
  );
}

/** What is put into a memory, in its file. */
function fillsOf(memory: ts.Expression): readonly ts.Expression[] {
  const { calls, binaries } = nodesOf(memory.getSourceFile());
  const text = memory.getText();
  const put = calls.flatMap((call) => {
    const callee = bare(call.expression);
    const [first] = call.arguments;
    return ts.isPropertyAccessExpression(callee) &&
      /^(?:add|set|push|unshift)$/.test(callee.name.text) &&
      callee.expression.getText() === text &&
      first !== undefined
      ? [first]
      : [];
  });
  const assigned = binaries.flatMap(({ left, operatorToken }) =>
    operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    ts.isElementAccessExpression(left) &&
    left.expression.getText() === text
      ? [left.argumentExpression]
      : [],
  );
  return [...put, ...assigned];
}

const isFilledWithIds = (memory: ts.Expression) => fillsOf(memory).some((given) => isEventId(given));
