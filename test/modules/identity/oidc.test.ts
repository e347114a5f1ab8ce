import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { type OidcIssuer, startOidcIssuer } from "./oidc-issuer.ts";

const secret = "a-secret-of-the-client";
const site = "https://brain.example";
let issuer: OidcIssuer;
let engine: TestEngine;
beforeAll(async () => {
  issuer = await startOidcIssuer(secret);
  engine = await createTestEngine({
    BRAIN_CREDENTIAL_CACHE_SECONDS: "0",
    BRAIN_JWT_ISSUERS: JSON.stringify([
      {
        name: "company",
        issuer: issuer.url,
        audience: "api",
        tenant: { claim: "org" },
        grants: [{ claim: "groups", value: "ops", roles: ["operator"] }],
      },
    ]),
    BRAIN_SIGN_IN: JSON.stringify([{ issuer: "company", client_id: "console", client_secret: secret }]),
  });
});
afterAll(async () => {
  await engine?.cleanup();
  await issuer?.close();
});

const cookiesOf = (answer: Response) =>
  answer.headers
    .getSetCookie()
    .filter((line) => !line.includes("Max-Age=0"))
    .map((line) => line.split(";")[0])
    .join("; ");
const ask = (path: string, cookie = "") =>
  engine.app.request(path.startsWith("http") ? path : `${site}${path}`, {
    headers: cookie === "" ? {} : { cookie },
  });

/** Leaves for the issuer. @returns where the issuer sends the browser back, and the cookie that it has */
async function leave(returnTo = "/events?x=1") {
  const start = await ask(`/api/sessions/oidc/company/start?return_to=${encodeURIComponent(returnTo)}`);
  expect(start.status, await start.clone().text()).toBe(302);
  const there = start.headers.get("location") ?? "";
  expect(there).toContain(`${issuer.url}/authorize?`);
  expect(there).toContain("code_challenge_method=S256");
  const cookie = cookiesOf(start);
  expect(start.headers.getSetCookie().join()).toMatch(
    /^__Host-brain_sign_in=.*HttpOnly; SameSite=Lax; Secure; Max-Age=600$/,
  );
  const back = (await fetch(there, { redirect: "manual" })).headers.get("location") ?? "";
  return { back, cookie };
}

test("who signs in at the issuer has a session with what its claims mean, and is back where the sign-in began", async () => {
  issuer.claims = { org: "acme", groups: ["ops"] };
  const { back, cookie } = await leave();
  const answer = await ask(back, cookie);
  expect(answer.status, await answer.clone().text()).toBe(303);
  expect(answer.headers.get("location")).toBe("/events?x=1");
  const me = await (await ask("/api/me", cookiesOf(answer))).json();
  expect(me).toMatchObject({
    kind: "session",
    id: "jwt:company:user-7",
    tenant_id: "acme",
    scopes: ["*:read", "operate"],
  });
});

test("an answer is good once, in the browser that asked, and for what it asked", async () => {
  issuer.claims = { org: "acme", groups: ["ops"] };
  const one = await leave();
  const other = await leave();
  // Somebody else's answer: with this the victim would work in the attacker's session.
  expect((await ask(one.back, other.cookie)).status).toBe(401);
  expect((await ask(one.back)).status).toBe(400);
  expect((await ask(one.back, "__Host-brain_sign_in=x")).status).toBe(400);
  const state = new URL(one.back);
  state.searchParams.set("state", "another");
  expect((await ask(state.href, one.cookie)).status).toBe(401);
  const refused = new URL(one.back);
  refused.searchParams.delete("code");
  refused.searchParams.set("error", "access_denied");
  expect((await ask(refused.href, one.cookie)).status).toBe(401);
  // Control: the right one.
  expect((await ask(one.back, one.cookie)).status).toBe(303);
  expect((await ask(one.back, one.cookie)).status).toBe(401);
});

test.each([
  ["another nonce", { nonce: "x" }, 401],
  ["another audience", { aud: "somebody" }, 401],
  ["another issuer", { iss: "https://evil.example" }, 401],
  ["no group that means something", { groups: ["guests"] }, 403],
  ["no tenant", { org: undefined }, 403],
])("a token with %s opens nothing", async (_what, claims, status) => {
  issuer.claims = { org: "acme", groups: ["ops"], ...claims };
  const { back, cookie } = await leave();
  const answer = await ask(back, cookie);
  expect(answer.status, await answer.clone().text()).toBe(status);
  expect(cookiesOf(answer)).toBe("");
});

test.each(["//evil.example", "/\\evil.example", "https://evil.example", "/a b", "", "evil"])(
  "nobody is sent to %s",
  async (path) => {
    const answer = await ask(`/api/sessions/oidc/company/start?return_to=${encodeURIComponent(path)}`);
    expect(answer.status).toBe(422);
  },
);

test("an issuer that is away, and one that is not there, are told", async () => {
  issuer.isAway = true;
  try {
    expect((await ask("/api/sessions/oidc/company/start")).status).toBe(503);
  } finally {
    issuer.isAway = false;
  }
  expect((await ask("/api/sessions/oidc/other/start")).status).toBe(404);
});
