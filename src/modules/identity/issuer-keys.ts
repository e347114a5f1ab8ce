import { type Invocation, TransientError } from "@brain/engine";
import { isJsonObject, type JsonObject, readJson } from "@brain/schemas";
import { createLocalJWKSet, errors, type JWK } from "jose";
import { callOutside } from "../call-outside.ts";
import { readBounded } from "../outgoing.ts";
import type { TrustedIssuer } from "./issuers.ts";

/*
 * The public keys of an issuer. jose parses and chooses them, but its remote key set is not used: it reads an answer of
 * any size, asks an issuer that is down once per request, and makes requests wait while keys are renewed. Here they are
 * renewed after an answer was sent, long before they expire.
 */

/** Older ones are renewed behind an answer, ms. */
const freshMs = 300_000;
/** Older ones are not used: an issuer that is away that long cannot say which keys it took back, ms. */
const keptMs = 900_000;
/** A key that is not there is looked for no more often than this, ms. */
const cooldownMs = 15_000;
/** After a failure nobody asks for this time, ms. */
const restMs = 5_000;
const timeLimitMs = 3_000;
/** Of an answer: keys with their certificates are some kilobytes each. */
const maxBytes = 262_144;
const maxKeys = 100;

/** Finds the key that a token says it was signed with. */
export type FindKey = (...asked: Parameters<LocalKeySet>) => ReturnType<LocalKeySet>;

type LocalKeySet = ReturnType<typeof createLocalJWKSet>;

/** Whose invocation pays for asking the issuer. */
export interface KeyAsking {
  readonly invocation: Pick<Invocation, "meter" | "now">;
  readonly waitUntil: (work: Promise<unknown>) => void;
}

interface KeySet {
  readonly find: FindKey;
  readonly readMs: number;
}

/** The keys of one issuer, kept as long as the isolate lives. */
export interface IssuerKeys {
  /** What finds keys for one request. */
  for(asking: KeyAsking): FindKey;
}

export function createIssuerKeys(issuer: Pick<TrustedIssuer, "name" | "issuer" | "jwksUrl">): IssuerKeys {
  // A key that the issuer took back is used for `freshMs` more, and for `keptMs` while the issuer is away.
  let isolateSet: KeySet | null = null;
  let failedMs = Number.NEGATIVE_INFINITY;
  let renewedMs = Number.NEGATIVE_INFINITY;

  /** @throws {TransientError} the issuer is away, or says nothing that can be used */
  async function read({ invocation }: KeyAsking): Promise<KeySet> {
    const nowMs = invocation.now();
    if (nowMs < failedMs + restMs) throw unavailable(issuer.name);
    try {
      const url = issuer.jwksUrl ?? (await discover(issuer.issuer, invocation));
      const { keys } = await readObject(url, invocation);
      if (!Array.isArray(keys) || keys.length > maxKeys)
        throw new Error(`no list of at most ${maxKeys} keys`);
      const find = createLocalJWKSet({ keys: keys.filter(isJsonObject) as JWK[] });
      isolateSet = { find, readMs: nowMs };
      failedMs = Number.NEGATIVE_INFINITY;
      return isolateSet;
    } catch (cause) {
      failedMs = nowMs;
      throw unavailable(issuer.name, cause);
    }
  }

  function renewBehind(asking: KeyAsking): void {
    const nowMs = asking.invocation.now();
    // By time and not by a flag: an invocation that is ended would leave it up.
    if (nowMs < Math.max(failedMs, renewedMs) + restMs) return;
    renewedMs = nowMs;
    asking.waitUntil(read(asking).catch(() => undefined));
  }

  return {
    for: (asking) => async (header, token) => {
      const nowMs = asking.invocation.now();
      let set = isolateSet;
      if (set === null || nowMs >= set.readMs + keptMs) set = await read(asking);
      else if (nowMs >= set.readMs + freshMs) renewBehind(asking);
      try {
        return await set.find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey) || nowMs < set.readMs + cooldownMs) throw error;
      }
      // Perhaps it is new.
      return (await read(asking)).find(header, token);
    },
  };
}

function unavailable(name: string, cause?: unknown): TransientError {
  return new TransientError(
    `The keys of the issuer "${name}" could not be read, so its tokens cannot be checked now. Try again; other credentials work.`,
    { cause, retryAfterMs: restMs },
  );
}

/** Where the issuer has its keys: https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig */
async function discover(issuer: string, invocation: KeyAsking["invocation"]): Promise<string> {
  const document = await readObject(
    `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
    invocation,
  );
  if (document.issuer !== issuer) throw new Error("the discovery document is of another issuer");
  const { jwks_uri: url } = document;
  if (typeof url !== "string" || !URL.canParse(url))
    throw new Error("the discovery document has no jwks_uri");
  // An issuer in the open leads into no private network, and to no place that others on the way can change.
  if (new URL(issuer).protocol === "https:" && new URL(url).protocol !== "https:")
    throw new Error("the jwks_uri of the discovery document is not https");
  return url;
}

/** @throws {Error} no answer, or none that can be used */
async function readObject(url: string, { meter }: KeyAsking["invocation"]): Promise<JsonObject> {
  meter.count();
  const response = await callOutside(url, {
    headers: { accept: "application/json" },
    signal: AbortSignal.timeout(timeLimitMs),
  });
  const { text, truncated } = await readBounded(response, maxBytes);
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  if (truncated) throw new Error(`more than ${maxBytes} bytes`);
  const read = readJson(text);
  if (!read.ok || !isJsonObject(read.value)) throw new Error("no object in JSON");
  return read.value;
}
