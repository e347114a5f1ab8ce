import { fromBase64, fromBase64Url, toBase64Url } from "../encoding/base64.ts";
import { sha256Hex } from "../encoding/hex.ts";
import { BrainError, type ErrorCode } from "../errors.ts";

/*
 * Envelope encryption for secrets that have to be stored and read again: every secret has a data key of its own, which is
 * stored beside it, wrapped by the key of the environment. Changing that key wraps the data keys anew and touches no
 * secret. Both ciphertexts are bound to their place, so one that is copied to another row opens nowhere.
 *
 *   sealed.v1.{key id}.{wrapped data key}.{secret}     each of the last two: 12 bytes of nonce, then AES-256-GCM, base64url
 *
 * Nothing of it needs quoting in JSON, so it stands inside of documents, too, where it is found by its form.
 */

/** Where a secret is kept. A ciphertext opens at its place and nowhere else. */
export interface SecretAddress {
  readonly table: string;
  /** Primary key of the row, as text. */
  readonly row: string;
  readonly column: string;
}

/**
 * What is sealed cannot be opened or sealed, because the environment has no key, or another one: the configuration is to
 * blame, and mending it helps.
 */
export class VaultKeyError extends BrainError {
  readonly code: ErrorCode = "unavailable";
}

/** What is stored was changed, or belongs to another place; no key helps. */
export class VaultError extends BrainError {
  readonly code: ErrorCode = "internal_error";
}

/** Seals and opens secrets. */
export interface Vault {
  /**
   * The text to be stored.
   *
   * @throws {VaultKeyError} there is no key: nothing may be stored
   */
  seal(secret: string, place: SecretAddress): Promise<string>;
  /**
   * The secret. What is not sealed was stored by a release that did not seal, and is given as it is.
   *
   * @throws {VaultKeyError} it was sealed with a key that is not configured
   * @throws {VaultError} it was changed, or sealed for another place
   */
  open(stored: string, place: SecretAddress): Promise<string>;
  /**
   * Wraps the data keys of everything sealed in a text with the current key; what has it stays as it is.
   *
   * @throws as {@link open}
   */
  rewrap(text: string, place: SecretAddress): Promise<string>;
  /** Whether there is a key before the current one, which stored secrets may still have. */
  readonly isRotating: boolean;
  /** What everything begins with that has the current key; null without one. For a search in the database. */
  currentPrefix(): Promise<string | null>;
}

/** What everything sealed begins with. */
export const sealedPrefix = "sealed.v1.";
/** 12 bytes of nonce, 32 of key, 16 of tag. */
const sealedForm = /sealed\.v1\.([0-9a-f]{16})\.([A-Za-z0-9_-]{80})\.([A-Za-z0-9_-]{38,})/g;
const wholeForm = new RegExp(`^${sealedForm.source}$`);

/** True for what a vault sealed. */
export function isSealed(text: string): boolean {
  return wholeForm.test(text);
}

/** A key of the environment: 32 bytes in base64. */
export const secretsKeyForm = /^[A-Za-z0-9+/]{43}=$/;

interface KeyOfEnvironment {
  readonly id: string;
  readonly key: CryptoKey;
}

const algorithm = "AES-GCM";
const nonceBytes = 12;
const encoder = new TextEncoder();

/** The keys of an environment, base64 of 32 bytes each; null: there is none. */
export interface VaultKeys {
  /** Seals and opens. */
  readonly current: string | null;
  /** Only opens, as long as stored secrets have it. */
  readonly previous: string | null;
}

