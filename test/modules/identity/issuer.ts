import { listen } from "../../listening.ts";
/** An issuer of tokens on this machine: a discovery document, keys that can be rotated, tokens of any kind. */

import { createServer } from "node:http";
import { exportJWK, generateKeyPair, type JWTHeaderParameters, type JWTPayload, SignJWT } from "jose";

export interface LocalIssuer {
  /** `iss` of its tokens. */
  readonly url: string;
  /** Paths that were asked for. */
  readonly asked: string[];
  /** What it answers instead of its documents; null: those. Status 0: the connection is dropped. */
  fault: { readonly status: number; readonly body?: string; readonly location?: string } | null;
  /** A new key in the place of the one before, or beside it. @returns its id */
  rotate(keep?: boolean): Promise<string>;
  /** A token of the newest key, good for five minutes from `nowMs`; `claims` with undefined are left out. */
  token(claims?: Readonly<Record<string, unknown>>, header?: Partial<JWTHeaderParameters>): Promise<string>;
  readonly publicKey: () => CryptoKey;
  /** The document of its keys. */
  keys(): { keys: object[] };
  close(): Promise<void>;
}

export interface IssuerOptions {
  readonly algorithm?: string;
  /** Where its keys are. */
  readonly keysPath?: string;
  /** Claims of every token. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly nowMs?: () => number;
}

export async function openIssuer(options: IssuerOptions = {}): Promise<LocalIssuer> {
  const { algorithm = "RS256", keysPath = "/keys", nowMs = Date.now } = options;
  const asked: string[] = [];
  let published: object[] = [];
  let current: { readonly kid: string; readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };
  let count = 0;
  const issuer: LocalIssuer = {
    url: "",
    asked,
    fault: null,
    async rotate(keep = false) {
      const pair = await generateKeyPair(algorithm, { extractable: true });
      count += 1;
      current = { kid: `key-${count}`, ...pair };
      const jwk = { ...(await exportJWK(pair.publicKey)), kid: current.kid, alg: algorithm, use: "sig" };
      published = keep ? [...published, jwk] : [jwk];
      return current.kid;
    },
    token(claims = {}, header = {}) {
      const seconds = Math.floor(nowMs() / 1_000);
      const all = {
        iss: issuer.url,
        sub: "user-1",
        iat: seconds,
        exp: seconds + 300,
        ...options.claims,
        ...claims,
      };
      const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
      return new SignJWT(given as JWTPayload)
        .setProtectedHeader({ alg: algorithm, kid: current.kid, ...header })
        .sign(current.privateKey, { crit: { x: true } });
    },
    publicKey: () => current.publicKey,
    keys: () => ({ keys: published }),
    close: async () => undefined,
  };
  await issuer.rotate();
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    const { fault } = issuer;
    if (fault?.status === 0) return request.socket.destroy();
    if (fault !== null) {
      response.writeHead(fault.status, fault.location === undefined ? {} : { location: fault.location });
      return response.end(fault.body ?? "");
    }
    const documents: Readonly<Record<string, unknown>> = {
      "/.well-known/openid-configuration": { issuer: issuer.url, jwks_uri: `${issuer.url}${keysPath}` },
      [keysPath]: issuer.keys(),
    };
    const document = documents[request.url ?? ""];
    response.writeHead(document === undefined ? 404 : 200, { "content-type": "application/json" });
    return response.end(JSON.stringify(document ?? {}));
  });
  const port = await listen(server);
  return Object.assign(issuer, {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
