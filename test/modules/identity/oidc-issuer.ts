import { createHash, randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { text as readText } from "node:stream/consumers";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { listen } from "../../listening.ts";

/** An issuer of OpenID Connect on this machine, with what a test may change about it. */
export interface OidcIssuer {
  readonly url: string;
  /** Changes the claims of the next identity tokens. */
  claims: Readonly<Record<string, unknown>>;
  /** How often the token endpoint gave a token. */
  readonly given: () => number;
  /** True: it answers 503 to everything. */
  isAway: boolean;
  close(): Promise<void>;
}

interface Granted {
  readonly challenge: string;
  readonly nonce: string;
  readonly redirectUri: string;
}

/** @param secret of the client "console" */
export async function startOidcIssuer(secret: string): Promise<OidcIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "one", alg: "RS256", use: "sig" };
  const codes = new Map<string, Granted>();
  let given = 0;
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  const port = await listen(server);
  const url = `http://127.0.0.1:${port}`;
  const issuer: OidcIssuer = {
    url,
    claims: {},
    given: () => given,
    isAway: false,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = new URL(request.url ?? "/", url);
    const json = (status: number, body: unknown) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    if (issuer.isAway) return void json(503, {});
    switch (asked.pathname) {
      case "/.well-known/openid-configuration":
        return void json(200, {
          issuer: url,
          authorization_endpoint: `${url}/authorize`,
          token_endpoint: `${url}/token`,
          jwks_uri: `${url}/jwks`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
          code_challenge_methods_supported: ["S256"],
        });
      case "/jwks":
        return void json(200, { keys: [jwk] });
      case "/authorize": {
        const parameter = (name: string) => asked.searchParams.get(name) ?? "";
        if (parameter("code_challenge_method") !== "S256") return void json(400, {});
        const code = randomUUID();
        codes.set(code, {
          challenge: parameter("code_challenge"),
          nonce: parameter("nonce"),
          redirectUri: parameter("redirect_uri"),
        });
        const back = new URL(parameter("redirect_uri"));
        back.searchParams.set("code", code);
        back.searchParams.set("state", parameter("state"));
        return void response.writeHead(302, { location: back.href }).end();
      }
      case "/token":
        return giveToken(request, json);
      default:
        json(404, {});
    }
  }

  async function giveToken(
    request: IncomingMessage,
    json: (status: number, body: unknown) => void,
  ): Promise<void> {
    const form = new URLSearchParams(await readText(request));
    // Both parts are form-encoded: RFC 6749, 2.3.1.
    const basic = Buffer.from(request.headers.authorization?.slice("Basic ".length) ?? "", "base64");
    if (basic.toString().split(":").map(decodeURIComponent).join(":") !== `console:${secret}`)
      return json(401, { error: "invalid_client" });
    const code = form.get("code") ?? "";
    const granted = codes.get(code);
    codes.delete(code);
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    if (granted?.challenge !== challenge || granted.redirectUri !== form.get("redirect_uri"))
      return json(400, { error: "invalid_grant" });
    given += 1;
    const token = await new SignJWT({ nonce: granted.nonce, ...issuer.claims })
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .setIssuer((issuer.claims.iss as string | undefined) ?? url)
      .setAudience((issuer.claims.aud as string | undefined) ?? "console")
      .setSubject("user-7")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(privateKey);
    json(200, { access_token: randomUUID(), token_type: "Bearer", expires_in: 300, id_token: token });
  }
  return issuer;
}
