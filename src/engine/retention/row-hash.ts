import type { JsonValue } from "@brain/schemas";
import { fromBase64, toBase64 } from "../core/encoding/base64.ts";
import { canonicalJson } from "../core/encoding/canonical-json.ts";
import { hexOf, sha256, sha256Hex } from "../core/encoding/hex.ts";

/*
 * What the chain says of a row: SHA-256 of its canonical JSON, all that is stored when the row comes to be. Where an event
 * was sent is not in it, for that is known later, and is another place when Redis lost the first.
 */

/** A row as it is shown, or a line of the archive: what it is is seen by its fields. */
export interface HashedRow {
  readonly position: number;
  readonly [field: string]: unknown;
}

const ofEvent = [
  ...["position", "stored_at", "key", "id", "type", "source", "target", "payload", "timestamp", "meta"],
  ...["mission_id", "task_id", "correlation_id", "tenant_id", "actor_id", "severity"],
];
const ofEntry = [...ofEvent, "stream_name", "stream_message_id", "raw_fields", "decode_notes", "unread"];

const lineLength = 24;
/** Of the hash; half of it is more than anybody can aim at. */
const hashLength = 16;

export function rowHash(row: HashedRow): Promise<Uint8Array> {
  const fields = row.raw_fields === undefined ? ofEvent : ofEntry;
  const content = Object.fromEntries(fields.map((field) => [field, row[field] as JsonValue]));
  return sha256(canonicalJson(content)).then((hash) => hash.subarray(0, hashLength));
}

/** Positions and hashes as they stand in a block, base64. */
export async function listingOf(rows: readonly HashedRow[]): Promise<string> {
  const bytes = new Uint8Array(rows.length * lineLength);
  const view = new DataView(bytes.buffer);
  const hashes = await Promise.all(rows.map(rowHash));
  for (const [index, row] of rows.entries()) {
    view.setBigUint64(index * lineLength, BigInt(row.position));
    bytes.set(hashes[index] ?? new Uint8Array(hashLength), index * lineLength + 8);
  }
  return toBase64(bytes);
}

/** Position → hash, hex; in order. @throws {Error} it is no listing */
export function readListing(listing: string): ReadonlyMap<number, string> {
  const bytes = fromBase64(listing);
  const view = new DataView(bytes.buffer);
  const lines = new Map<number, string>();
  for (let at = 0; at + lineLength <= bytes.length; at += lineLength) {
    lines.set(Number(view.getBigUint64(at)), hexOf(bytes.subarray(at + 8, at + lineLength)));
  }
  return lines;
}

/** Hash of a block: of the one before it, its bounds and its listing. Hex. */
export function blockHash(
  previous: string,
  { from, to, listing }: { readonly from: string; readonly to: string; readonly listing: string },
): Promise<string> {
  return sha256Hex(`${previous}\n${from}\n${to}\n${listing}`);
}
