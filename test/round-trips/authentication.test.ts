import { signRequest } from "@brain/schemas";
import { expect, onTestFinished, test } from "vitest";
import { testApiKey } from "../backbone.ts";
import { createTestEngine } from "../engine.ts";
import { openIssuer } from "../modules/identity/issuer.ts";
import { createMeter } from "./measure.ts";

/*
 * What it costs to find out who calls, when the isolate has seen the credential before: nothing, for each kind. A signed
 * request alone has one call, which takes its nonce: whether it comes for the first time, no isolate can know by itself.
 */

const site = "https://brain.example";

test("a credential that the isolate has seen costs no call; a signed request one, for its nonce", async () => {
  const issuer = await openIssuer({ claims: { aud: "brain" } });
  onTestFinished(() => issuer.close());
  const meter = await createMeter(0);
  const engine = await createTestEngine((sandbox) => ({
    ...meter.env(sandbox),
    BRAIN_JWT_ISSUERS: JSON.stringify([
      {
        name: "staff",
        issuer: issuer.url,
        audience: "brain",
        tenant: "all",
        grants: [{ roles: ["viewer"] }],
      },
    ]),
  }));
  onTestFinished(() => engine.cleanup());
  const keyOf = async (kind: "bearer" | "signing") =>
    (await engine.request("POST", "/api/keys", { name: kind, kind, tenant_id: "acme", roles: ["viewer"] }))
      .body.key;
  const [bearer, signing] = [await keyOf("bearer"), await keyOf("signing")];
  const opened = await engine.app.request(`${site}/api/sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${await keyOf("bearer")}` },
  });
  const cookie = opened.headers.getSetCookie().map((line) => line.split(";")[0])[0] ?? "";
  const token = await issuer.token();
  const ask = (headers: Readonly<Record<string, string>>) => new Request(`${site}/api/me`, { headers });
  const requests: Readonly<Record<string, () => Request | Promise<Request>>> = {
    bootstrap: () => ask({ authorization: `Bearer ${testApiKey}` }),
    api_key: () => ask({ authorization: `Bearer ${bearer}` }),
    jwt: () => ask({ authorization: `Bearer ${token}` }),
    session: () => ask({ cookie }),
    machine: () => signRequest(ask({}), signing),
  };
  const callsOf = async (kind: string) => {
    const request = await requests[kind]?.();
    const calls = await meter.callsOf(async () => {
      const reply = await engine.app.fetch(request as Request);
      const body = await reply.json();
      expect(reply.status, JSON.stringify(body)).toBe(200);
      expect(body).toMatchObject({ kind });
      await engine.background();
    });
    return calls.map(({ to, what }) => `${to} ${what.split(" ")[0]}`);
  };
  const costs: Record<string, string[]> = {};
  for (const kind of Object.keys(requests)) {
    // The control: the first one asks, except for what needs nobody.
    const first = await callsOf(kind);
    const asked = issuer.asked.length;
    if (kind === "api_key" || kind === "machine") expect(first.length, kind).toBeGreaterThan(1);
    costs[kind] = await callsOf(kind);
    expect(issuer.asked.length, kind).toBe(asked);
  }
  expect(issuer.asked.length, "control: it was asked for its keys").toBeGreaterThan(0);
  expect(costs).toEqual({ bootstrap: [], api_key: [], jwt: [], session: [], machine: ["redis SET"] });
});
