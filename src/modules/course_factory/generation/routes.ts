import { Hono } from "hono";
import * as z from "zod";
import type { ModuleEnv } from "../../../http/kit/module-env.ts";
import { validated, withoutBody } from "../../../http/kit/routing.ts";
import { secretOf } from "../../../http/kit/secret-in-query.ts";
import { approvalToken, courseParam, mayWrite, takesToken, tokenHeader } from "../route-parts.ts";
import { type CourseFactorySettings, defaultInlineMs, type makerOf } from "../settings.ts";
import { requestOf, sentRequest } from "./sent-request.ts";
import { dryRun, generateCourse, retryCourse } from "./service.ts";

const generateQuery = z.object({ approval_token: approvalToken.nullable().default(null) });
const generateInput = sentRequest.extend({ approval_token: approvalToken.nullable().optional() });

/** A course is generated: all of it, as a trial, or from where it failed. */
export function generationRoutes(
  { gate, inlineMs = defaultInlineMs }: CourseFactorySettings,
  generator: ReturnType<typeof makerOf>,
): Hono<ModuleEnv> {
  const routes = new Hono<ModuleEnv>();
  const deps = { generator, gate, inlineMs };

  const generateParts = [validated("query", generateQuery), validated("json", generateInput)] as const;
  routes.post("/generate", mayWrite, ...takesToken, ...generateParts, async (c) => {
    const { approval_token: inBody, ...sent } = c.req.valid("json");
    const request = requestOf(c.var.services, sent);
    if (request.dry_run) return c.json(await dryRun(c.var.services, generator, request));
    const token = secretOf(c, tokenHeader, inBody, c.req.valid("query").approval_token);
    const answer = await generateCourse(c.var.services, deps, request, token);
    if (answer.kind === "finished") return c.json(answer.result, 201);
    return c.json(inWork(answer.course_id), 202);
  });

  routes.post("/dry-run", mayWrite, validated("json", sentRequest), async (c) => {
    const request = requestOf(c.var.services, c.req.valid("json"));
    return c.json(await dryRun(c.var.services, generator, request));
  });

  routes.post(
    "/courses/:course_id/retry",
    mayWrite,
    validated("param", courseParam),
    withoutBody(),
    async (c) => {
      const { course_id: courseId } = c.req.valid("param");
      await retryCourse(c.var.services, generator, courseId);
      return c.json(inWork(courseId), 202);
    },
  );

  return routes;
}

function inWork(courseId: string) {
  const statusUrl = `/api/course-factory/courses/${courseId}`;
  return { course_id: courseId, status: "generating", status_url: statusUrl };
}
