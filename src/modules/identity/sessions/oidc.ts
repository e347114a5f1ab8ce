import { TransientError, UnauthorizedError } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
// Certified for OpenID Connect, without dependencies, for every runtime with fetch and WebCrypto.
import * as oauth from "oauth4webapi";
import { callOutside } from "../../call-outside.ts";
import type { PendingSignIn } from "./pending.ts";
import type { SignInClient } from "./settings.ts";

/*
 * Signing in at an issuer: OpenID Connect's code flow with PKCE. What we have to know when the browser comes back stands
 * in a cookie of its own, so nothing is stored for somebody who does not come back.
 *
 * @see https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 */

const timeLimitMs = 5_000;

/** @returns where the browser goes, and what is to be remembered */
export async function beginSignIn(
  client: SignInClient,
  redirectUri: string,
  returnTo: string,
): Promise<{ readonly url: string; readonly pending: PendingSignIn }> {
  const server = await discover(client);
  if (server.authorization_endpoint === undefined) throw unusable(client, "names no authorization_endpoint");
  const pending: PendingSignIn = {
    with: client.name,
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    verifier: oauth.generateRandomCodeVerifier(),
    returnTo,
  };
  const url = new URL(server.authorization_endpoint);
  const parameters = {
    response_type: "code",
    client_id: client.clientId,
    redirect_uri: redirectUri,
    scope: client.scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(pending.verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  return { url: url.href, pending };
}

/**
 * @param answer the query with which the issuer sent the browser back
 * @returns the claims of the identity token, whose signature, issuer, audience, times and nonce are right
 * @throws {UnauthorizedError} the issuer refused, or what came is not the answer to what was asked
 * @throws {TransientError} the issuer is away
 */
export async function finishSignIn(
  client: SignInClient,
  pending: PendingSignIn,
  answer: URLSearchParams,
  redirectUri: string,
): Promise<JsonObject> {
  const server = await discover(client);
  const self: oauth.Client = { client_id: client.clientId };
  const options = optionsOf(client);
  try {
    const parameters = oauth.validateAuthResponse(server, self, answer, pending.state);
    const proof = client.clientSecret === null ? oauth.None() : oauth.ClientSecretBasic(client.clientSecret);
    const response = await oauth.authorizationCodeGrantRequest(
      server,
      self,
      proof,
      parameters,
      redirectUri,
      pending.verifier,
      options,
    );
    const result = await oauth.processAuthorizationCodeResponse(server, self, response, {
      expectedNonce: pending.nonce,
      requireIdToken: true,
    });
    await oauth.validateApplicationLevelSignature(server, response, options);
    const claims = oauth.getValidatedIdTokenClaims(result);
    if (claims === undefined) throw new Error("no identity token");
    return claims as unknown as JsonObject;
  } catch (error) {
    if (isAway(error)) throw away(client, error);
    throw new UnauthorizedError(
      `The sign-in at "${client.name}" was refused, or its answer does not belong to this browser. Begin again.`,
      { cause: error },
    );
  }
}

async function discover(client: SignInClient): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(client.issuer);
  try {
    const response = await oauth.discoveryRequest(issuer, optionsOf(client));
    return await oauth.processDiscoveryResponse(issuer, response);
  } catch (error) {
    throw isAway(error)
      ? away(client, error)
      : unusable(client, "has no discovery document that can be used", error);
  }
}

type FetchOptions = oauth.CustomFetchOptions<"GET" | "POST", URLSearchParams | undefined>;

function optionsOf({ issuer }: SignInClient) {
  return {
    // An issuer of a private network; the settings take no other one over http.
    [oauth.allowInsecureRequests]: new URL(issuer).protocol === "http:",
    [oauth.customFetch]: (url: string, { method, headers, body, signal }: FetchOptions) =>
      callOutside(url, {
        method,
        headers,
        body: body ?? null,
        signal: signal ?? AbortSignal.timeout(timeLimitMs),
      }),
    signal: () => AbortSignal.timeout(timeLimitMs),
  };
}

function isAway(error: unknown): boolean {
  if (error instanceof oauth.ResponseBodyError) return error.status >= 500;
  // A call that failed, by what runtimes throw for it.
  return error instanceof TypeError || (error instanceof DOMException && error.name !== "OperationError");
}

function away({ name }: SignInClient, cause: unknown): TransientError {
  return new TransientError(
    `The issuer "${name}" does not answer, so nobody can sign in there now. Try again.`,
    {
      cause,
    },
  );
}

function unusable({ name }: SignInClient, why: string, cause?: unknown): TransientError {
  return new TransientError(`The issuer "${name}" ${why}. Whoever runs this system looks at BRAIN_SIGN_IN.`, {
    cause,
  });
}
