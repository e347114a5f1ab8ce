import { BadRequestError, type Database, NotFoundError, TransientError, type Tx } from "@brain/engine";
import { courseCertificateIssued } from "@brain/schemas";
import { sql } from "drizzle-orm";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { publishContext } from "../../../http/kit/publish-context.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import type { AccessCheck } from "../../ports/access-check.ts";
import { readerIn } from "../../reader.ts";
import { isOfTenant } from "../courses/whose-course.ts";
import { requireLearnersAccess } from "./access.ts";
import {
  type CertificatePayload,
  certificatePayload,
  howToMakeOne,
  isSignedBy,
  jwkOf,
  readSigningKey,
  type SigningKey,
  signCertificate,
} from "./certificate.ts";
import { aboutLearner, learningSource, noEnrollment, wholeSecond } from "./context.ts";
import { unixOf, type VerifyInput } from "./model.ts";
import { assertMayAct } from "./state.ts";
import { findCertificateOf, findCompletion, insertCertificate, lockEnrollment, newId } from "./store.ts";

export interface CertificateSettings {
  /** Ed25519 private key, PKCS #8 in base64; null: none are issued. */
  readonly certificateKey: string | null;
  /** Who certifies, as certificates name it. */
  readonly issuer: string;
}

/** What issuing needs beside them. */
export interface IssuingSettings extends CertificateSettings {
  /** Who knows whether a user has access to a paid course. */
  readonly accessCheck: AccessCheck;
}

/**
 * Issues the certificate of a completed enrolment. Idempotent: the first certificate is answered again, also when the
 * key has changed since. One that was issued can be read and verified whatever becomes of the learner's access.
 *
 * @throws {NotFoundError} the course has no such enrolment
 * @throws {ForbiddenError} the enrolment belongs to another actor
 * @throws {UnauthorizedError | ForbiddenError} as {@link requireLearnersAccess}
 * @throws {BadRequestError} the course is not completed
 * @throws {TransientError} 503: there is no key to sign with
 */
export async function issueCertificate(
  services: RequestServices,
  settings: IssuingSettings,
  courseId: string,
  enrollmentId: string,
) {
  const issuedAt = wholeSecond(services);
  return services.transact(publishContext(services, learningSource), async (tx, publish) => {
    // Locked: of two requests at once the second finds the certificate of the first.
    const found = await lockEnrollment(tx, courseId, enrollmentId, visibleTenant(services));
    if (found === null) throw noEnrollment(courseId);
    const { enrollment, course } = found;
    assertMayAct(enrollment.actorId, [services.actorId]);
    const asking = { read: readerIn(tx), check: settings.accessCheck };
    await requireLearnersAccess(asking, course, enrollment.actorId);
    const issued = await findCertificateOf(tx, enrollmentId);
    if (issued !== null) {
      const { payload, signature } = issued.certificate;
      return certificateView(payload, signature, issued.publicKey);
    }
    const completion = await requireCompletion(tx, courseId, enrollmentId);
    const key = await requireKey(settings);
    const payload: CertificatePayload = {
      schema: "cert-v1",
      certificate_id: newId("cert"),
      enrollment_id: enrollmentId,
      course_id: courseId,
      course_title: course.title,
      course_version: completion.courseVersion,
      language: enrollment.language,
      actor_id: enrollment.actorId,
      completion_hash: completion.completionHash,
      completed_at: unixOf(completion.completedAt),
      issued_at: unixOf(issuedAt),
      issuer: settings.issuer,
      key_id: key.keyId,
    };
    const signature = await signCertificate(key, payload);
    const row = {
      certificateId: payload.certificate_id,
      enrollmentId,
      courseId,
      payload,
      signature,
      keyId: key.keyId,
      issuedAt,
    };
    await insertCertificate(tx, row, key.publicKey);
    await publish(
      courseCertificateIssued,
      {
        course_id: courseId,
        enrollment_id: enrollmentId,
        user_id: enrollment.actorId,
        certificate_id: row.certificateId,
        key_id: key.keyId,
        issued_at: issuedAt.toISOString(),
      },
      aboutLearner(services, course.tenantId, enrollment.actorId),
    );
    return certificateView(payload, signature, key.publicKey);
  });
}

async function requireCompletion(tx: Tx, courseId: string, enrollmentId: string) {
  const completion = await findCompletion(tx, enrollmentId);
  if (completion !== null) return completion;
  throw new BadRequestError(
    `The enrolment is not completed, so there is nothing to certify. POST /api/courses/${courseId}/complete comes first.`,
  );
}

