import { Hono } from "hono";
import * as z from "zod";
import type { ModuleEnv } from "../../../http/kit/module-env.ts";
import { validated } from "../../../http/kit/routing.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import type { ContentGenerator } from "../content/generator.ts";
import { readLesson } from "../courses/courses.ts";
import { lessonParam, mayRead, mayWrite } from "../route-parts.ts";
import { enhancementRequest } from "./model.ts";
import { enhanceCourse } from "./service.ts";
import { readVersions } from "./store.ts";

const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(50).default(10),
  /** `next_before` of the page before. */
  before: z.coerce.number().int().min(1).max(2_147_483_647).optional(),
});

/** Enhancing lessons, and what was made of them. */
export function enhancementRoutes(generator: ContentGenerator): Hono<ModuleEnv> {
  const routes = new Hono<ModuleEnv>();

  routes.post("/enhance", mayWrite, validated("json", enhancementRequest), async (c) =>
    c.json(await enhanceCourse(c.var.services, generator, c.req.valid("json"))),
  );

  routes.get(
    "/courses/:course_id/lessons/:lesson_id/enhancements",
    mayRead,
    validated("param", lessonParam),
    validated("query", pageQuery),
    async (c) => {
      const { course_id, lesson_id } = c.req.valid("param");
      const { limit, before } = c.req.valid("query");
      const { db } = c.var.services;
      await readLesson(db, course_id, lesson_id, visibleTenant(c.var.services));
      const versions = await readVersions(db, course_id, lesson_id, { limit, before: before ?? null });
      const oldest = versions.at(-1)?.version ?? 1;
      const next = versions.length === limit && oldest > 1 ? oldest : null;
      return c.json({ course_id, lesson_id, versions, next_before: next });
    },
  );

  return routes;
}
