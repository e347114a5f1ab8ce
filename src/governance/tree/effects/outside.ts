/** Calls of the outside: `fetch` by whatever name it has, and clients that packages bring. */

import ts from "typescript";
import { calledFunction } from "../flow/reach.ts";
import { declarationOf, givenTo, isGlobal, parameterOwner, rootOf, takenFrom } from "../names/scope.ts";
import { enginePackage, type TypeScriptTree } from "../product/typescript.ts";
import { bare, calledName, isFunction, nameOf, propertyOf, stringOf, walk } from "../syntax/source.ts";

/** Packages whose business is to call over HTTP. */
const clientPackages = new Set([
  "axios",
  "got",
  "ky",
  "node-fetch",
  "ofetch",
  "superagent",
  "undici",
  "wretch",
]);
/** Packages of a service, whose methods say what they do there. */
const servicePackages = new Set([
  "@sendgrid/mail",
  "@slack/web-api",
  "mailgun.js",
  "nodemailer",
  "postmark",
  "resend",
  "square",
  "stripe",
  "twilio",
]);
const changingMethod =
  /^(?:create|update|cancel|capture|charge|confirm|delete|del|pay|post|refund|send)(?:[A-Z]\w*)?$/;
const changingVerb = /^(?:POST|PUT|PATCH|DELETE)$/i;
const globals = /^(?:globalThis|self|window|global)$/;
const fetchType = /^(?:typeof\s+(?:globalThis\.)?fetch|CallOutside|Fetch(?:er|Like)?)$|\["fetch"\]$/;
const maxSteps = 6;

/** A package's client, also one that it made: `const api = ky.create(…)`. Null: it is none. */
const clientOf = (tree: TypeScriptTree, node: ts.Expression, steps = 2): string | null => {
  const value = bare(node);
  const owner = bare(ts.isPropertyAccessExpression(value) ? value.expression : value);
  const file = value.getSourceFile().fileName;
  const origin =
    tree.bindings.originOfExpression(file, value) ?? tree.bindings.originOfExpression(file, owner);
  const name = origin?.package ?? null;
  if (name !== null && clientPackages.has(name)) return name;
  const local = ts.isIdentifier(owner) ? givenTo(owner) : null;
  const made = local ?? origin?.value ?? null;
  const call = made === null || steps === 0 ? null : bare(made);
  return call !== null &&
    ts.isCallExpression(call) &&
    /^(?:create|extend|instance)$/.test(calledName(call) ?? "")
    ? clientOf(tree, call.expression, steps - 1)
    : null;
};

/** `stripe.refunds.create(…)`, where the client was made here, at the top of a file, or is the package itself. */
function changesByService(tree: TypeScriptTree, call: ts.CallExpression): boolean {
  const root = rootOf(call.expression);
  if (root === null || !changingMethod.test(calledName(call) ?? "")) return false;
  return calledFunction(tree, call.expression) === null && isOfService(tree, root, 3);
}

function isOfService(tree: TypeScriptTree, name: ts.Identifier, steps: number): boolean {
  const origin = tree.bindings.originOf(name.getSourceFile().fileName, name.text);
  if (declarationOf(name) === null && servicePackages.has(origin?.package ?? "")) return true;
  const given = givenTo(name) ?? origin?.value ?? null;
  const made = given === null ? null : bare(given);
  if (steps === 0 || made === null || !(ts.isNewExpression(made) || ts.isCallExpression(made))) return false;
  const maker = rootOf(made.expression);
  return maker !== null && maker.text !== name.text && isOfService(tree, maker, steps - 1);
}

/** Whether an expression is what calls the outside: the global `fetch`, that of a context, or another name of one. */
export function isFetch(tree: TypeScriptTree, node: ts.Expression, steps = maxSteps): boolean {
  const value = bare(node);
  if (steps === 0) return false;
  if (ts.isConditionalExpression(value))
    return isFetch(tree, value.whenTrue, steps - 1) || isFetch(tree, value.whenFalse, steps - 1);
  if (ts.isBinaryExpression(value))
    return isFetch(tree, value.left, steps - 1) || isFetch(tree, value.right, steps - 1);
  // fetch.bind(globalThis)
  if (ts.isCallExpression(value))
    return (
      calledName(value) === "bind" &&
      ts.isPropertyAccessExpression(value.expression) &&
      isFetch(tree, value.expression.expression, steps - 1)
    );
  const member = memberOf(value);
  if (member !== null && /^(?:call|apply)$/.test(member.name)) return isFetch(tree, member.owner, steps - 1);
  if (member !== null) return member.name === "fetch" ? isOfPlatform(tree, member.owner) : false;
  if (!ts.isIdentifier(value)) return false;
  const declared = declarationOf(value);
  if (declared === null) return isImportedFetch(tree, value, steps);
  if (ts.isBindingElement(declared)) {
    const name = declared.propertyName ?? declared.name;
    return nameOf(name as ts.PropertyName) === "fetch" && !isOfProject(tree, declared);
  }
  if (ts.isParameter(declared)) return isFetchParameter(tree, declared, steps);
  return (
    ts.isVariableDeclaration(declared) &&
    declared.initializer !== undefined &&
    isFetch(tree, declared.initializer, steps - 1)
  );
}

