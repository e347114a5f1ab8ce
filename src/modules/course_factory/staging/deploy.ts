import { type HandlerContext, RetryAfter, type Tx } from "@brain/engine";
import {
  courseDeployedStaging,
  type distributionCreated,
  type Envelope,
  type PayloadOf,
} from "@brain/schemas";
import { sql } from "drizzle-orm";
import { findCourse } from "../courses/known-course.ts";
import type { deployments } from "../tables.ts";
import { stagingContract } from "./contract.ts";
import { keepStagingToken, stagingAddress } from "./token.ts";

/** A course whose distribution came first is looked at again after this time, ms. */
const notReadyMs = 1_000;

/**
 * Deploys the course of a new distribution to staging, once per course and version: from then on its pages are served
 * under the address that the event tells (`routes.ts` here). Variants share their parent's
 * course and are left alone, and so is a course that the factory does not have.
 *
 * @throws {RetryAfter} the course is still being generated
 * @throws {PermanentError} distribution and course belong to different tenants
 */
export async function deployToStaging(
  event: Envelope<PayloadOf<typeof distributionCreated>>,
  where: { readonly publicUrl: string | null; readonly stagingDomain: string },
  context: Pick<HandlerContext, "tx" | "publish" | "log" | "now">,
): Promise<void> {
  const { course_id: courseId, derived_from: parent, distribution_id: distributionId } = event.payload;
  if (parent !== null) return;
  const course = await findCourse(context.tx, courseId, event);
  if (course === null || course.status === "failed") {
    context.log.debug(
      { course_id: courseId },
      "A distribution of a course that the factory has not made; nothing to deploy",
    );
    return;
  }
  if (course.status === "generating") {
    throw new RetryAfter(
      notReadyMs,
      `The course ${courseId} is still being generated and cannot be deployed yet.`,
    );
  }
  const domain = course.request.staging_domain ?? where.stagingDomain;
  const deployedAt = context.now().toISOString();
  const stagingUrl = await deploy(context.tx, {
    deploymentId: crypto.randomUUID(),
    courseId,
    courseVersion: course.version,
    distributionId,
    stagingUrl: stagingAddress({ publicUrl: where.publicUrl, domain }, courseId, tokenPlace, course.version),
    stagingDomain: domain,
    job: stagingContract(courseId, domain),
    deployedAt,
  });
  if (stagingUrl === null) return;
  await context.publish(
    courseDeployedStaging,
    { course_id: courseId, staging_url: stagingUrl, staging_domain: domain, deployed_at: deployedAt },
    { tenant_id: course.tenantId },
  );
}

/** Stands where the token goes: letters that no token has. */
const tokenPlace = "TOKEN";

/**
 * Stores a deployment under the token of the course, which gets one if it has none; one statement.
 *
 * @param row its address has `tokenPlace` in it
 * @returns its address; null when this version of the course is deployed already
 */
async function deploy(tx: Tx, row: typeof deployments.$inferInsert): Promise<string | null> {
  const { rows } = await tx.execute<{ staging_url: string }>(sql`
    WITH staging AS ${keepStagingToken(tx, row.courseId, row.deployedAt)}
    INSERT INTO course_factory_deployments (deployment_id, course_id, course_version, distribution_id, staging_url,
      staging_domain, job, deployed_at)
    SELECT ${row.deploymentId}::uuid, ${row.courseId}::uuid, ${row.courseVersion}, ${row.distributionId},
      replace(${row.stagingUrl}, ${tokenPlace}, token), ${row.stagingDomain}, ${JSON.stringify(row.job)}::jsonb,
      ${row.deployedAt}::timestamptz
    FROM staging
    ON CONFLICT (course_id, course_version) DO NOTHING
    RETURNING staging_url`);
  return rows[0]?.staging_url ?? null;
}
