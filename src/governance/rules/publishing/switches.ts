/** What is a switch of the system: it says which of two ways is gone, and no row and no person does. */

import ts from "typescript";
import { declarationOf, rootOf, takenFrom } from "../../tree/names/scope.ts";
import { bare, calledName, stringOf } from "../../tree/syntax/source.ts";

const settingsName =
  /^(?:env|environment|settings|cfg|conf|config|configuration|flags|features|featureFlags|options)$/i;
/** Says itself that it chooses, whatever it belongs to. */
const chooserName = /^(?:use|enable|is|with|legacy)_?(?:new_?)?(?:event|legacy|stream|mode|outbox|bus)/i;
const flagName = /^(?:use|enable|is|has|with)?_?.*(?:event|legacy|stream|outbox|bus)/i;

/** A switch: of the environment, the settings or a constant in capitals that is named after events or the old way. */
export function isFlag(condition: ts.Expression): boolean {
  const value = bare(condition);
  if (isOfEnvironment(value)) return true;
  if (ts.isIdentifier(value) && (isGivenFlag(value) || isReadFlag(value) || isTakenFlag(value))) return true;
  if (ts.isPrefixUnaryExpression(value)) return isFlag(value.operand);
  if (ts.isBinaryExpression(value)) return isFlag(value.left) || isFlag(value.right);
  if (ts.isCallExpression(value)) return isFlagCall(value);
  if (ts.isIdentifier(value)) return /^[A-Z][A-Z0-9_]+$/.test(value.text) && flagName.test(value.text);
  if (ts.isElementAccessExpression(value)) return isOfSettings(value);
  if (!ts.isPropertyAccessExpression(value) || !isOfSettings(value)) return false;
  const { name, expression } = value;
  return isSwitchName(name.text) || (isSystemWide(bare(expression)) && trialName.test(name.text));
}

/** Functions of what keeps switches (OpenFeature, LaunchDarkly, Unleash, PostHog, Statsig), and of one's own. */
const flagFunction =
  /^(?:is_?enabled|(?:is_?)?feature_?enabled|has_?feature|check_?gate|(?:bool(?:ean)?_?)?variation|get_?boolean_?value|(?:get_?|use_?|is_?)?(?:feature_?)?(?:flag|toggle)(?:_?enabled)?)$/i;
const flagKey = /^(?:ff|flags?|features?|toggles?)[:_./-]/i;

/** `flags.enabled(…)`, and `isEnabled("new-orders")`, `kv.get("flag:new-orders")`: who asks for a row or a person gives no text. */
function isFlagCall(call: ts.CallExpression): boolean {
  if (/(?:env|flags?|features?)\b[^(]*$/i.test(call.expression.getText())) return true;
  const key = stringOf(call.arguments[0]);
  return key !== null && (flagFunction.test(calledName(call) ?? "") || flagKey.test(key));
}

/** `env.X`, `process.env["X"]`: whatever it is called, a variable of the environment that is asked for an event is a switch. */
function isOfEnvironment(value: ts.Expression): boolean {
  if (!ts.isPropertyAccessExpression(value) && !ts.isElementAccessExpression(value)) return false;
  const owner = bare(value.expression);
  return /^env$/i.test(
    ts.isPropertyAccessExpression(owner) ? owner.name.text : ts.isIdentifier(owner) ? owner.text : "",
  );
}

/** What was read of the environment before, and a constant that is written down. */
function isReadFlag(name: ts.Identifier): boolean {
  const declared = declarationOf(name);
  if (declared === null || !ts.isVariableDeclaration(declared) || declared.initializer === undefined)
    return false;
  const given = bare(declared.initializer);
  const isConstant = (declared.parent.flags & ts.NodeFlags.Const) !== 0;
  if (given.kind === ts.SyntaxKind.TrueKeyword || given.kind === ts.SyntaxKind.FalseKeyword)
    return isConstant;
  const read = ts.isBinaryExpression(given) ? bare(given.left) : given;
  return isOfEnvironment(read) || (ts.isCallExpression(read) && isFlagCall(read));
}

/** `useEvents`: a parameter, a piece of the settings, or what was read of them. */
function isGivenFlag(name: ts.Identifier): boolean {
  if (!chooserName.test(name.text)) return false;
  const declared = declarationOf(name);
  if (declared === null) return false;
  if (!ts.isVariableDeclaration(declared)) return ts.isParameter(declared) || ts.isBindingElement(declared);
  const { initializer } = declared;
  return initializer !== undefined && isFlag(initializer);
}

/** `const { newOrders } = settings`, where `settings.newOrders` is a switch. */
function isTakenFlag(name: ts.Identifier): boolean {
  const taken = takenFrom(name);
  if (taken === null) return false;
  const owner = bare(taken.owner);
  const last = ts.isPropertyAccessExpression(owner) ? owner.name.text : owner.getText();
  const isSwitch = isSwitchName(taken.part) || trialName.test(taken.part);
  return settingsName.test(last) && isSystemWide(owner) && isSwitch;
}

function isOfSettings(node: ts.PropertyAccessExpression | ts.ElementAccessExpression): boolean {
  const owner = bare(node.expression);
  const last = ts.isPropertyAccessExpression(owner)
    ? owner.name.text
    : ts.isIdentifier(owner)
      ? owner.text
      : "";
  return settingsName.test(last) || rootOf(owner)?.text === "process";
}

/** Of the system, and not of a person or a thing: `user.settings.autoConfirm` is data. */
function isSystemWide(owner: ts.Expression): boolean {
  if (ts.isIdentifier(owner)) return true;
  return (
    ts.isPropertyAccessExpression(owner) &&
    /^(?:this|deps|dependencies|services|context|ctx|c|app|process|engine|system)$/.test(
      bare(owner.expression).getText(),
    )
  );
}

/** What is new, old or tried out is there beside another way. */
const trialName =
  /^(?:new|old|beta|async|sync|direct|experimental|rollout|feature)(?=[A-Z_])|(?:_v|V)\d$|_?Enabled$|_enabled$/;

const isSwitchName = (name: string) =>
  /^(?:use|enable|disable|with|legacy)/i.test(name) || flagName.test(name);