function isImportedFetch(tree: TypeScriptTree, name: ts.Identifier, steps: number): boolean {
  if (name.text === "fetch" && isGlobal(tree.bindings, name)) return true;
  const origin = tree.bindings.originOf(name.getSourceFile().fileName, name.text);
  if (origin?.package === enginePackage) return origin.name === "callOutside";
  if (origin?.package === "undici" || origin?.package === "node-fetch") return true;
  return origin?.value != null && isFetch(tree, origin.value, steps - 1);
}

/** `owner.name` and `owner["name"]` */
function memberOf(node: ts.Expression): { readonly owner: ts.Expression; readonly name: string } | null {
  if (ts.isPropertyAccessExpression(node)) return { owner: node.expression, name: node.name.text };
  if (!ts.isElementAccessExpression(node)) return null;
  const name = stringOf(node.argumentExpression);
  return name === null ? null : { owner: node.expression, name };
}

/** Not a method that the project itself wrote: that one is looked into. */
function isOfPlatform(tree: TypeScriptTree, owner: ts.Expression): boolean {
  const value = bare(owner);
  if (ts.isIdentifier(value) && globals.test(value.text)) return true;
  const file = value.getSourceFile().fileName;
  return (tree.bindings.originOfExpression(file, value)?.value ?? null) === null;
}

/** `const { fetch } = ownClient`: of an object that is written at the top of a file. */
function isOfProject(tree: TypeScriptTree, declared: ts.BindingElement): boolean {
  let at: ts.Node = declared;
  while (ts.isBindingElement(at)) at = at.parent.parent;
  return ts.isVariableDeclaration(at) && at.initializer !== undefined && !isOfPlatform(tree, at.initializer);
}

/** By its type, by its default, or because a caller in the same file gives it one. */
function isFetchParameter(tree: TypeScriptTree, declared: ts.ParameterDeclaration, steps: number): boolean {
  const type = declared.type?.getText() ?? "";
  if (fetchType.test(type)) return true;
  if (declared.initializer !== undefined && isFetch(tree, declared.initializer, steps - 1)) return true;
  return nameOf(declared.name) === "fetch" && parameterOwner(declared) !== null;
}

/** `navigator.sendBeacon(…)`, which nobody can wait for. */
export function isBeacon(tree: TypeScriptTree, call: ts.CallExpression): boolean {
  const callee = bare(call.expression);
  const taken = ts.isIdentifier(callee) ? takenFrom(callee) : null;
  const owner = taken?.owner ?? (ts.isPropertyAccessExpression(callee) ? callee.expression : null);
  const name = taken?.part ?? (ts.isPropertyAccessExpression(callee) ? callee.name.text : null);
  if (owner === null || name !== "sendBeacon") return false;
  const value = bare(owner);
  if (ts.isIdentifier(value)) return value.text === "navigator" && isGlobal(tree.bindings, value);
  return /^(?:globalThis|self|window)\.navigator$/.test(value.getText());
}

/** A call of the outside. */
export interface OutsideCall {
  /** `reads`: it asks for something only. `changes`: its method says so, or it sends a body. */
  readonly kind: "reads" | "changes";
  /** Something in it says by which key a repetition is known. */
  readonly hasKey: boolean;
}

/**
 * @param given what the caller gave to parameters, where that is known
 * @returns null: it calls nothing outside
 */
