import { Hono } from "hono";
import * as z from "zod";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { endpointsOf, validated } from "../../http/kit/routing.ts";
import { visibleTenant } from "../../http/kit/tenants.ts";
import { accessRule } from "../access-rule.ts";
import { callOutside } from "../call-outside.ts";
import { changeAccessRule } from "./access.ts";
import { languages } from "./content/model.ts";
import { readActivity, readCourse, readLesson } from "./courses/courses.ts";
import { enhancementRoutes } from "./enhancement/routes.ts";
import { generationRoutes } from "./generation/routes.ts";
import { irActions } from "./governance/ir.ts";
import { governanceRoutes } from "./governance/routes.ts";
import { requirePayment } from "./payments/payment.ts";
import { courseParam, lessonParam, mayRead, mayWrite } from "./route-parts.ts";
import { type CourseFactorySettings, makerOf } from "./settings.ts";
import { webpageRoutes } from "./webpages/routes.ts";
import { workflowRoutes } from "./workflow/routes.ts";

const paymentInput = z.strictObject({
  amount_cents: z.int().min(1).max(99_999_999),
  currency: z.string().regex(/^[A-Z]{3}$/, "expected three capital letters (ISO 4217)"),
});

/** Routes below `/api/course-factory`. */
export function courseFactoryRoutes(settings: CourseFactorySettings): Hono<ModuleEnv> {
  const routes = new Hono<ModuleEnv>();
  const generator = makerOf(settings, callOutside);

  routes.get("/info", mayRead, (c) => c.json(information(generator.name, endpointsOf(routes))));

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

  routes.get("/courses/:course_id", mayRead, validated("param", courseParam), async (c) =>
    c.json(
      await readCourse(c.var.services.db, c.req.valid("param").course_id, visibleTenant(c.var.services)),
    ),
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

  const paymentParts = [validated("param", courseParam), validated("json", paymentInput)] as const;
  routes.post("/courses/:course_id/payment-required", mayWrite, ...paymentParts, async (c) => {
    const { course_id: courseId } = c.req.valid("param");
    return c.json(await requirePayment(c.var.services, courseId, c.req.valid("json")), 202);
  });

  routes.route("/", generationRoutes(settings, generator));
  routes.route("/workflow", workflowRoutes(settings.gate));
  routes.route("/", governanceRoutes(settings.gate));
  routes.route("/", enhancementRoutes(generator));
  routes.route("/webgenesis", webpageRoutes(settings));
  return routes;
}

/** @param endpoints as `endpointsOf` gives them */
function information(generator: string, endpoints: readonly string[]) {
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
    endpoints,
  };
}
