import { describe, expect, test } from "vitest";
import { createSecretCheck } from "./secret-check.ts";

const secret = "brain-0123456789abcdef";

/** A text that counts how often it is looked at. */
function counted(text: string) {
  const seen: number[] = [];
  const given = {
    length: text.length,
    charCodeAt(place: number) {
      seen.push(place);
      return text.charCodeAt(place);
    },
  };
  return { given, seen };
}

describe("createSecretCheck", () => {
  test("knows the secret, and nothing else", () => {
    const isSecret = createSecretCheck(secret);
    expect(isSecret(secret)).toBe(true);
    const others = [
      "",
      secret.slice(0, -1),
      `${secret}0`,
      `${secret}\0`,
      ` ${secret}`,
      secret.toUpperCase(),
      secret.replace("b", "\u0162"),
      `c${secret.slice(1)}`,
      `${secret.slice(0, -1)}g`,
      secret + "\0".repeat(1_024 - secret.length) + secret,
      secret.repeat(100),
    ];
    for (const other of others) expect(isSecret(other), JSON.stringify(other.slice(0, 60))).toBe(false);
  });

  test("compares secrets of any length whole", () => {
    for (const length of [1, 16, 1_023, 1_024, 1_025, 5_000]) {
      const long = "k".repeat(length);
      expect(createSecretCheck(long)(long)).toBe(true);
      expect(createSecretCheck(long)(`${long.slice(0, -1)}j`)).toBe(false);
      expect(createSecretCheck(long)(`${long}k`)).toBe(false);
    }
    expect(createSecretCheck("")("\0")).toBe(false);
  });

  test("takes a step for each character of what was sent, wherever it differs and however long the secret is", () => {
    const secrets = [secret, secret.slice(0, 16), secret.repeat(60)];
    const texts = [secret, `x${secret.slice(1)}`, `${secret.slice(0, -1)}x`, "x".repeat(secret.length)];
    const all = Array.from({ length: secret.length }, (_, place) => place);
    for (const one of secrets) {
      for (const text of texts) {
        const { given, seen } = counted(text);
        createSecretCheck(one)(given);
        expect(seen).toEqual(all);
      }
    }
  });

  test("would tell by its steps where a text differs, if it ended early (control)", () => {
    const endsEarly = (given: Pick<string, "length" | "charCodeAt">) => {
      for (let place = 0; place < given.length; place += 1)
        if (given.charCodeAt(place) !== secret.charCodeAt(place)) return false;
      return given.length === secret.length;
    };
    const first = counted(`x${secret.slice(1)}`);
    const last = counted(`${secret.slice(0, -1)}x`);
    endsEarly(first.given);
    endsEarly(last.given);
    expect(first.seen.length).toBeLessThan(last.seen.length);
  });
});
