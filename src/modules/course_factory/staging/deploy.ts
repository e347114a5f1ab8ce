import { type HandlerContext, RetryAfter } from "@brain/engine";
import {
  courseDeployedStaging,
  type distributionCreated,
  type Envelope,
  type PayloadOf,
} from "@brain/schemas";
import { findCourse } from "../known-course.ts";
import { deployments } from "../tables.ts";
import { stagingContract } from "./contract.ts";
import { stagingAddress, stagingToken } from "./token.ts";

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
  const token = await stagingToken(context.tx, courseId, deployedAt);
  const { publicUrl } = where;
  const stagingUrl = stagingAddress({ publicUrl, domain }, courseId, token, course.version);
  const inserted = await context.tx
    .insert(deployments)
    .values({
      deploymentId: crypto.randomUUID(),
      courseId,
      courseVersion: course.version,
      distributionId,
      stagingUrl,
      stagingDomain: domain,
      job: stagingContract(courseId, domain),
      deployedAt,
    })
    .onConflictDoNothing({ target: [deployments.courseId, deployments.courseVersion] })
    .returning({ deploymentId: deployments.deploymentId });
  if (inserted.length === 0) return;
  await context.publish(
    courseDeployedStaging,
    { course_id: courseId, staging_url: stagingUrl, staging_domain: domain, deployed_at: deployedAt },
    { tenant_id: course.tenantId },
  );
}
