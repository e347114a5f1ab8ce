/**
 * RESP2, the protocol of Redis up to version 6 and the shapes Upstash answers over REST.
 *
 * Our own few lines rather than a client library: a gateway has to pass replies on untouched, and every
 * library turns some of them (HGETALL, XREADGROUP, INFO …) into something friendlier.
 *
 * Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
 */

import { pieceLength, toWrite } from "../requests/pieces.ts";
import { type KeptNumber, numberOf } from "../requests/source-json.ts";

/** An error reply. A value and not a throw: it may stand in the middle of a pipeline or an EXEC array. */
export class RedisReplyError extends Error {
  override readonly name = "RedisReplyError";
}

/** An integer that a double cannot hold is an object that `JSON.stringify` writes with all its digits. */
export type RedisReply = string | number | KeptNumber | null | RedisReply[] | RedisReplyError;

/** How the strings of one reply are given. */
export interface ReplyShape {
  /**
   * `base64` keeps binary values intact; `utf8` replaces invalid bytes by U+FFFD. `resp2` gives the whole reply as it came,
   * one character for each byte.
   */
  readonly encoding: "utf8" | "base64" | "resp2";
  /** Down to this depth the status `OK` stays plain in base64, as Upstash answers it. 0 is the reply itself. */
  readonly plainOkDepth: number;
}

export const plainReply: ReplyShape = { encoding: "utf8", plainOkDepth: 0 };

/** An argument of a command: text, sent as UTF-8, or bytes. */
export type CommandArgument = string | Uint8Array;

/** What goes over the wire for the commands, in pieces. */
export function encodeCommands(
  commands: readonly (readonly CommandArgument[])[],
): readonly (string | Uint8Array)[] {
  const pieces: (string | Uint8Array)[] = [];
  let text = "";
  const finish = () => {
    if (text !== "") pieces.push(toWrite(text));
    text = "";
  };
  for (const args of commands) {
    text += `*${args.length}\r\n`;
    for (const arg of args) {
      text += `$${Buffer.byteLength(arg)}\r\n`;
      if (typeof arg === "string") text += arg;
      else {
        finish();
        pieces.push(arg);
      }
      text += "\r\n";
      if (text.length >= pieceLength) finish();
    }
  }
  finish();
  return pieces;
}

const CR = 13;
const MINUS = 45;
const ZERO = 48;
const [STATUS, ERROR, INTEGER, BULK, ARRAY] = [43, 45, 58, 36, 42];

interface OpenArray {
  /** Items that have not come yet. */
  left: number;
  readonly items: RedisReply[];
}

/** No integer of so many characters is changed by a double. */
const shortInteger = 15;

function parseInteger(bytes: Buffer, from: number, to: number): number | KeptNumber {
  return to - from <= shortInteger
    ? parseLength(bytes, from, to)
    : numberOf(bytes.toString("latin1", from, to));
}

/** An integer of few digits, -1 where there is nothing. */
function parseLength(bytes: Buffer, from: number, to: number): number {
  const negative = bytes[from] === MINUS;
  let value = 0;
  for (let index = negative ? from + 1 : from; index < to; index++)
    value = value * 10 + ((bytes[index] ?? ZERO) - ZERO);
  return negative ? -value : value;
}

/**
 * A resumable reader of replies: bytes come in as the socket gives them, each complete reply goes to `onReply`.
 * `shapeOf` is asked once per reply, when its first byte is read. A byte that is not RESP2 throws.
 *
 * `fits` is asked once per value, with its bytes, before it is kept. When it says no, the rest of the reply is thrown away
 * as it comes, with what was read of it: the reply is null then, or an array without items.
 */
export class ReplyParser {
  readonly #onReply: (reply: RedisReply) => void;
  readonly #shapeOf: () => ReplyShape;
  readonly #fits: (bytes: number) => boolean;
  #buffer: Buffer = Buffer.alloc(0);
  #position = 0;
  /** Chunks that wait because the value being read is known to be longer than what has come so far. */
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #neededBytes = 0;
  #open: OpenArray[] = [];
  #shape: ReplyShape = plainReply;
  /** The bytes of the reply being read, when it is wanted as it came. */
  #raw: Buffer[] = [];
  /** Whether there is room for the string that is being read; null before that is asked. */
  #bulkFits: boolean | null = null;
  /** Bytes of a string that are thrown away when they come. */
  #skipBytes = 0;
  /** The reply being read did not fit. */
  #isDropped = false;

