import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { verifyWebhook, WebhookVerificationError } from "./verify-webhook.ts";

const secretOf = (byte: number) => `whsec_${btoa(String.fromCharCode(...new Uint8Array(24).fill(byte)))}`;
const [secret, other] = [secretOf(1), secretOf(2)];
const now = new Date("2026-01-02T03:04:05Z");
const body = '{"title":"Übung 😀"}';

/** A call as the package of Standard Webhooks signs it. */
function call(secrets: readonly string[] = [secret], at = now) {
  return {
    "webhook-id": "msg-1",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
    "webhook-signature": secrets.map((one) => new Webhook(one).sign("msg-1", at, body)).join(" "),
  };
}
type Headers_ = ReturnType<typeof call>;

type Case = readonly [secrets: string | string[], headers: Partial<Headers_>, text?: string];

/** The id of each message, null where it is refused. */
type Verify = (cases: readonly Case[]) => Promise<(string | null)[]>;

const inTypeScript = (secrets: string | string[], headers: Partial<Headers_>, text = body) =>
  verifyWebhook(secrets, new Headers(headers), text, { now });

const allInTypeScript: Verify = (cases) =>
  Promise.all(
    cases.map((one) =>
      inTypeScript(...one).catch((error: unknown) => {
        if (error instanceof WebhookVerificationError) return null;
        throw error;
      }),
    ),
  );

const program = `
import json, sys
sys.path.insert(0, "src/modules/webhooks")
sys.dont_write_bytecode = True
from verify_webhook import WebhookVerificationError, verify_webhook
cases, now = json.loads(sys.argv[1])
def verify(secrets, headers, body):
    try:
        return verify_webhook(secrets, headers, body.encode(), now=now)
    except WebhookVerificationError:
        return None
print(json.dumps([verify(*case) for case in cases]))`;

const allInPython: Verify = async (cases) => {
  const given = JSON.stringify([
    cases.map(([secrets, headers, text = body]) => [secrets, headers, text]),
    now.getTime() / 1_000,
  ]);
  const { stdout } = await promisify(execFile)("python3", ["-c", program, given]);
  return JSON.parse(stdout);
};

describe.each([
  ["TypeScript", allInTypeScript],
  ["Python", allInPython],
] as const)("a receiver in %s", (_language, verify) => {
  test("believes what the package signed, and nothing else", async () => {
    const minutes = (n: number) => new Date(now.getTime() + n * 60_000);
    const good: Case[] = [
      [secret, call()],
      [secret, call([other, secret])],
      [[other, secret], call()],
      [secret, call([secret], minutes(4))],
    ];
    expect(await verify(good)).toEqual(good.map(() => "msg-1"));
    const bad: Case[] = [
      [other, call()],
      [secret, call(), `${body} `],
      [secret, { ...call(), "webhook-id": "msg-2" }],
      [secret, { ...call(), "webhook-timestamp": "1" }],
      [secret, call([secret], minutes(-6))],
      [secret, call([secret], minutes(6))],
      [secret, { ...call(), "webhook-timestamp": "soon" }],
      [secret, { ...call(), "webhook-signature": call()["webhook-signature"].replace("v1,", "v2,") }],
      [secret, { ...call(), "webhook-signature": "v1,%%% v1," }],
      [secret, {}],
    ];
    expect(await verify(bad)).toEqual(bad.map(() => null));
  });
});

test("the error says what is wrong, and never a secret", async () => {
  const error = await inTypeScript(other, call()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WebhookVerificationError);
  expect(String(error)).not.toContain(other.slice(6));
});
