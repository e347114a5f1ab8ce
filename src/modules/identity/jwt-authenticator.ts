import { BrainError, ForbiddenError, UnauthorizedError } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { decodeJwt, jwtVerify } from "jose";
import type { Asking, Authenticator } from "../../http/kit/access.ts";
import { principalOfClaims } from "./claims.ts";
import { isCrossSite } from "./cross-site.ts";
import { createIssuerKeys, type IssuerKeys } from "./issuer-keys.ts";
import type { TrustedIssuer } from "./issuers.ts";

/** Characters; nobody's token needs more, and none of a longer one is decoded. */
const maxLength = 16_384;
/** Three parts, the last one with something in it: an unsigned token is none. */
const tokenShape = /^[\w-]+\.[\w-]+\.[\w-]+$/;
const bearerShape = /^Bearer +([^ ]+) *$/i;
const bearerHeader = "authorization";

interface Issuer extends TrustedIssuer {
  readonly keys: IssuerKeys;
}

interface GivenToken {
  readonly header: string;
  readonly token: string;
}

/** Tokens (RFC 7519) of the issuers that the settings name. */
export function createJwtAuthenticator(trusted: readonly TrustedIssuer[]): Authenticator {
  const issuers = trusted.map((issuer): Issuer => ({ ...issuer, keys: createIssuerKeys(issuer) }));
  const headers = [...new Set(issuers.map(({ header }) => header))];
  return {
    async authenticate(asking) {
      const given = tokenOf(asking.request, headers);
      if (given === null) return null;
      const { issuer, claims } = await verify(issuers, given, asking);
      // What a proxy adds for a browser, it adds for a page of somebody else, too.
      if (given.header !== bearerHeader && isCrossSite(asking.request))
        throw new ForbiddenError(
          "The request was made by a page of another site. Send it from a page of this site, or with a credential in the Authorization header.",
        );
      return { ...(await principalOfClaims(issuer, claims, "jwt")), endsAt: endOf(issuer, claims) };
    },
  };
}

/** A credential in the Authorization header is the one that is meant, whatever a proxy adds. */
function tokenOf({ headers }: Request, names: readonly string[]): GivenToken | null {
  const authorization = headers.get(bearerHeader);
  if (authorization !== null) {
    const token = bearerShape.exec(authorization)?.[1];
    const isOurs = names.includes(bearerHeader) && token !== undefined && tokenShape.test(token);
    return isOurs ? { header: bearerHeader, token } : null;
  }
  for (const header of names) {
    const token = headers.get(header);
    if (token !== null) return { header, token };
  }
  return null;
}

async function verify(
  issuers: readonly Issuer[],
  { header, token }: GivenToken,
  asking: Asking,
): Promise<{ readonly issuer: Issuer; readonly claims: JsonObject }> {
  const { invocation } = asking;
  try {
    if (token.length > maxLength || !tokenShape.test(token))
      throw new Error("it has not the shape of a token");
    // What it says of itself only chooses who is asked; then it has to be true.
    const said = decodeJwt(token);
    const issuer = issuers.find((one) => one.header === header && isFor(one, said));
    if (issuer === undefined) throw new Error("nobody here believes its issuer for its audience");
    const { payload } = await jwtVerify(token, issuer.keys.for(asking), {
      issuer: issuer.issuer,
      audience: [...issuer.audiences],
      algorithms: [...issuer.algorithms],
      clockTolerance: issuer.clockToleranceSeconds,
      maxTokenAge: issuer.maxAgeSeconds,
      currentDate: new Date(invocation.now()),
      requiredClaims: ["exp"],
      ...(issuer.type === null ? {} : { typ: issuer.type }),
    });
    return { issuer, claims: payload as JsonObject };
  } catch (error) {
    // The issuer is away: nobody knows whether the token is good.
    if (error instanceof BrainError) throw error;
    invocation.log.debug(
      { error_class: error instanceof Error ? error.name : typeof error },
      "A token was refused.",
    );
    // One message for all: it is nobody's business which part was right.
    throw new UnauthorizedError(
      "The token is not valid: it is of another issuer or for another audience, changed, expired or not yet valid. Get a new one where you sign in.",
      { cause: error },
    );
  }
}

/** From when on it is refused. Both times are in it: `verify` asks for them. */
function endOf({ clockToleranceSeconds, maxAgeSeconds }: Issuer, { exp, iat }: JsonObject): Date {
  const endS = Math.min(Number(exp), Number(iat) + maxAgeSeconds);
  return new Date((endS + clockToleranceSeconds) * 1_000);
}

function isFor(issuer: Issuer, { iss, aud }: { readonly iss?: unknown; readonly aud?: unknown }): boolean {
  const audiences = Array.isArray(aud) ? aud : [aud];
  return iss === issuer.issuer && issuer.audiences.some((audience) => audiences.includes(audience));
}
