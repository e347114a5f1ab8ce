import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { canonicalJson } from "@brain/engine";
import type { JsonObject } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseConfig } from "../../../../src/config.ts";
import { openProduct } from "../../../../src/http-composition.ts";
import { sandboxEnv, testApiKey } from "../../../backbone.ts";
import { createTestEngine, type TestEngine } from "../../../engine.ts";
import {
  atOnce,
  base,
  completed,
  enrolled,
  eventsOf,
  firstKey,
  newCourse,
  secondKey,
  type TestCourse,
  tenant,
  unknownCourse,
  unknownEnrollment,
} from "./fixtures.ts";

let engine: TestEngine;
let course: TestCourse;
beforeAll(async () => {
  engine = await createTestEngine({
    BRAIN_CERTIFICATE_KEY: firstKey,
    BRAIN_PUBLIC_URL: "https://courses.example",
  });
  course = await newCourse(engine);
});
afterAll(() => engine.cleanup());

const newActor = () => `user-${crypto.randomUUID()}`;
const issue = (enrollmentId: string, headers: Record<string, string> = {}) =>
  engine.request(
    "POST",
    `${base}/${course.courseId}/certificates/issue`,
    { enrollment_id: enrollmentId },
    headers,
  );
/** As anybody does: without a key. */
const check = (body: unknown) =>
  engine.request("POST", `${base}/certificates/verify`, body, { authorization: "" });

