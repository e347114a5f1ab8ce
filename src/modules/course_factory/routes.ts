import { Hono } from "hono";
import * as z from "zod";
import { reasonText } from "../../http/kit/free-text.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { validated, validatedInput, withoutBody } from "../../http/kit/routing.ts";
import { deprecatedInQuery, secretOf } from "../../http/kit/secret-in-query.ts";
import { visibleTenant } from "../../http/kit/tenants.ts";
import { writtenUuid } from "../../http/kit/written-uuid.ts";
import { accessRule } from "../access-rule.ts";
import { callOutside } from "../call-outside.ts";
import { changeAccessRule } from "./access.ts";
import { languages } from "./content/model.ts";
import { readActivity, readCourse, readLesson } from "./courses/courses.ts";
import { enhancementRoutes } from "./enhancement/routes.ts";
import { requestOf, sentRequest } from "./generation/sent-request.ts";
import { dryRun, generateCourse, retryCourse } from "./generation/service.ts";
import { irActions } from "./governance/ir.ts";
import { governanceRoutes } from "./governance/routes.ts";
import { requirePayment } from "./payments/payment.ts";
import { actorId, courseParam, flag, lessonParam, mayRead, mayWrite } from "./route-parts.ts";
import { type CourseFactorySettings, defaultInlineMs, makerOf } from "./settings.ts";
import { webpageRoutes } from "./webpages/routes.ts";
import { workflowStates } from "./workflow/state.ts";
import { rollbackCourse, transitionCourse } from "./workflow/workflow.ts";

const reason = reasonText(1000, 1);

/** Secret: checked by the gate, and neither stored nor published here. */
const approvalToken = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9_-]+$/, "expected the token as POST /api/ir/approvals answered it");

const generateQuery = z.object({ approval_token: approvalToken.nullable().default(null) });
const approvalHeader = z.object({ "x-approval-token": approvalToken.optional() });
const generateInput = sentRequest.extend({ approval_token: approvalToken.nullable().optional() });

/** Where a token may come from: the header, the body, and the query of older callers. */
const takesToken = [deprecatedInQuery("approval_token"), validated("header", approvalHeader)] as const;
const tokenHeader = "x-approval-token";

const paymentInput = z.strictObject({
  amount_cents: z.int().min(1).max(99_999_999),
  currency: z.string().regex(/^[A-Z]{3}$/, "expected three capital letters (ISO 4217)"),
});

const transitionInput = z.strictObject({
  course_id: writtenUuid,
  from_state: z.enum(workflowStates),
  to_state: z.enum(workflowStates),
  actor: actorId.optional(),
  reason: reason.nullable().default(null),
  hitl_approval: flag,
  approval_token: approvalToken.nullable().default(null),
});

const rollbackInput = z.strictObject({
  course_id: writtenUuid,
  transition_id: writtenUuid,
  actor: actorId.optional(),
  reason,
  hitl_approval: flag,
  approval_token: approvalToken.nullable().default(null),
});

/** Routes below `/api/course-factory`. */
export function courseFactoryRoutes(settings: CourseFactorySettings): Hono<ModuleEnv> {
  const routes = new Hono<ModuleEnv>();
  const generator = makerOf(settings, callOutside);
  const { gate } = settings;
  const deps = { generator, gate, inlineMs: settings.inlineMs ?? defaultInlineMs };

  routes.get("/info", mayRead, (c) => c.json(information(generator.name)));

  routes.get("/health", mayRead, async (c) => {
    const activity = await readActivity(c.var.services.db, visibleTenant(c.var.services));
    return c.json({
      status: "healthy",
      module: "course_factory",
      generator: generator.name,
      ir_enabled: true,
      workflow_enabled: true,
      enhancements_enabled: true,
      webgenesis_enabled: true,
      ...activity,
    });
  });

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

  routes.get("/courses/:course_id", mayRead, validated("param", courseParam), async (c) =>
    c.json(
      await readCourse(c.var.services.db, c.req.valid("param").course_id, visibleTenant(c.var.services)),
    ),
  );

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

  const accessParts = [validated("param", courseParam), validated("json", accessRule)] as const;
  routes.put("/courses/:course_id/access", mayWrite, ...accessParts, async (c) => {
    const { course_id: courseId } = c.req.valid("param");
    return c.json(await changeAccessRule(c.var.services, courseId, c.req.valid("json")));
  });

  routes.get(
    "/courses/:course_id/lessons/:lesson_id",
    mayRead,
    validated("param", lessonParam),
    async (c) => {
      const { course_id: courseId, lesson_id: lessonId } = c.req.valid("param");
      return c.json(await readLesson(c.var.services.db, courseId, lessonId, visibleTenant(c.var.services)));
    },
  );

  const transition = validatedInput(transitionInput, "query_wins");
  routes.post("/workflow/transition", mayWrite, ...takesToken, transition, async (c) => {
    const input = c.req.valid("json");
    const approval_token = secretOf(c, tokenHeader, input.approval_token);
    return c.json(await transitionCourse(c.var.services, gate, { ...input, approval_token }));
  });

  const rollback = validatedInput(rollbackInput, "query_wins");
  routes.post("/workflow/rollback", mayWrite, ...takesToken, rollback, async (c) => {
    const input = c.req.valid("json");
    const approval_token = secretOf(c, tokenHeader, input.approval_token);
    return c.json(await rollbackCourse(c.var.services, gate, { ...input, approval_token }));
  });

  const paymentParts = [validated("param", courseParam), validated("json", paymentInput)] as const;
  routes.post("/courses/:course_id/payment-required", mayWrite, ...paymentParts, async (c) => {
    const { course_id: courseId } = c.req.valid("param");
    return c.json(await requirePayment(c.var.services, courseId, c.req.valid("json")), 202);
  });

  routes.route("/", governanceRoutes(gate));
  routes.route("/", enhancementRoutes(generator));
  routes.route("/webgenesis", webpageRoutes(settings));
  return routes;
}

function inWork(courseId: string) {
  const statusUrl = `/api/course-factory/courses/${courseId}`;
  return { course_id: courseId, status: "generating", status_url: statusUrl };
}

function information(generator: string) {
  return {
    name: "course_factory",
    version: "1.0.0",
    description: "Generates complete online courses and keeps their author workflow.",
    features: [
      "outline",
      "lessons",
      "quiz",
      "landing_page",
      "ir_gate",
      "workflow",
      "staging",
      "enhancements",
      "web_pages",
      "payment",
    ],
    supported_languages: languages,
    generator,
    ir_actions: irActions,
    endpoints: [
      "GET /info",
      "GET /health",
      "POST /generate-ir",
      "POST /validate-ir",
      "POST /generate",
      "POST /dry-run",
      "GET /courses/{course_id}",
      "POST /courses/{course_id}/retry",
      "PUT /courses/{course_id}/access",
      "GET /courses/{course_id}/lessons/{lesson_id}",
      "GET /courses/{course_id}/lessons/{lesson_id}/enhancements",
      "POST /courses/{course_id}/payment-required",
      "POST /workflow/transition",
      "POST /workflow/rollback",
      "POST /enhance",
      "POST /webgenesis/bind-theme",
      "POST /webgenesis/build-sections",
      "POST /webgenesis/generate-seo",
      "POST /webgenesis/preview",
      "GET /webgenesis/themes",
      "GET /webgenesis/pages/{course_id}",
    ],
  };
}