  constructor(
    onReply: (reply: RedisReply) => void,
    shapeOf: () => ReplyShape,
    fits: (bytes: number) => boolean = () => true,
  ) {
    this.#onReply = onReply;
    this.#shapeOf = shapeOf;
    this.#fits = fits;
  }

  write(chunk: Buffer): void {
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    const restBytes = this.#buffer.length - this.#position;
    if (restBytes + this.#waitingBytes < this.#neededBytes) return;
    this.#buffer =
      restBytes === 0 && this.#waiting.length === 1
        ? chunk
        : Buffer.concat([this.#buffer.subarray(this.#position), ...this.#waiting]);
    this.#position = 0;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#neededBytes = 0;
    while (this.#position < this.#buffer.length && this.#readOne());
  }

  /** Reads one element; false when its end has not arrived yet. */
  #readOne(): boolean {
    if (this.#skipBytes > 0) return this.#skip();
    const start = this.#position;
    const lineEnd = this.#buffer.indexOf(CR, start + 1);
    if (lineEnd === -1 || lineEnd + 1 >= this.#buffer.length) return false;
    if (this.#open.length === 0) {
      this.#shape = this.#shapeOf();
      this.#isDropped = false;
    }
    const type = this.#buffer[start];
    if (type === BULK) return this.#readBulk(start, lineEnd);
    this.#consume(start, lineEnd + 2);
    if (type === INTEGER) this.#deliver(parseInteger(this.#buffer, start + 1, lineEnd));
    else if (type === STATUS) this.#deliver(this.#status(start + 1, lineEnd));
    else if (type === ERROR) {
      this.#deliver(new RedisReplyError(this.#buffer.toString("utf8", start + 1, lineEnd)));
    } else if (type === ARRAY) {
      const length = parseLength(this.#buffer, start + 1, lineEnd);
      if (length < 0) this.#deliver(null);
      else if (length === 0) this.#deliver([]);
      else this.#open.push({ left: length, items: [] });
    } else throw new Error(`Redis sent the byte ${type}, which starts no RESP2 value`);
    return true;
  }

  #readBulk(start: number, lineEnd: number): boolean {
    const length = parseLength(this.#buffer, start + 1, lineEnd);
    const from = lineEnd + 2;
    if (length < 0) {
      this.#consume(start, from);
      this.#deliver(null);
      return true;
    }
    const end = from + length + 2;
    this.#bulkFits ??= this.#fits(end - start);
    if (!this.#bulkFits) {
      this.#bulkFits = null;
      this.#drop();
      this.#position = from;
      this.#skipBytes = end - from;
      return this.#skip();
    }
    if (this.#buffer.length < end) {
      this.#neededBytes = end - start;
      return false;
    }
    this.#bulkFits = null;
    this.#consume(start, end, true);
    const { encoding } = this.#shape;
    this.#deliver(encoding === "resp2" ? "" : this.#buffer.toString(encoding, from, from + length));
    return true;
  }

  #consume(start: number, end: number, fits = this.#fits(end - start)): void {
    if (!fits) this.#drop();
    else if (this.#shape.encoding === "resp2") this.#raw.push(this.#buffer.subarray(start, end));
    this.#position = end;
  }

  #drop(): void {
    this.#isDropped = true;
    this.#raw = [];
    for (const { items } of this.#open) items.length = 0;
  }

  /** Throws away what has come of a string that did not fit; false when more of it is to come. */
  #skip(): boolean {
    const bytes = Math.min(this.#skipBytes, this.#buffer.length - this.#position);
    this.#position += bytes;
    this.#skipBytes -= bytes;
    if (this.#skipBytes > 0) return false;
    this.#deliver(null);
    return true;
  }

  #status(from: number, to: number): string {
    const text = this.#buffer.toString("utf8", from, to);
    const { encoding, plainOkDepth } = this.#shape;
    if (encoding === "utf8" || (text === "OK" && this.#open.length <= plainOkDepth)) return text;
    return this.#buffer.toString("base64", from, to);
  }

  /** Gives a finished value to the innermost open array, or to the caller when none is open. */
  #deliver(value: RedisReply): void {
    let finished = value;
    for (;;) {
      const array = this.#open.at(-1);
      if (array === undefined) {
        this.#onReply(this.#shape.encoding === "resp2" ? this.#takeRaw() : finished);
        return;
      }
      array.left -= 1;
      if (!this.#isDropped) array.items.push(finished);
      if (array.left > 0) return;
      this.#open.pop();
      finished = array.items;
    }
  }

  #takeRaw(): string {
    const raw = Buffer.concat(this.#raw).toString("latin1");
    this.#raw = [];
    return raw;
  }
}
