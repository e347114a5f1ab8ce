/**
 * How a client of a session logs in: the packets up to its password, which it is asked for in clear text.
 *
 * Source: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP
 */

import { parseStartup } from "./startup.ts";
import { CANCEL_REQUEST, int32, message } from "./wire.ts";

const PROTOCOL_3 = 196_608;
const SSL_REQUEST = 80_877_103;
const GSS_REQUEST = 80_877_104;
/** A startup packet of Postgres is at most 10,000 bytes long. */
const MAX_LOGIN_BYTES = 10_000;
/** Longest time until a client has logged in, as Postgres has it. */
export const LOGIN_MS = 60_000;

const askPassword = message("R", int32(3));

export interface Login {
  readonly parameters: Map<string, string>;
  readonly password: string;
  /** What the client sent right behind its password; the pipelined first query, as a rule. */
  readonly rest: Buffer;
}

/** Cuts complete packets off the front of what has arrived. `typed` packets start with a byte for their type. */
function takePacket(bytes: Buffer, typed: boolean): { packet: Buffer; rest: Buffer } | null {
  const offset = typed ? 1 : 0;
  if (bytes.length < offset + 4) return null;
  const length = bytes.readInt32BE(offset) + offset;
  if (length < offset + 4 || length > MAX_LOGIN_BYTES) throw new Error(`a login packet of ${length} bytes`);
  if (bytes.length < length) return null;
  return { packet: bytes.subarray(0, length), rest: bytes.subarray(length) };
}

/** The login of the client, in packets; `onCancel` gets a cancel request, which stands for a whole session. */
export class LoginReader {
  #bytes: Buffer = Buffer.alloc(0);
  #parameters: Map<string, string> | null = null;
  readonly #reply: (bytes: Buffer) => void;
  readonly #onCancel: (packet: Buffer) => void;

  constructor(reply: (bytes: Buffer) => void, onCancel: (packet: Buffer) => void) {
    this.#reply = reply;
    this.#onCancel = onCancel;
  }

  /** Adds what arrived; gives the login once it is complete. @throws Error for anything that is no login. */
  read(chunk: Buffer): Login | null {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    for (;;) {
      const taken = takePacket(this.#bytes, this.#parameters !== null);
      if (taken === null) return null;
      this.#bytes = taken.rest;
      if (this.#parameters !== null) {
        if (taken.packet.toString("latin1", 0, 1) !== "p") throw new Error("expected a password message");
        const password = taken.packet.toString("utf8", 5, taken.packet.length - 1);
        return { parameters: this.#parameters, password, rest: taken.rest };
      }
      this.#readStartup(taken.packet);
    }
  }

  #readStartup(packet: Buffer): void {
    const code = packet.readInt32BE(4);
    if (code === SSL_REQUEST || code === GSS_REQUEST) this.#reply(Buffer.from("N"));
    else if (code === CANCEL_REQUEST) this.#onCancel(packet);
    else if (code === PROTOCOL_3) {
      this.#parameters = parseStartup(packet);
      this.#reply(askPassword);
    } else throw new Error(`protocol version ${code}, expected ${PROTOCOL_3} (3.0)`);
  }
}
