/* What the headers of a signed request say; one signature with one label, in the form that every serialiser writes. */

const inputShape =
  /^([a-z][a-z0-9_-]{0,30})=(\(("[a-z0-9@-]{1,60}"(?: "[a-z0-9@-]{1,60}")*)\)((?:;[a-z]{1,20}=(?:"[^"\\]{0,100}"|\d{1,12}))*))$/;
const signatureShape = /^([a-z][a-z0-9_-]{0,30})=:([A-Za-z0-9+/]{43}=):$/;
const nonceShape = /^[A-Za-z0-9+/=_-]{16,88}$/;
const keyShape = /^[a-z0-9]{16}$/;
const maxLength = 2_000;

export interface GivenSignature {
  readonly components: readonly string[];
  /** To the letter, with the components. */
  readonly parameters: string;
  readonly keyId: string;
  readonly nonce: string;
  /** Unix seconds. */
  readonly created: number;
  /** Unix seconds; null: not told. */
  readonly expires: number | null;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Null: it has not the form that is understood here. */
export function parseSignature(input: string, signature: string | null): GivenSignature | null {
  if (input.length > maxLength) return null;
  const [, label, parameters, names, rest] = inputShape.exec(input) ?? [];
  const [, ofLabel, value] = signatureShape.exec(signature ?? "") ?? [];
  if (parameters === undefined || names === undefined || rest === undefined) return null;
  if (value === undefined || label !== ofLabel) return null;
  const components = names.split(" ").map((name) => name.slice(1, -1));
  const given = parametersOf(rest);
  if (given === null || new Set(components).size !== components.length) return null;
  const [keyId, nonce, alg] = ["keyid", "nonce", "alg"].map((name) => textOf(given.get(name)));
  const [created, expires] = ["created", "expires"].map((name) => numberOf(given.get(name)));
  if (keyId == null || !keyShape.test(keyId) || nonce == null || !nonceShape.test(nonce)) return null;
  // The algorithm is that of the key, whatever is said.
  if (given.has("alg") && alg !== "hmac-sha256") return null;
  if (created == null || (given.has("expires") && expires == null)) return null;
  const bytes = Uint8Array.from(atob(value), (character) => character.charCodeAt(0));
  return { components, parameters, keyId, nonce, created, expires: expires ?? null, bytes };
}

/** Null: one is there twice. */
function parametersOf(text: string): ReadonlyMap<string, string> | null {
  const found = [...text.matchAll(/;([a-z]{1,20})=("[^"\\]*"|\d+)/g)];
  const given = new Map(found.map(([, name = "", value = ""]) => [name, value]));
  return given.size === found.length ? given : null;
}

function textOf(value: string | undefined): string | null {
  return value?.startsWith('"') === true ? value.slice(1, -1) : null;
}

function numberOf(value: string | undefined): number | null {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : null;
}
