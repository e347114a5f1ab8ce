import { type Context, Hono } from "hono";
import { z } from "zod";
import { BadRequestError, ValidationError } from "../../core/errors.ts";
import { issuesOf } from "../../core/issues.ts";
import type { ModuleEnv } from "../module.ts";
import { validated } from "../routing.ts";
import { generationRequest, languages } from "./content/model.ts";
import { readActivity, readCourse, readLesson } from "./courses.ts";
import { dryRun, generateCourse } from "./service.ts";
import { type CourseFactorySettings, defaultInlineMs, generatorOf } from "./settings.ts";
import { workflowStates } from "./state.ts";
import { rollbackCourse, transitionCourse } from "./workflow.ts";

const courseParam = z.strictObject({ course_id: z.uuid() });
const lessonParam = z.strictObject({ course_id: z.uuid(), lesson_id: z.uuid() });

/** The actor is copied into events, so it is an id: names and e-mail addresses are personal data. */
const actor = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$/,
    "expected an id of letters, digits and . _ : -, at most 100 characters",
  );

const reason = z.string().trim().min(1).max(1000);

/** Query parameters are text; a body has real booleans. */
const approval = z
  .union([z.boolean(), z.enum(["true", "false"]).transform((value) => value === "true")])
  .default(false);

const transitionInput = z.strictObject({
  course_id: z.uuid(),
  from_state: z.enum(workflowStates),
  to_state: z.enum(workflowStates),
  actor,
  reason: reason.nullable().default(null),
  hitl_approval: approval,
});

const rollbackInput = z.strictObject({
  course_id: z.uuid(),
  transition_id: z.uuid(),
  actor,
  reason,
  hitl_approval: approval,
});

/** Routes below `/api/course-factory`. */
export function courseFactoryRoutes(settings: CourseFactorySettings): Hono<ModuleEnv> {
  const routes = new Hono<ModuleEnv>();
  const generator = generatorOf(settings);
  const inlineMs = settings.inlineMs ?? defaultInlineMs;

  routes.get("/info", (c) => c.json(information(generator.name)));

  routes.get("/health", async (c) => {
    const activity = await readActivity(c.var.services.db);
    return c.json({
      status: "healthy",
      module: "course_factory",
      generator: generator.name,
      ir_enabled: false,
      workflow_enabled: true,
      enhancements_enabled: false,
      webgenesis_enabled: false,
      ...activity,
    });
  });

  routes.post("/generate", validated("json", generationRequest), async (c) => {
    const request = c.req.valid("json");
    if (request.dry_run) return c.json(await dryRun(c.var.services, generator, request));
    const answer = await generateCourse(c.var.services, generator, request, inlineMs);
    if (answer.kind === "finished") return c.json(answer.result, 201);
    const statusUrl = `/api/course-factory/courses/${answer.course_id}`;
    return c.json({ course_id: answer.course_id, status: "generating", status_url: statusUrl }, 202);
  });

  routes.post("/dry-run", validated("json", generationRequest), async (c) =>
    c.json(await dryRun(c.var.services, generator, c.req.valid("json"))),
  );

  routes.get("/courses/:course_id", validated("param", courseParam), async (c) =>
    c.json(await readCourse(c.var.services.db, c.req.valid("param").course_id)),
  );

  routes.get("/courses/:course_id/lessons/:lesson_id", validated("param", lessonParam), async (c) => {
    const { course_id: courseId, lesson_id: lessonId } = c.req.valid("param");
    return c.json(await readLesson(c.var.services.db, courseId, lessonId));
  });

  routes.post("/workflow/transition", async (c) =>
    c.json(await transitionCourse(c.var.services, await inputOf(c, transitionInput))),
  );

  routes.post("/workflow/rollback", async (c) =>
    c.json(await rollbackCourse(c.var.services, await inputOf(c, rollbackInput))),
  );

  return routes;
}

/**
 * Fields of the query, of a JSON body, or of both, where the query wins.
 *
 * @throws {BadRequestError} the body is not a JSON object
 * @throws {ValidationError} names each field
 */
async function inputOf<Schema extends z.ZodType>(
  c: Context<ModuleEnv>,
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await c.req.text();
  let body: unknown = {};
  try {
    if (text.trim() !== "") body = JSON.parse(text);
  } catch (error) {
    throw new BadRequestError(
      "The body is not JSON. Send a JSON object, or query parameters without a body.",
      {
        cause: error,
      },
    );
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new BadRequestError(
      "The body is not a JSON object. Send an object, or query parameters without a body.",
    );
  }
  const parsed = schema.safeParse({ ...body, ...c.req.query() });
  if (parsed.success) return parsed.data;
  throw new ValidationError("The request is not valid; see details for each field.", {
    issues: issuesOf(parsed.error),
  });
}

function information(generator: string) {
  return {
    name: "course_factory",
    version: "1.0.0",
    description: "Generates complete online courses and keeps their author workflow.",
    features: ["outline", "lessons", "quiz", "landing_page", "workflow", "staging"],
    supported_languages: languages,
    generator,
    ir_actions: [],
    endpoints: [
      "GET /info",
      "GET /health",
      "POST /generate",
      "POST /dry-run",
      "GET /courses/{course_id}",
      "GET /courses/{course_id}/lessons/{lesson_id}",
      "POST /workflow/transition",
      "POST /workflow/rollback",
    ],
  };
}