export function outsideCall(
  tree: TypeScriptTree,
  call: ts.CallExpression,
  given: ReadonlySet<ts.Node> = new Set(),
): OutsideCall | null {
  if (isBeacon(tree, call))
    return { kind: "changes", hasKey: call.arguments.some((part) => namesKey(tree, part)) };
  const callee = bare(call.expression);
  const declared = ts.isIdentifier(callee) ? declarationOf(callee) : null;
  const isCalled = (declared !== null && given.has(declared)) || isFetch(tree, callee);
  const client = isCalled ? null : clientOf(tree, callee);
  if (!isCalled && client === null && changesByService(tree, call))
    return { kind: "changes", hasKey: call.arguments.some((part) => namesKey(tree, part)) };
  if (!isCalled && (client === null || calledFunction(tree, callee) !== null)) return null;
  const parts = call.arguments.map((argument) => behind(tree, argument));
  const verb = client === null ? null : calledName(call);
  const isChange =
    ((verb !== null && changingVerb.test(verb)) || parts.some((part) => changes(tree, part))) &&
    !parts.slice(0, 1).some(asksOnly);
  return {
    kind: isChange ? "changes" : "reads",
    hasKey: call.arguments.some((part) => namesKey(tree, part)),
  };
}

/** Models that answer, and searches: a question that is sent as a body, because it is long. */
const questions = /\/(?:chat\/completions|completions|embeddings|moderations|_?search)$/;

function asksOnly(address: ts.Expression): boolean {
  if (ts.isNewExpression(address)) {
    const [first] = address.arguments ?? [];
    return first !== undefined && asksOnly(bare(first));
  }
  const end = ts.isTemplateExpression(address)
    ? address.templateSpans.at(-1)?.literal.text
    : ts.isBinaryExpression(address)
      ? stringOf(address.right)
      : stringOf(address);
  return questions.test(end ?? "");
}

/** What a name stands for: here, or at the top of a file. */
function behind(tree: TypeScriptTree, node: ts.Expression, steps = maxSteps): ts.Expression {
  const value = bare(node);
  if (!ts.isIdentifier(value) || steps === 0) return value;
  const declared = declarationOf(value);
  const given =
    declared === null
      ? (tree.bindings.originOf(value.getSourceFile().fileName, value.text)?.value ?? null)
      : ts.isVariableDeclaration(declared)
        ? (declared.initializer ?? null)
        : null;
  return given === null || bare(given) === value ? value : behind(tree, given, steps - 1);
}

/** `{ method: "POST" }`, `new Request(url, { … })`, with what is spread into it. */
function changes(tree: TypeScriptTree, node: ts.Expression): boolean {
  if (ts.isNewExpression(node))
    return (node.arguments ?? []).some((argument) => changes(tree, behind(tree, argument)));
  if (!ts.isObjectLiteralExpression(node)) return false;
  const spreads = node.properties.flatMap((property) =>
    ts.isSpreadAssignment(property) ? [behind(tree, property.expression)] : [],
  );
  const method = propertyOf(node, "method");
  if (method === null || ts.isMethodDeclaration(method))
    return spreads.some((spread) => changes(tree, spread));
  const value = ts.isPropertyAssignment(method)
    ? method.initializer
    : ts.isShorthandPropertyAssignment(method)
      ? method.name
      : null;
  const verbs = value === null ? [] : verbsOf(tree, value);
  // A method that is worked out, and something to send: it is no question.
  return verbs === null ? propertyOf(node, "body") !== null : verbs.some((verb) => changingVerb.test(verb));
}

/** Null: it is worked out at run time. */
function verbsOf(tree: TypeScriptTree, node: ts.Expression): readonly string[] | null {
  const value = behind(tree, node);
  if (ts.isConditionalExpression(value)) {
    const [yes, no] = [verbsOf(tree, value.whenTrue), verbsOf(tree, value.whenFalse)];
    return yes === null || no === null ? null : [...yes, ...no];
  }
  const text = stringOf(value);
  return text === null ? null : [text];
}

/** A name or a text in it, or in what its names stand for, speaks of idempotency. */
function namesKey(tree: TypeScriptTree, node: ts.Node, steps = 3): boolean {
  let found = false;
  walk(node, (inner) => {
    if (found) return false;
    if (ts.isStringLiteralLike(inner) || ts.isTemplateLiteralToken(inner))
      found = /idempoten/i.test(inner.text);
    else if (ts.isIdentifier(inner)) {
      found = /idempoten/i.test(inner.text);
      const value = found || steps === 0 ? inner : behind(tree, inner, 1);
      if (value !== inner && !isFunction(value)) found = namesKey(tree, value, steps - 1);
    }
    return !found;
  });
  return found;
}
