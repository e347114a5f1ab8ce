/** What a test shows, by the order of what it does. */

import ts from "typescript";
import { bare } from "../syntax/source.ts";
import type { Act } from "./acts.ts";
import { isTakenRequest } from "./answers.ts";

/** What a test can show of a consumer: `consumed` is T-2 of the charter, `redelivered` T-3, `permanent` T-4, `transient` T-4b. */
export type Shown = "consumed" | "redelivered" | "permanent" | "transient";

/** @param acts those of a test that are about one consumer */
export function showsOf(acts: readonly Act[]): ReadonlySet<Shown> {
  const found = new Set<Shown>();
  const at = (kind: Act["kind"], from = 0) =>
    acts.findIndex((act, index) => index >= from && act.kind === kind);
  const asserts = acts.filter(({ kind }) => kind === "assert");
  const drained = at("drain");
  const behind = drained === -1 ? [] : acts.slice(drained + 1);
  const asserted = behind.filter(({ kind }) => kind === "assert");
  const again = redeliveredAt(acts);
  if (again !== -1) {
    const read = at("drain", again + 1);
    const told = acts.slice(read + 1).some(({ kind, node }) => kind === "assert" && !isTakenRequest(node));
    if (read !== -1 && told) found.add("redelivered");
  }
  const isHandled = acts.some(({ kind }) => kind === "handle");
  const drains = acts.filter(({ kind }) => kind === "drain");
  const says = (word: string) =>
    (isHandled && asserts.some(({ words }) => words.has(word))) ||
    drains.some(({ words }) => words.has(word));
  if (asserted.some(tellsOfLetter) || says("dead-letter")) found.add("permanent");
  if (asserted.some(tellsOfRetry) || isLater(behind) || says("retry")) found.add("transient");
  const before = again === -1 ? behind : behind.slice(0, Math.max(0, again - drained - 1));
  if (showsConsumed(before, found)) found.add("consumed");
  return found;
}

/** Meta, type and payload of an event. The parts of meta stand by name: an event without them is none of the charter. */
export function showsPublished(asserts: readonly Act[]): boolean {
  const words = new Set(asserts.flatMap((act) => [...act.words]));
  const isPayload = words.has("payload") || words.has("expectEvent") || words.has("waitForEvent");
  return (
    isPayload && ["meta", "schema_version", "producer", "source_module"].every((word) => words.has(word))
  );
}

/** Index of the first that delivers again: by the engine's or the group's means, or by writing an entry anew. */
function redeliveredAt(acts: readonly Act[]): number {
  const written = new Set<string>();
  let isRead = false;
  let isDrained = false;
  for (const [index, { kind, node }] of acts.entries()) {
    if (kind === "read") isRead = true;
    if (kind === "drain") isDrained = true;
    if (!isDrained) {
      if (kind === "append") written.add(node.getText());
      continue;
    }
    if (kind === "redeliver") return index;
    if (kind === "append" && (isRead || written.has(node.getText()))) return index;
  }
  return -1;
}

/**
 * A test about errors or about another delivery has a drain, too: what it asserts there is that nothing happened, or only what
 * came of it at last. So of one about errors only what was there at the first drain counts.
 *
 * @param behind what comes behind the first drain, and before another delivery
 */
function showsConsumed(behind: readonly Act[], shown: ReadonlySet<Shown>): boolean {
  const isAboutErrors = shown.has("permanent") || shown.has("transient");
  if (!isAboutErrors) return behind.some(tellsOfEffect);
  const next = behind.findIndex(({ kind }) => kind === "drain");
  const first = next === -1 ? behind : behind.slice(0, next);
  return first.some((act) => tellsOfEffect(act) && !isNothing(act.node));
}

function isNothing({ arguments: [given] }: ts.CallExpression): boolean {
  return given !== undefined && /^(?:0|\[\]|null|undefined|false|"")$/.test(bare(given).getText());
}

/** Neither what was refused nor the record of events: that is there before anything is handled. */
const tellsOfEffect = (act: Act) =>
  act.kind === "assert" &&
  !isAboutLetters(act) &&
  !tellsOfRetry(act) &&
  !recordWords.some((word) => act.words.has(word));

const recordWords = ["schema_version", "source_module"];

const letterWords = ["deadLetters", "dead_letters", "deadLettered", "deadLetter"];
const isAboutLetters = ({ farWords }: Act) => letterWords.some((word) => farWords.has(word));

/** It says that there is something: a list with something in it, a number above 0, an object. */
function saysSomething(node: ts.CallExpression): boolean {
  if (/\.not\./.test(node.expression.getText())) return false;
  const [given] = node.arguments;
  if (given === undefined) return /\.(?:toBeDefined|toBeTruthy)$/.test(node.expression.getText());
  const value = bare(given);
  if (ts.isArrayLiteralExpression(value)) return value.elements.length > 0;
  if (ts.isNumericLiteral(value))
    return Number(value.text) > 0 || /toBeGreaterThan$/.test(node.expression.getText());
  const isMatcher = ts.isCallExpression(value) && /^expect\./.test(value.getText());
  return ts.isObjectLiteralExpression(value) || isMatcher || ts.isBinaryExpression(value);
}

/** The number that a property of the expected object has; null: it has none. */
function expectedCount(node: ts.CallExpression, names: readonly string[]): number | null {
  const [given] = node.arguments;
  const value = given === undefined ? null : bare(given);
  if (value === null || !ts.isObjectLiteralExpression(value)) return null;
  for (const property of value.properties) {
    if (!ts.isPropertyAssignment(property) || !names.includes(property.name.getText())) continue;
    return ts.isNumericLiteral(property.initializer) ? Number(property.initializer.text) : null;
  }
  return null;
}

function tellsOfLetter(act: Act): boolean {
  const count = expectedCount(act.node, ["deadLettered"]);
  if (count !== null) return count > 0;
  if (act.words.has("retried")) return false;
  return isAboutLetters(act) && saysSomething(act.node);
}

function tellsOfRetry(act: Act): boolean {
  const count = expectedCount(act.node, ["retried"]);
  if (count !== null) return count > 0;
  const isPending = act.farWords.has("XPENDING") || act.words.has("pending");
  const [given] = act.node.arguments;
  const value = given === undefined ? null : bare(given);
  const isOne = value !== null && ts.isNumericLiteral(value) && Number(value.text) > 0;
  return (isPending || act.words.has("retried")) && isOne;
}

/** Nothing applied, or no dead letter, first; and handled when it is read again. */
function isLater(behind: readonly Act[]): boolean {
  const none = behind.findIndex(
    (act) =>
      act.kind === "assert" &&
      ((isAboutLetters(act) && !saysSomething(act.node)) || tellsThatNothingWasApplied(act)),
  );
  if (none === -1) return false;
  const again = behind.findIndex(({ kind }, index) => index > none && kind === "drain");
  return again !== -1 && behind.some(({ kind }, index) => index > again && kind === "assert");
}

function tellsThatNothingWasApplied({ node, words }: Act): boolean {
  const count = expectedCount(node, ["applied"]);
  if (count !== null) return count === 0;
  const [given] = node.arguments;
  const value = given === undefined ? null : bare(given);
  return words.has("applied") && value !== null && ts.isNumericLiteral(value) && value.text === "0";
}