async function requireKey(settings: CertificateSettings): Promise<SigningKey> {
  if (settings.certificateKey !== null) return readSigningKey(settings.certificateKey);
  throw new TransientError(
    `No certificates can be issued: BRAIN_CERTIFICATE_KEY is not set. ${howToMakeOne}`,
  );
}

/** `publicKey` null: the key is no longer trusted, and nobody can verify the certificate. */
function certificateView(payload: CertificatePayload, signature: string, publicKey: string | null) {
  return {
    certificate_id: payload.certificate_id,
    course_id: payload.course_id,
    enrollment_id: payload.enrollment_id,
    issued_at: payload.issued_at,
    // jsonb does not keep the order of fields; parsing gives them that of the schema.
    certificate_payload: certificatePayload.parse(payload),
    signature_hex: signature,
    public_key: publicKey === null ? null : jwkOf(payload.key_id, publicKey),
  };
}

/** @throws {NotFoundError} the course has no such certificate @throws {ForbiddenError} it is another actor's */
export async function readCertificate(services: RequestServices, courseId: string, certificateId: string) {
  const [row] = await services.db.rows<{
    payload: CertificatePayload;
    signature: string;
    public_key: string | null;
  }>(sql`SELECT c.payload, c.signature, k.public_key
    FROM course_factory_certificates c LEFT JOIN course_factory_certificate_keys k USING (key_id)
    WHERE c.certificate_id = ${certificateId} AND c.course_id = ${courseId}
      AND ${isOfTenant(sql`c.course_id`, visibleTenant(services))}`);
  if (row === undefined) {
    throw new NotFoundError(
      `The course ${courseId} has no such certificate. Expected the certificate_id that certificates/issue answered.`,
    );
  }
  assertMayAct(row.payload.actor_id, [services.actorId]);
  return certificateView(row.payload, row.signature, row.public_key);
}

/** Answer of POST /certificates/verify. */
export type Verification =
  | { readonly valid: true; readonly certificate_id: string; readonly issued_at: number }
  | { readonly valid: false; readonly reason: "malformed" | "unknown_key" | "bad_signature" };

/**
 * Whether this service signed exactly this payload. Only keys that this service knows count, never one that comes with
 * the request; older keys stay known, so that changing the key leaves certificates valid.
 */
export async function verifyCertificate(
  services: RequestServices,
  settings: CertificateSettings,
  input: VerifyInput,
): Promise<Verification> {
  const parsed = certificatePayload.safeParse(input.certificate_payload);
  if (!parsed.success || !/^[0-9a-f]{128}$/i.test(input.signature_hex)) {
    return { valid: false, reason: "malformed" };
  }
  const payload = parsed.data;
  const publicKey = await knownKey(services.db, settings, payload.key_id);
  if (publicKey === null) return { valid: false, reason: "unknown_key" };
  if (!(await isSignedBy(publicKey, payload, input.signature_hex))) {
    return { valid: false, reason: "bad_signature" };
  }
  return { valid: true, certificate_id: payload.certificate_id, issued_at: payload.issued_at };
}

async function knownKey(db: Database, settings: CertificateSettings, keyId: string): Promise<string | null> {
  const [row] = await db.rows<{ public_key: string }>(
    sql`SELECT public_key FROM course_factory_certificate_keys WHERE key_id = ${keyId}`,
  );
  if (row !== undefined) return row.public_key;
  const current = await currentKey(settings);
  return current?.keyId === keyId ? current.publicKey : null;
}

/** Null when no key is set. @throws {TransientError} it is no key */
async function currentKey({ certificateKey }: CertificateSettings): Promise<SigningKey | null> {
  return certificateKey === null ? null : readSigningKey(certificateKey);
}

/** The keys by which others verify certificates without us: the one that signs now, and all that ever did. */
export async function readKeys(services: RequestServices, settings: CertificateSettings) {
  const current = await currentKey(settings);
  const used = await services.db.rows<{ key_id: string; public_key: string }>(
    sql`SELECT key_id, public_key FROM course_factory_certificate_keys ORDER BY first_used_at DESC, key_id LIMIT 100`,
  );
  const older = used.filter((row) => row.key_id !== current?.keyId);
  const jwk = current === null ? null : jwkOf(current.keyId, current.publicKey);
  return {
    issuer: settings.issuer,
    key_id: current?.keyId ?? null,
    jwk,
    keys: [...(jwk === null ? [] : [jwk]), ...older.map((row) => jwkOf(row.key_id, row.public_key))],
  };
}
