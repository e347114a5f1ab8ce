/** Messages of Postgres' protocol. Source: https://www.postgresql.org/docs/current/protocol-message-formats.html */

/** Code of a request that comes in place of a session, with the key of the one whose statement is to end. */
export const CANCEL_REQUEST = 80_877_102;

/** A message of a type, one letter, with its length in front of the payload. */
export function message(type: string, payload: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeInt32BE(payload.length + 4, 1);
  return Buffer.concat([head, payload]);
}

/** Signed integers of four bytes. */
export function int32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => {
    bytes.writeInt32BE(value, index * 4);
  });
  return bytes;
}
