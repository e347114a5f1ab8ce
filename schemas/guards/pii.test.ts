import { describe, expect, test } from "vitest";
import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { guardValues } from "./guard-values.ts";
import { forbiddenKeyReason } from "./key-rules.ts";
import { forbiddenValue, redactJson, redactText } from "./pii.ts";

const jwt = `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.${"s".repeat(12)}`;
const stripeKey = `sk_live_${"a1".repeat(6)}`;

describe("keys", () => {
  test.each([
    "email",
    "e_mail",
    "user_email",
    "userEmail",
    "email_address",
    "phone",
    "phone_number",
    "first_name",
    "fullName",
    "username",
    "address",
    "street",
    "ip",
    "ip_address",
    "client_ip",
    "iban",
    "birth_date",
    "born_on",
    "birth_year",
    "country_of_birth",
    "nationality",
    "driving_licence_number",
    "password",
    "db_password",
    "token",
    "approval_token",
    "accessToken",
    "api_key",
    "apikey",
    "secret",
    "client_secret",
    "private_key",
    "authorization",
    "cookie",
    "credit_card",
    "credit_card_number",
    "card_number",
    "cvv",
    "stripe_customer_id",
    "paypal_order",
    "provider_intent_id",
    "provider_id",
    "token_hash",
    "hash",
    "X-Api-Key",
  ])("%s is refused", (key) => expect(forbiddenKeyReason(key)).not.toBeNull());

  test.each([
    "course_id",
    "mission_name",
    "lesson_title",
    "provider",
    "shipping",
    "description",
    "all_hashes_match",
    "hash_mismatches",
    "tokens_used",
    "ipsum",
    "recipe",
    "user_id",
    "company",
    "expand",
    "emailing_enabled",
    "address_id",
    "template_id",
    "phone_verified",
    "email_verified",
    "born_in_clinic",
    "birth_weight_class",
  ])("%s is allowed", (key) => expect(forbiddenKeyReason(key)).toBeNull());
});

function define(payload: z.ZodType, contentHashes: readonly string[] = []) {
  return defineEvent("demo.thing.created", {
    version: 1,
    module: "demo",
    criticality: "INFO",
    when: "x",
    payload,
    contentHashes,
  });
}

describe("schemas", () => {
  test("a key for personal data is refused at any depth, with its path", () => {
    const payload = z.strictObject({
      owners: z
        .array(z.strictObject({ email: z.string() }))
        .nullable()
        .optional(),
    });
    expect(() => define(payload)).toThrow(/payload\.owners\[\]\.email: the key names personal data/);
  });

  test("an id that is a number is refused, also when optional or in a list", () => {
    expect(() => define(z.strictObject({ course_id: z.int() }))).toThrow(
      /payload\.course_id: an id must not be a number/,
    );
    expect(() => define(z.strictObject({ course_id: z.number().nullable().optional() }))).toThrow(/number/);
    expect(() => define(z.strictObject({ lesson_ids: z.array(z.int()) }))).toThrow(/payload\.lesson_ids/);
    expect(() => define(z.strictObject({ ref_id: z.union([z.string(), z.int()]) }))).toThrow(
      /payload\.ref_id/,
    );
  });

  test("a hash is refused unless it is listed as one of public content", () => {
    const payload = z.strictObject({ ir_hash: z.string() });
    expect(() => define(payload)).toThrow(/contentHashes/);
    const bounded = z.strictObject({ ir_hash: z.string().length(64) });
    expect(define(bounded, ["ir_hash"]).knownKeys).toContain("ir_hash");
  });
});

describe("ids of our own", () => {
  test.each(["7b1d3f50-2c6e-4a8b-be68-539007547034", "be685390-0754-7034-8b0a-2f8f4a1c9d10"])(
    "%s is no IBAN, alone or in a text, although its digits would pass as one",
    (id) => {
      for (const text of [id, `artifact:course/${id}`, `https://courses.example/${id}/v1`])
        expect(forbiddenValue(text), text).toBeNull();
    },
  );

  test("what would pass as an account does outside of an id", () => {
    expect(forbiddenValue("pay to BE68 5390 0754 7034")).toBe("an IBAN");
    expect(forbiddenValue("pay to be68-539007547034")).toBe("an IBAN");
  });
});

