import { CharterError, describeReceived } from "./errors.ts";

declare const messageIdBrand: unique symbol;

/** A Redis stream id, `{ms}-{seq}`, both unsigned 64-bit decimals without leading zeros. */
export type MessageId = string & { readonly [messageIdBrand]: true };

const shape = /^(0|[1-9]\d{0,19})-(0|[1-9]\d{0,19})$/;
const maxPart = 18_446_744_073_709_551_615n;
const maxPartText = "18446744073709551615";

/** The largest id there is; a stream that has come to it takes no more entries. */
export const maxMessageId = `${maxPartText}-${maxPartText}` as MessageId;

function fits(part: string): boolean {
  return part.length < maxPartText.length || part <= maxPartText;
}

/** True for a complete id; `$`, `>`, `*` and ids without a sequence are not message ids. */
export function isMessageId(text: unknown): text is MessageId {
  if (typeof text !== "string") return false;
  const match = shape.exec(text);
  return match !== null && fits(match[1] ?? "") && fits(match[2] ?? "");
}

/** @throws {CharterError} `invalid_message_id` */
export function parseMessageId(text: unknown): MessageId {
  if (isMessageId(text)) return text;
  throw new CharterError("invalid_message_id", "The stream message id is not valid.", [
    {
      path: "",
      message: 'expected "{milliseconds}-{sequence}", e.g. "1735380000000-0"; pass the id as Redis gave it',
      received: describeReceived(text),
    },
  ]);
}

function compareParts(a: string, b: string): number {
  // Decimals without leading zeros: the longer one is the larger one, equal lengths compare as text.
  if (a.length !== b.length) return a.length < b.length ? -1 : 1;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Numeric order by part: negative when `a` is older. Text order would put `…-10` before `…-9`. */
export function compareMessageIds(a: MessageId, b: MessageId): number {
  const dashA = a.indexOf("-");
  const dashB = b.indexOf("-");
  const byTime = compareParts(a.slice(0, dashA), b.slice(0, dashB));
  return byTime !== 0 ? byTime : compareParts(a.slice(dashA + 1), b.slice(dashB + 1));
}

/**
 * What the id says of time: Unix milliseconds. Exact up to 2^53, which is the year 287396. Whoever writes to the stream
 * chooses it, and all later ids follow it, so it may lie far ahead of any clock: compare ids by `compareMessageIds`, and
 * ask the record when something happened.
 */
export function messageIdMs(id: MessageId): number {
  return Number(id.slice(0, id.indexOf("-")));
}

/**
 * The smallest id greater than `id`, as Redis' own XADD would choose it for the same millisecond.
 *
 * @throws {CharterError} `invalid_message_id` when `id` is the last one there is.
 */
export function nextMessageId(id: MessageId): MessageId {
  const dash = id.indexOf("-");
  const ms = BigInt(id.slice(0, dash));
  const sequence = BigInt(id.slice(dash + 1));
  if (sequence < maxPart) return `${ms}-${sequence + 1n}` as MessageId;
  if (ms < maxPart) return `${ms + 1n}-0` as MessageId;
  throw new CharterError(
    "invalid_message_id",
    `No stream id follows ${id}: it is the largest one Redis can hold.`,
  );
}

/**
 * The largest id smaller than `id`.
 *
 * @throws {CharterError} `invalid_message_id` when `id` is `0-0`, which no entry has
 */
export function previousMessageId(id: MessageId): MessageId {
  const dash = id.indexOf("-");
  const ms = BigInt(id.slice(0, dash));
  const sequence = BigInt(id.slice(dash + 1));
  if (sequence > 0n) return `${ms}-${sequence - 1n}` as MessageId;
  if (ms > 0n) return `${ms - 1n}-${maxPart}` as MessageId;
  throw new CharterError("invalid_message_id", `No stream id comes before ${id}.`);
}

/** The id `count` places behind in the same millisecond; the caller knows that there are so many. */
export function addToSequence(id: MessageId, count: number): MessageId {
  const dash = id.indexOf("-");
  return `${id.slice(0, dash)}-${BigInt(id.slice(dash + 1)) + BigInt(count)}` as MessageId;
}
