/** Personal data of what happened in production, replaced by texts of the same shape. */

import { erasedText, forbiddenValue, replaceForbidden, sealedStart } from "@brain/schemas";

type Json = null | boolean | number | string | Json[] | { readonly [key: string]: Json };

/** From digit 1 on, so that a number keeps its length. */
const digits = "1234567890";
const letters = "abcdefghijklmnopqrstuvwxyz";

/** Each letter and digit by another, each other sign as it is: an address stays one. @param seed makes texts differ */
function sameShape(text: string, seed: number): string {
  let at = seed;
  return text.replaceAll(/\p{L}|\p{N}/gu, (sign) => {
    const set = /\p{N}/u.test(sign) ? digits : letters;
    const other = set.charAt(at++ % set.length);
    return /\p{Lu}/u.test(sign) ? other.toUpperCase() : other;
  });
}

export interface Fakes {
  /** What is personal in it is replaced: by rules about texts, and whole where a field is marked. */
  payload(value: Json): Json;
  /** The same for a text beside the payload, e.g. a message that quotes it. */
  text(text: string): string;
}

/**
 * The same text gets the same fake wherever it stands, so what belonged together still does.
 *
 * @param personal paths of the fields that are marked `pii()`, e.g. `user.name`
 */
export function createFakes(personal: ReadonlySet<string>): Fakes {
  const given = new Map<string, string>();
  const used = new Set<string>();

  function fakeOf(original: string): string {
    const known = given.get(original);
    if (known !== undefined) return known;
    let seed = given.size * 7;
    let fake = sameShape(original, seed);
    // A text of signs alone has no other of its shape.
    for (; (fake === original || used.has(fake)) && seed < 10_000; seed++) fake = sameShape(original, seed);
    given.set(original, fake);
    used.add(fake);
    return fake;
  }

  function textOf(text: string): string {
    if (text.startsWith(sealedStart) || text === erasedText) return fakeOf(text.slice(0, 24));
    const replaced = replaceForbidden(text, (found) => fakeOf(found));
    // What hides behind unusual characters is not found piece by piece.
    const isHidden = replaced === text && forbiddenValue(text) !== null;
    return isHidden ? fakeOf(text) : replaced;
  }

  function whole(value: Json): Json {
    if (typeof value === "string") return fakeOf(value);
    if (typeof value === "number") return Number(sameShape(String(value), 3));
    if (Array.isArray(value)) return value.map(whole);
    if (typeof value !== "object" || value === null) return value;
    return mapped(value, (key, inner) => [key, whole(inner)]);
  }

  function walk(value: Json, path: string): Json {
    if (personal.has(path)) return whole(value);
    if (typeof value === "string") return textOf(value);
    if (typeof value === "number") {
      const text = String(value);
      const replaced = textOf(text);
      return replaced === text ? value : Number(replaced);
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, path));
    if (typeof value !== "object" || value === null) return value;
    // Keys may be personal, too: a record by address.
    return mapped(value, (key, inner) => [textOf(key), walk(inner, path === "" ? key : `${path}.${key}`)]);
  }

  return {
    payload: (value) => walk(value, ""),
    text(text) {
      // The longest first: a name may be a part of another one.
      const originals = [...given.keys()].filter((one) => one.length > 2);
      originals.sort((one, other) => other.length - one.length);
      const quoted = originals.reduce((rest, one) => rest.replaceAll(one, () => given.get(one) ?? one), text);
      return textOf(quoted);
    },
  };
}

/** An object by its own properties; `__proto__` is one like others. */
function mapped(
  value: { readonly [key: string]: Json },
  change: (key: string, inner: Json) => readonly [string, Json],
): Json {
  const entries = Object.entries(value).map(([key, inner]) => change(key, inner));
  return Object.fromEntries(entries);
}

export type { Json };