/** The same product on the same database, with another key for certificates. */
function withKey(certificateKey: string | null) {
  const env = sandboxEnv(
    engine.sandbox,
    certificateKey === null ? {} : { BRAIN_CERTIFICATE_KEY: certificateKey },
  );
  const app = openProduct(parseConfig(env)).createApp(() => ({
    invocation: engine.open(),
    apiKey: testApiKey,
    waitUntil: (work) => void work.catch(() => undefined),
    afterCommit: () => undefined,
    startJobs: () => undefined,
  }));
  return async (method: string, path: string, body?: unknown) => {
    const response = await app.request(path, {
      method,
      headers: { authorization: `Bearer ${testApiKey}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as ReturnType<typeof JSON.parse> };
  };
}

describe("a certificate", () => {
  test("is signed, holds ids only, and is told of", async () => {
    const actor = newActor();
    const enrollmentId = await completed(engine, course, actor);
    const answer = await issue(enrollmentId);
    expect(answer.status, answer.text).toBe(200);
    const { certificate_id: id, certificate_payload: payload, signature_hex, public_key } = answer.body;
    expect(payload).toEqual({
      schema: "cert-v1",
      certificate_id: expect.stringMatching(/^cert_[0-9a-f]{16}$/),
      enrollment_id: enrollmentId,
      course_id: course.courseId,
      course_title: "Zeit gut einteilen",
      course_version: "1.0.0",
      language: "de",
      actor_id: actor,
      completion_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      completed_at: expect.any(Number),
      issued_at: answer.body.issued_at,
      issuer: "https://courses.example",
      key_id: public_key.kid,
    });
    expect(id).toBe(payload.certificate_id);
    expect(signature_hex).toMatch(/^[0-9a-f]{128}$/);
    const events = await eventsOf(engine, course.courseId, "course.certificate.issued");
    expect(events.filter(({ payload: told }) => told.enrollment_id === enrollmentId)).toMatchObject([
      {
        tenant_id: tenant,
        actor_id: actor,
        payload: { certificate_id: id, user_id: actor, key_id: payload.key_id },
      },
    ]);
    const read = await engine.request("GET", `${base}/${course.courseId}/certificates/${id}`);
    expect(read.body).toEqual(answer.body);
  });

  test("is the same when it is issued again, also 20 times at once", async () => {
    const enrollmentId = await completed(engine, course, newActor());
    const answers = await atOnce(20, () => issue(enrollmentId));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await issue(enrollmentId)).text).toBe(answers[0]?.text);
    const events = await eventsOf(engine, course.courseId, "course.certificate.issued");
    expect(events.filter(({ payload }) => payload.enrollment_id === enrollmentId)).toHaveLength(1);
  });

  test("needs a completed enrolment of this course", async () => {
    const refused = await issue(await enrolled(engine, course.courseId, newActor()));
    expect([refused.status, refused.body.error.code]).toEqual([400, "bad_request"]);
    expect((await issue(unknownEnrollment)).status).toBe(404);
    expect((await issue("enr_1")).status).toBe(422);
  });

  test("of one actor is not issued to or read by another; what is not there is 404", async () => {
    const actor = newActor();
    const enrollmentId = await completed(engine, course, actor);
    const stranger = { authorization: `Bearer ${testApiKey}`, "x-actor-id": newActor() };
    expect((await issue(enrollmentId, stranger)).status).toBe(403);
    const { certificate_id: id } = (await issue(enrollmentId)).body;
    const path = `${base}/${course.courseId}/certificates/${id}`;
    expect((await engine.request("GET", path, undefined, stranger)).status).toBe(403);
    expect((await engine.request("GET", `${base}/${unknownCourse}/certificates/${id}`)).status).toBe(404);
    const unknown = `${base}/${course.courseId}/certificates/cert_0000000000000000`;
    expect((await engine.request("GET", unknown)).status).toBe(404);
  });
});

describe("verifying", () => {
  async function certificate() {
    const { body } = await issue(await completed(engine, course, newActor()));
    return body as {
      certificate_id: string;
      issued_at: number;
      certificate_payload: JsonObject & { key_id: string };
      signature_hex: string;
    };
  }

  test("needs no key and knows a true certificate, whatever the order of its fields", async () => {
    const { certificate_id, issued_at, certificate_payload, signature_hex } = await certificate();
    const turned = Object.fromEntries(Object.entries(certificate_payload).reverse());
    for (const payload of [certificate_payload, turned]) {
      const answer = await check({ certificate_payload: payload, signature_hex });
      expect([answer.status, answer.body]).toEqual([200, { valid: true, certificate_id, issued_at }]);
    }
  });

  test("knows what was changed or forged, with status 200", async () => {
    const { certificate_payload: payload, signature_hex } = await certificate();
    // Well-formed and correctly signed, but by somebody else.
    const forger = createPrivateKey({
      key: Buffer.from(secondKey, "base64"),
      format: "der",
      type: "pkcs8",
    });
    const forged = sign(null, Buffer.from(canonicalJson(payload)), forger).toString("hex");
    const cases: [string, JsonObject, string, string][] = [
      ["another learner", { ...payload, actor_id: "user-forged" }, signature_hex, "bad_signature"],
      ["another course", { ...payload, course_title: "Jura" }, signature_hex, "bad_signature"],
      ["another time", { ...payload, completed_at: 1 }, signature_hex, "bad_signature"],
      ["a forger's key under our name", payload, forged, "bad_signature"],
      ["a signature of zeros", payload, "0".repeat(128), "bad_signature"],
      ["a key that we do not know", { ...payload, key_id: "0".repeat(16) }, signature_hex, "unknown_key"],
      ["a field more", { ...payload, name: "Anna" }, signature_hex, "malformed"],
      ["another schema", { ...payload, schema: "cert-v2" }, signature_hex, "malformed"],
      ["nothing at all", {}, signature_hex, "malformed"],
      ["half a signature", payload, signature_hex.slice(64), "malformed"],
      ["no hex", payload, "z".repeat(128), "malformed"],
    ];
    for (const [what, certificate_payload, signature, reason] of cases) {
      const answer = await check({ certificate_payload, signature_hex: signature });
      expect([what, answer.status, answer.body]).toEqual([what, 200, { valid: false, reason }]);
    }
  });

  test("takes exactly two fields", async () => {
    const { certificate_payload, signature_hex } = await certificate();
    for (const body of [
      {},
      { certificate_payload },
      { certificate_payload, signature_hex, public_key: "mine" },
      { certificate_payload: "x", signature_hex },
      { certificate_payload, signature_hex: "0".repeat(1001) },
    ]) {
      expect((await check(body)).status).toBe(422);
    }
  });

  test("can be done by anybody with the published key, without us", async () => {
    const { certificate_payload: payload, signature_hex } = await certificate();
    const keys = await engine.request("GET", `${base}/certificates/key`, undefined, { authorization: "" });
    expect(keys.status).toBe(200);
    expect(keys.body).toMatchObject({ key_id: payload.key_id, issuer: "https://courses.example" });
    expect(keys.text).not.toContain('"d"');
    const publicKey = createPublicKey({ key: keys.body.jwk, format: "jwk" });
    const text = Buffer.from(JSON.stringify(payload, Object.keys(payload).sort()));
    expect(verify(null, text, publicKey, Buffer.from(signature_hex, "hex"))).toBe(true);
  });

  test("goes on working when the key changes; a key that is removed takes its certificates along", async () => {
    const old = await certificate();
    const body = { certificate_payload: old.certificate_payload, signature_hex: old.signature_hex };
    const rotated = withKey(secondKey);
    expect((await rotated("POST", `${base}/certificates/verify`, body)).body).toMatchObject({ valid: true });

    const enrollmentId = await completed(engine, course, newActor());
    const path = `${base}/${course.courseId}/certificates/issue`;
    const fresh = (await rotated("POST", path, { enrollment_id: enrollmentId })).body;
    expect(fresh.certificate_payload.key_id).not.toBe(old.certificate_payload.key_id);
    const { certificate_payload, signature_hex } = fresh;
    expect((await check({ certificate_payload, signature_hex })).body).toMatchObject({ valid: true });
    const { body: keys } = await rotated("GET", `${base}/certificates/key`);
    expect(keys.key_id).toBe(certificate_payload.key_id);
    expect(keys.keys.map(({ kid }: { kid: string }) => kid)).toEqual([
      certificate_payload.key_id,
      old.certificate_payload.key_id,
    ]);

    await engine.sql("DELETE FROM course_factory_certificate_keys WHERE key_id = $1", [
      certificate_payload.key_id,
    ]);
    expect((await check({ certificate_payload, signature_hex })).body).toEqual({
      valid: false,
      reason: "unknown_key",
    });
    const reread = await engine.request(
      "GET",
      `${base}/${course.courseId}/certificates/${fresh.certificate_id}`,
    );
    expect(reread.body).toMatchObject({ certificate_id: fresh.certificate_id, public_key: null });
  });
});

describe("without a key for certificates", () => {
  test("none are issued, the answer says what to set, and those that exist stay valid", async () => {
    const without = withKey(null);
    const path = `${base}/${course.courseId}/certificates/issue`;
    const open = await completed(engine, course, newActor());
    const refused = await without("POST", path, { enrollment_id: open });
    expect([refused.status, refused.body.error.code]).toEqual([503, "unavailable"]);
    expect(refused.body.error.message).toContain("BRAIN_CERTIFICATE_KEY");
    const events = await eventsOf(engine, course.courseId, "course.certificate.issued");
    expect(events.filter(({ payload }) => payload.enrollment_id === open)).toEqual([]);

    const { body: issued } = await issue(open);
    expect((await without("POST", path, { enrollment_id: open })).body).toEqual(issued);
    const { certificate_payload, signature_hex } = issued;
    expect(
      (await without("POST", `${base}/certificates/verify`, { certificate_payload, signature_hex })).body,
    ).toMatchObject({ valid: true });
    expect((await without("GET", `${base}/certificates/key`)).body).toMatchObject({
      key_id: null,
      jwk: null,
    });
    expect((await without("GET", `${base}/health`)).body).toMatchObject({ certificates_enabled: false });
  });

  test("a setting that is no Ed25519 key is said to be none, and not shown", async () => {
    const wrong = btoa("x".repeat(48));
    const path = `${base}/${course.courseId}/certificates/issue`;
    const enrollmentId = await completed(engine, course, newActor());
    const refused = await withKey(wrong)("POST", path, { enrollment_id: enrollmentId });
    expect(refused.status).toBe(503);
    expect(refused.body.error.message).toContain("openssl genpkey");
    expect(JSON.stringify(refused.body)).not.toContain(wrong);
  });
});
