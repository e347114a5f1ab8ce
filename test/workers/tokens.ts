import { expect } from "vitest";
import { type LocalIssuer, openIssuer } from "../modules/identity/issuer.ts";
import { call, type Served } from "./course-flow.ts";

/** An issuer, and the setting that has a runtime trust it. */
export async function openTrustedIssuer(): Promise<{ issuer: LocalIssuer; setting: string }> {
  const issuer = await openIssuer({ claims: { aud: "brain" } });
  const trusted = { name: "staff", issuer: issuer.url, audience: "brain", tenant: { fixed: "acme" } };
  return { issuer, setting: JSON.stringify([{ ...trusted, grants: [{ roles: ["viewer"] }] }]) };
}

/** Tokens of an issuer as a runtime's own WebCrypto and fetch see them: keys are fetched, signatures checked. */
export async function expectTokens(served: Served, issuer: LocalIssuer): Promise<void> {
  const me = async (token: string) => call({ ...served, key: token }, "GET", "/api/me");
  const good = await issuer.token();
  const known = await me(good);
  expect(known.status, known.text).toBe(200);
  expect(known.body).toMatchObject({ kind: "jwt", tenant_id: "acme" });
  // The controls: what the issuer did not sign like this.
  const [header = "", claims = "", signature = ""] = good.split(".");
  const foreign = await openIssuer({ claims: { aud: "brain", iss: issuer.url } });
  const refused = {
    "another signature": `${header}.${claims}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`,
    "another audience": await issuer.token({ aud: "somebody-else" }),
    "a time that is over": await issuer.token({ exp: Math.floor(Date.now() / 1_000) - 600 }),
    "another's key": await foreign.token(),
  };
  await foreign.close();
  for (const [what, token] of Object.entries(refused)) expect((await me(token)).status, what).toBe(401);
}