export function createVault({ current, previous }: VaultKeys): Vault {
  let opened: Promise<readonly [KeyOfEnvironment | null, KeyOfEnvironment | null]> | null = null;
  const keys = () => {
    opened ??= Promise.all([readKey(current), readKey(previous)]);
    return opened;
  };
  const dataKeyOf = async (id: string, wrapped: string, place: SecretAddress): Promise<Uint8Array> => {
    const known = (await keys()).find((key) => key?.id === id);
    if (known === null || known === undefined) throw wrongKey(id, place, current === null);
    return decrypt(known.key, wrapped, place, "key");
  };
  return {
    isRotating: previous !== null,
    async seal(secret, place) {
      const [key] = await keys();
      if (key === null) throw noKey();
      const dataKey = crypto.getRandomValues(new Uint8Array(32));
      const [wrapped, sealed] = await Promise.all([
        encrypt(key.key, dataKey, place, "key"),
        importKey(dataKey).then((own) => encrypt(own, encoder.encode(secret), place, "secret")),
      ]);
      return `${sealedPrefix}${key.id}.${wrapped}.${sealed}`;
    },
    async open(stored, place) {
      const [, id, wrapped, sealed] = wholeForm.exec(stored) ?? [];
      if (id === undefined || wrapped === undefined || sealed === undefined) return stored;
      const dataKey = await importKey(await dataKeyOf(id, wrapped, place));
      return new TextDecoder().decode(await decrypt(dataKey, sealed, place, "secret"));
    },
    async rewrap(text, place) {
      const [key] = await keys();
      if (key === null) throw noKey();
      let result = "";
      let rest = 0;
      for (const { 0: whole, 1: id = "", 2: wrapped = "", 3: sealed = "", index } of text.matchAll(
        sealedForm,
      )) {
        if (id === key.id) continue;
        const anew = await encrypt(key.key, await dataKeyOf(id, wrapped, place), place, "key");
        result += `${text.slice(rest, index)}${sealedPrefix}${key.id}.${anew}.${sealed}`;
        rest = index + whole.length;
      }
      return result + text.slice(rest);
    },
    async currentPrefix() {
      const [key] = await keys();
      return key === null ? null : `${sealedPrefix}${key.id}.`;
    },
  };
}

function noKey(): VaultKeyError {
  return new VaultKeyError(
    "The request brings a secret, and this system has no key to store it with: BRAIN_SECRETS_KEY is not set. Nothing was stored. Make a key with `openssl rand -base64 32`, set it, and send the request again.",
  );
}

function wrongKey(id: string, { table, column }: SecretAddress, isMissing: boolean): VaultKeyError {
  const has = isMissing
    ? "BRAIN_SECRETS_KEY is not set"
    : "neither BRAIN_SECRETS_KEY nor BRAIN_SECRETS_KEY_PREVIOUS is it";
  return new VaultKeyError(
    `A secret in ${table}.${column} was sealed with the key ${id}, and ${has}. Set the key that was in use as BRAIN_SECRETS_KEY, or as BRAIN_SECRETS_KEY_PREVIOUS beside a new one.`,
  );
}

/** @throws {VaultKeyError} it is no key */
async function readKey(text: string | null): Promise<KeyOfEnvironment | null> {
  if (text === null) return null;
  if (!secretsKeyForm.test(text))
    throw new VaultKeyError("BRAIN_SECRETS_KEY is no key: expected 32 bytes in base64.");
  const bytes = fromBase64(text);
  const digest = await sha256Hex(new Uint8Array([...encoder.encode("brain key id:"), ...bytes]));
  const id = digest.slice(0, 16);
  return { id, key: await importKey(bytes) };
}

function importKey(bytes: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", new Uint8Array(bytes), algorithm, false, ["encrypt", "decrypt"]);
}

/** A list in JSON has one reading only, whatever its parts hold. */
function parameters(nonce: Uint8Array, { table, row, column }: SecretAddress, what: "key" | "secret") {
  const additionalData = encoder.encode(JSON.stringify(["brain", 1, what, table, row, column]));
  return { name: algorithm, iv: new Uint8Array(nonce), additionalData };
}

async function encrypt(
  key: CryptoKey,
  bytes: Uint8Array,
  place: SecretAddress,
  what: "key" | "secret",
): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(nonceBytes));
  const sealed = await crypto.subtle.encrypt(parameters(nonce, place, what), key, new Uint8Array(bytes));
  return toBase64Url(new Uint8Array([...nonce, ...new Uint8Array(sealed)]));
}

async function decrypt(
  key: CryptoKey,
  text: string,
  place: SecretAddress,
  what: "key" | "secret",
): Promise<Uint8Array> {
  try {
    const bytes = fromBase64Url(text);
    const given = parameters(bytes.subarray(0, nonceBytes), place, what);
    return new Uint8Array(await crypto.subtle.decrypt(given, key, bytes.slice(nonceBytes)));
  } catch (cause) {
    throw new VaultError(
      `A secret in ${place.table}.${place.column} cannot be opened: it was changed, or belongs to another row. Store it again.`,
      { cause },
    );
  }
}
