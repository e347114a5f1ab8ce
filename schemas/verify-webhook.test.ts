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

const inTypeScript = (secrets: string | string[], headers: Partial<Headers_>, text = body) =>
  verifyWebhook(secrets, new Headers(headers), text, { now });

const program = `
import json, sys
sys.path.insert(0, "src/modules/webhooks")
sys.dont_write_bytecode = True
from verify_webhook import verify_webhook
secrets, headers, body, now = json.loads(sys.argv[1])
print(verify_webhook(secrets, headers, body.encode(), now=now))`;

async function inPython(
  secrets: string | string[],
  headers: Partial<Headers_>,
  text = body,
): Promise<string> {
  const given = JSON.stringify([secrets, headers, text, now.getTime() / 1_000]);
  const { stdout } = await promisify(execFile)("python3", ["-c", program, given]);
  return stdout.trim();
}

describe.each([
  ["TypeScript", inTypeScript],
  ["Python", inPython],
] as const)("a receiver in %s", (_language, verify) => {
  test("believes what the package signed, also with one of two secrets on either side", async () => {
    expect(await verify(secret, call())).toBe("msg-1");
    expect(await verify(secret, call([other, secret]))).toBe("msg-1");
    expect(await verify([other, secret], call())).toBe("msg-1");
  });

  test("believes no other: another secret, a change, an old call, one of the future, one without headers", async () => {
    const minutes = (n: number) => new Date(now.getTime() + n * 60_000);
    const refused: Promise<unknown>[] = [
      verify(other, call()),
      verify(secret, call(), `${body} `),
      verify(secret, { ...call(), "webhook-id": "msg-2" }),
      verify(secret, { ...call(), "webhook-timestamp": "1" }),
      verify(secret, call([secret], minutes(-6))),
      verify(secret, call([secret], minutes(6))),
      verify(secret, { ...call(), "webhook-timestamp": "soon" }),
      verify(secret, { ...call(), "webhook-signature": call()["webhook-signature"].replace("v1,", "v2,") }),
      verify(secret, { ...call(), "webhook-signature": "v1,%%% v1," }),
      verify(secret, {}),
    ];
    for (const [at, one] of (await Promise.allSettled(refused)).entries())
      expect([at, one.status]).toEqual([at, "rejected"]);
    expect(await verify(secret, call([secret], minutes(4)))).toBe("msg-1");
  });
});

test("the error says what is wrong, and never a secret", async () => {
  const error = await inTypeScript(other, call()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WebhookVerificationError);
  expect(String(error)).not.toContain(other.slice(6));
});