describe("values", () => {
  test.each([
    ["an e-mail address", "write to max.muster@example.org today"],
    ["an e-mail address", "A@B.co.uk"],
    ["an IBAN", "DE89370400440532013000"],
    ["an IBAN", "DE89370400440532013000 DANKE SEHR"],
    ["an IBAN", "DE89370400440532013000 DANK"],
    ["an IBAN", "pay to DE89 3704 0044 0532 0130 00 please"],
    ["a payment card number", "4111111111111111"],
    ["a payment card number", "card 4111 1111 1111 1111"],
    ["a payment card number", "378282246310005"],
    ["a phone number", "call +49 170 1234567"],
    ["a phone number", "+14155552671"],
    ["a payment provider's id", "cus_123"],
    ["a payment provider's id", "see pi_3MtwBwLkdIwHu7ix28a3tqPa there"],
    ["a payment provider's id", "cs_test_a11YYufWQzNY63zpQ6QSNRQhkUpVph4W"],
    ["a payment provider's id", "pm_1NirD82eZvKYlo2CIvbtLWuY"],
    ["a payment provider's id", "sub_1MowQVLkdIwHu7ixeRlqHVzs"],
    ["a payment provider's id", "ch_3MmlLrLkdIwHu7ix0snN0B15"],
    ["an API key", stripeKey],
    ["an API key", `AKIA${"A".repeat(16)}`],
    ["a bearer token", "Authorization: Bearer abcdefghijklmnop"],
    ["a JSON Web Token", jwt],
    ["a private key", "-----BEGIN RSA PRIVATE KEY-----"],
    ["a URL with a password", "postgres://brain:pa55word@db.example/brain"],
  ])("%s is found in %j", (what, text) => {
    expect(forbiddenValue(text)).toBe(what);
    expect(redactText(`before ${text} after`)).not.toContain(text);
  });

  test.each([
    "7b1d3f50-2c6e-4a8b-9f10-1234567890ab",
    "41111111-1111-4111-8111-111111111111",
    "ab".repeat(32),
    "4111111111111112",
    "1767605400000",
    "1767605400000000",
    "2026-01-05T09:30:00.000Z",
    "2026-01-05T09:30:00+01:00",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "Excel 2024: 1000 Formeln, 5000 Zeilen, 20 Übungen",
    "C++ 2023 für Fortgeschrittene",
    "Umsatz +20 % in 2024 und +3000 Kunden",
    "Was heißt @media in CSS?",
    "alternativen-zu-banken-2024-2025",
    "DE12 Autobahn",
    "sub_category",
    "ch_1",
    "cs_101",
    "pi_day",
    "the cus_tomer",
    "dist_0123456789abcdef",
    "evt_threat_1766916000250_x",
    "https://a.example/path?x=1:2@3",
    "Bearer of good news",
    "abababababababab...",
  ])("%j is nothing of the kind", (text) => {
    expect(forbiddenValue(text)).toBeNull();
    expect(redactText(text)).toBe(text);
  });

  test("are found in open objects, where keys are looked at too", () => {
    const found = guardValues(
      { details: { list: ["x", { contact: "max@example.org" }], password: "x", user_id: 7 } },
      "payload",
    );
    expect(found.forbidden.map(({ path }) => path)).toEqual([
      "payload.details.list.1.contact",
      "payload.details.password",
      "payload.details.user_id",
    ]);
  });

  test("are taken out of data at any depth, with the keys that are not kept", () => {
    const data = { note: "to max@example.org", list: [{ of: "max@example.org", n: 1 }, null], keep: "plain" };
    expect(redactJson(data)).toEqual({
      note: "to [redacted]",
      list: [{ of: "[redacted]", n: 1 }, null],
      keep: "plain",
    });
    expect(redactJson(data, (key) => key !== "of" && key !== "note")).toEqual({
      list: [{ n: 1 }, null],
      keep: "plain",
    });
  });

  test("are found in keys that no schema names, and no path repeats them", () => {
    const address = "max@example.org";
    const { forbidden } = guardValues({ by_person: { [address]: { email: 1, note: stripeKey } } }, "payload");
    expect(forbidden.map(({ path }) => path)).toEqual([
      "payload.by_person",
      "payload.by_person.[redacted].email",
      "payload.by_person.[redacted].note",
    ]);
    expect(JSON.stringify(forbidden)).not.toContain(address);
    expect(guardValues({ [stripeKey]: 1 }, "payload", new Set([stripeKey])).forbidden).toEqual([]);
  });

  test("are found in numbers that are those of a card, and in no others", () => {
    const { forbidden } = guardValues({ list: [4111111111111111, 378282246310005] }, "payload");
    expect(forbidden.map(({ path }) => path)).toEqual(["payload.list.0", "payload.list.1"]);
    const others = [1767605400000, 4111111111111112, 1767605400000000, 12, -4111111111111111, 0.5, 2 ** 53];
    expect(guardValues({ others }, "payload").forbidden).toEqual([]);
  });

  test("in disguise are found: wide letters, invisible ones, other spaces and dashes", () => {
    for (const text of [
      "ｍａｘ＠ｅｘａｍｐｌｅ．ｏｒｇ",
      "m\u200bax@exam\u00adple.org",
      "4111\u20091111\u20111111 1111",
    ]) {
      expect(forbiddenValue(text)).not.toBeNull();
      expect(redactText(`${text} here`)).toBe("[redacted] here");
    }
    expect(forbiddenKeyReason("ｅｍａｉｌ")).not.toBeNull();
    expect(redactText("ｗｉｄｅ ①")).toBe("ｗｉｄｅ ①");
  });

  test("are never repeated in what is reported", () => {
    const { forbidden } = guardValues({ note: `key ${stripeKey}` }, "payload");
    expect(forbidden).toHaveLength(1);
    expect(JSON.stringify(forbidden)).not.toContain(stripeKey);
  });

  test("of hostile length are searched in linear time", () => {
    const hostile = [
      "a@".repeat(20_000),
      "1".repeat(60_000),
      "+1 1 ".repeat(12_000),
      `${"a-".repeat(20_000)}@`,
      "DE12 AAAA ".repeat(6000),
      "eyJ".repeat(20_000),
      "de12".repeat(15_000),
      "4111 1111 ".repeat(6000),
      "0170 ".repeat(12_000),
      "tel: ".repeat(12_000),
      "password=".repeat(6000),
      `aws ${"secret ".repeat(8000)}`,
      "(at)".repeat(15_000),
      "basic ".repeat(10_000),
      `https://${"a".repeat(60_000)}`,
      "+49 (0)".repeat(8000),
      "sk-".repeat(20_000),
      "1:".repeat(30_000),
      "\u200b".repeat(60_000),
      "ﷺ".repeat(20_000),
      "é@ü.".repeat(15_000),
    ];
    const started = performance.now();
    for (const text of hostile) {
      forbiddenValue(text);
      redactText(text);
    }
    // A pattern that goes over such a text again for each of its characters takes minutes.
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
