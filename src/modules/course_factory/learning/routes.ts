import { BadRequestError } from "@brain/engine";
import { Hono } from "hono";
import { anybody } from "../../../http/kit/access.ts";
import type { ModuleEnv } from "../../../http/kit/module-env.ts";
import { validated, validatedInput } from "../../../http/kit/routing.ts";
import { verificationsLimit } from "../limits.ts";
import { courseParam, lessonParam, mayRead, mayWrite } from "../route-parts.ts";
import { exportCsv, readExport, readSummary } from "./analytics.ts";
import { listCatalog, readCatalogEntry } from "./catalog.ts";
import {
  type IssuingSettings,
  issueCertificate,
  readCertificate,
  readKeys,
  verifyCertificate,
} from "./certificates.ts";
import { completeCourse, enroll, recordProgress } from "./enrollment.ts";
import { readHealth } from "./health.ts";
import { listLessons, readLearnersLesson } from "./lessons.ts";
import {
  catalogQuery,
  certificateParam,
  completeInput,
  enrollInput,
  enrollmentInput,
  exportQuery,
  packInput,
  packParam,
  packsQuery,
  progressInput,
  renderQuery,
  summaryQuery,
  verifyInput,
} from "./model.ts";
import { createPack, listPacks, readPack, renderPack } from "./packs.ts";
import { readStatus } from "./status.ts";

/** What the composition root hands to learning. */
export type CourseLearningSettings = IssuingSettings;

/**
 * Routes below `/api/courses`, beside those of the distribution. Fixed paths come first; `:course_id` is always
 * followed by a word of ours and must be a uuid, so no path of another module is taken.
 */
export function courseLearningRoutes(settings: CourseLearningSettings): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();
  app.get("/health", mayRead, async (c) =>
    c.json(await readHealth(c.var.services, settings.certificateKey !== null)),
  );
  app.get("/catalog", mayRead, validated("query", catalogQuery), async (c) =>
    c.json(await listCatalog(c.var.services, c.req.valid("query"))),
  );
  analytics(app);
  certificates(app, settings);
  learners(app, settings);
  packs(app, settings);
  app.get("/:course_id/catalog", mayRead, validated("param", courseParam), async (c) =>
    c.json(await readCatalogEntry(c.var.services, c.req.valid("param").course_id)),
  );
  return app;
}

function learners(app: Hono<ModuleEnv>, { accessCheck }: CourseLearningSettings): void {
  app.get("/:course_id/lessons", mayRead, validated("param", courseParam), async (c) =>
    c.json(await listLessons(c.var.services, accessCheck, c.req.valid("param").course_id)),
  );
  app.get("/:course_id/lessons/:lesson_id", mayRead, validated("param", lessonParam), async (c) => {
    const { course_id: courseId, lesson_id: lessonId } = c.req.valid("param");
    return c.json(await readLearnersLesson(c.var.services, accessCheck, courseId, lessonId));
  });
  app.post(
    "/:course_id/enroll",
    mayWrite,
    validated("param", courseParam),
    validatedInput(enrollInput, "query_wins"),
    async (c) =>
      c.json(await enroll(c.var.services, accessCheck, c.req.valid("param").course_id, c.req.valid("json"))),
  );
  app.post(
    "/:course_id/progress",
    mayWrite,
    validated("param", courseParam),
    validatedInput(progressInput, "query_wins"),
    async (c) =>
      c.json(
        await recordProgress(
          c.var.services,
          accessCheck,
          c.req.valid("param").course_id,
          c.req.valid("json"),
        ),
      ),
  );
  app.get(
    "/:course_id/status",
    mayRead,
    validated("param", courseParam),
    validated("query", enrollmentInput),
    async (c) =>
      c.json(
        await readStatus(c.var.services, c.req.valid("param").course_id, c.req.valid("query").enrollment_id),
      ),
  );
  app.post(
    "/:course_id/complete",
    mayWrite,
    validated("param", courseParam),
    validatedInput(completeInput, "query_wins"),
    async (c) =>
      c.json(
        await completeCourse(
          c.var.services,
          accessCheck,
          c.req.valid("param").course_id,
          c.req.valid("json"),
        ),
      ),
  );
}

function certificates(app: Hono<ModuleEnv>, settings: CourseLearningSettings): void {
  app.post(
    "/certificates/verify",
    anybody("who is shown a certificate can check it"),
    validated("json", verifyInput),
    async (c) => {
      await c.var.services.limitCaller(verificationsLimit);
      return c.json(await verifyCertificate(c.var.services, settings, c.req.valid("json")));
    },
  );
  app.get("/certificates/key", anybody("who is shown a certificate can check it"), async (c) =>
    c.json(await readKeys(c.var.services, settings)),
  );
  app.post(
    "/:course_id/certificates/issue",
    mayWrite,
    validated("param", courseParam),
    validatedInput(enrollmentInput, "query_wins"),
    async (c) => {
      const { enrollment_id: enrollmentId } = c.req.valid("json");
      const { course_id: courseId } = c.req.valid("param");
      return c.json(await issueCertificate(c.var.services, settings, courseId, enrollmentId));
    },
  );
  app.get(
    "/:course_id/certificates/:certificate_id",
    mayRead,
    validated("param", certificateParam),
    async (c) => {
      const { course_id: courseId, certificate_id: certificateId } = c.req.valid("param");
      return c.json(await readCertificate(c.var.services, courseId, certificateId));
    },
  );
}

function packs(app: Hono<ModuleEnv>, { accessCheck }: CourseLearningSettings): void {
  app.post(
    "/:course_id/packs",
    mayWrite,
    validated("param", courseParam),
    validated("json", packInput),
    async (c) =>
      c.json(await createPack(c.var.services, c.req.valid("param").course_id, c.req.valid("json"))),
  );
  app.get(
    "/:course_id/packs",
    mayRead,
    validated("param", courseParam),
    validated("query", packsQuery),
    async (c) =>
      c.json(await listPacks(c.var.services, c.req.valid("param").course_id, c.req.valid("query"))),
  );
  app.get("/:course_id/packs/:pack_id", mayRead, validated("param", packParam), async (c) => {
    const { course_id: courseId, pack_id: packId } = c.req.valid("param");
    return c.json(await readPack(c.var.services, courseId, packId));
  });
  app.get(
    "/:course_id/render",
    mayRead,
    validated("param", courseParam),
    validated("query", renderQuery),
    async (c) => {
      const { pack_id: packId } = c.req.valid("query");
      return c.json(
        await renderPack(c.var.services, accessCheck, c.req.valid("param").course_id, packId ?? null),
      );
    },
  );
}

function analytics(app: Hono<ModuleEnv>): void {
  app.get("/analytics/summary", mayRead, validated("query", summaryQuery), async (c) =>
    c.json(await readSummary(c.var.services, c.req.valid("query").course_id ?? null)),
  );
  app.get("/analytics/export", mayRead, validated("query", exportQuery), async (c) => {
    const query = c.req.valid("query");
    if (query.format !== "json" && query.format !== "csv") {
      throw new BadRequestError("This export format does not exist. Send format=json or format=csv.");
    }
    const { rows, truncated } = await readExport(c.var.services, query);
    if (query.format === "json") {
      return c.json({ course_id: query.course_id ?? null, rows, count: rows.length, truncated });
    }
    return c.body(exportCsv(rows, query), 200, {
      "content-type": "text/csv; charset=utf-8; header=present",
      "content-disposition": 'attachment; filename="course-analytics.csv"',
      "x-truncated": String(truncated),
    });
  });
}
