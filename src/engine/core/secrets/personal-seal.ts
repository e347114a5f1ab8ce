import { sealedStart } from "@brain/schemas";
import { fromBase64, fromBase64Url, toBase64Url } from "../encoding/base64.ts";

/*
 * Sealing one text of an event with a key of a person: AES-256-GCM. It is bound to its event and its field, so that a
 * copy opens nowhere else.
 *
 * The same text of the same event is sealed the same way each time: a repeated publish is the same event, and is
 * recognised by what is stored. So the nonce is not random. It is a MAC of event, field and text (as in RFC 5297), by a
 * key of its own: no two different texts get one nonce.
 */

/** The keys that a person's secret gives. */
export interface PersonalKeys {
  readonly seal: CryptoKey;
  readonly mac: CryptoKey;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const nonceBytes = 12;

/** Where a text stands. */
export interface PersonalPlace {
  readonly keyId: string;
  readonly eventId: string;
  readonly field: string;
}

/** A new secret, 32 bytes in base64. */
export function newPersonalSecret(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(32))));
}

export async function personalKeys(secret: string): Promise<PersonalKeys> {
  const bytes = fromBase64(secret);
  const source = await crypto.subtle.importKey("raw", bytes, "HKDF", false, ["deriveBits"]);
  const derive = async (use: string) =>
    new Uint8Array(
      await crypto.subtle.deriveBits(
        {
          name: "HKDF",
          hash: "SHA-256",
          salt: new Uint8Array(),
          info: encoder.encode(`brain personal ${use}`),
        },
        source,
        256,
      ),
    );
  const [seal, mac] = await Promise.all([derive("seal"), derive("nonce")]);
  return {
    seal: await crypto.subtle.importKey("raw", seal, "AES-GCM", false, ["encrypt", "decrypt"]),
    mac: await crypto.subtle.importKey("raw", mac, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
  };
}

const addressOf = ({ keyId, eventId, field }: PersonalPlace) =>
  JSON.stringify(["brain personal", 1, keyId, eventId.toLowerCase(), field]);

export async function sealPersonal(keys: PersonalKeys, place: PersonalPlace, text: string): Promise<string> {
  const address = addressOf(place);
  const mac = await crypto.subtle.sign("HMAC", keys.mac, encoder.encode(JSON.stringify([address, text])));
  const iv = new Uint8Array(mac.slice(0, nonceBytes));
  const algorithm = { name: "AES-GCM", iv, additionalData: encoder.encode(address) };
  const sealed = await crypto.subtle.encrypt(algorithm, keys.seal, encoder.encode(text));
  return `${sealedStart}${place.keyId}.${toBase64Url(new Uint8Array([...iv, ...new Uint8Array(sealed)]))}`;
}

/** @returns null: it was changed, or sealed for another place */
export async function openPersonal(
  keys: PersonalKeys,
  place: PersonalPlace,
  sealed: string,
): Promise<string | null> {
  try {
    const bytes = fromBase64Url(sealed);
    const algorithm = {
      name: "AES-GCM",
      iv: bytes.slice(0, nonceBytes),
      additionalData: encoder.encode(addressOf(place)),
    };
    return decoder.decode(await crypto.subtle.decrypt(algorithm, keys.seal, bytes.slice(nonceBytes)));
  } catch {
    return null;
  }
}
