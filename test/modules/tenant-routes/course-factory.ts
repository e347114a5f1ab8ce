import { made, type TenantTable } from "./table.ts";

const request = {
  title: "Zeit gut einteilen",
  description: "Wie man den Tag so plant, dass am Abend das Wichtige getan ist.",
  language: "de",
  target_audiences: ["employees"],
};
const plan = { steps: [], intent_summary: "Try it" };

export const courseFactoryTable: TenantTable = {
  module: "course_factory",
  prefix: "/api/course-factory",
  setUp: async (as) => {
    const course = await made(as("POST", "/api/course-factory/generate", { ...request, dry_run: false }));
    const changed = await made(
      as("POST", "/api/course-factory/workflow/transition", {
        course_id: course.course_id,
        from_state: "draft",
        to_state: "review",
      }),
    );
    return {
      course: course.course_id,
      lesson: course.outline.modules[0].lessons[0].lesson_id,
      transition: changed.transition_id,
    };
  },
  nowhere: {
    course: "00000000-0000-4000-8000-000000000000",
    lesson: "00000000-0000-4000-8000-000000000001",
    transition: "00000000-0000-4000-8000-000000000002",
  },
  cases: [
    { route: "GET /info", call: () => ({ path: "/info" }), foreign: { same: "it tells of the release" } },
    { route: "GET /health", call: () => ({ path: "/health" }), foreign: "own" },
    ...["/generate", "/dry-run", "/generate-ir"].map((path) => ({
      route: `POST ${path}`,
      call: () => ({ path, body: request }),
      foreign: "own" as const,
      naming: (tenant_id: string) => ({ path, body: { ...request, tenant_id } }),
    })),
    {
      route: "POST /validate-ir",
      call: () => ({ path: "/validate-ir", body: plan }),
      foreign: "own",
      naming: (tenant_id) => ({ path: "/validate-ir", body: { ...plan, tenant_id } }),
    },
    {
      route: "GET /courses/:course_id",
      call: ({ course }) => ({ path: `/courses/${course}` }),
      foreign: "not_found",
    },
    {
      route: "POST /courses/:course_id/retry",
      call: ({ course }) => ({ path: `/courses/${course}/retry` }),
      foreign: "not_found",
      // It has not failed.
      status: 409,
    },
    {
      route: "PUT /courses/:course_id/access",
      call: ({ course }) => ({ path: `/courses/${course}/access`, body: { mode: "open" } }),
      foreign: "not_found",
    },
    {
      route: "GET /courses/:course_id/lessons/:lesson_id",
      call: ({ course, lesson }) => ({ path: `/courses/${course}/lessons/${lesson}` }),
      foreign: "not_found",
    },
    {
      route: "GET /courses/:course_id/lessons/:lesson_id/enhancements",
      call: ({ course, lesson }) => ({ path: `/courses/${course}/lessons/${lesson}/enhancements` }),
      foreign: "not_found",
    },
    {
      route: "POST /courses/:course_id/payment-required",
      call: ({ course }) => ({
        path: `/courses/${course}/payment-required`,
        body: { amount_cents: 100, currency: "EUR" },
      }),
      foreign: "not_found",
      status: 202,
    },
    {
      route: "POST /workflow/rollback",
      call: ({ course, transition }) => ({
        path: "/workflow/rollback",
        body: { course_id: course, transition_id: transition, reason: "for a test" },
      }),
      foreign: "not_found",
    },
    {
      route: "POST /workflow/transition",
      call: ({ course }) => ({
        path: "/workflow/transition",
        body: { course_id: course, from_state: "draft", to_state: "review" },
      }),
      foreign: "not_found",
    },
    {
      route: "POST /enhance",
      call: ({ course, lesson }) => ({
        path: "/enhance",
        body: { course_id: course, lesson_ids: [lesson], enhancement_types: ["summaries"] },
      }),
      foreign: "not_found",
    },
    {
      route: "GET /webgenesis/themes",
      call: () => ({ path: "/webgenesis/themes" }),
      foreign: { same: "they come with the release" },
    },
    {
      route: "GET /webgenesis/pages/:course_id",
      call: ({ course }) => ({ path: `/webgenesis/pages/${course}` }),
      foreign: "not_found",
    },
    {
      route: "POST /webgenesis/bind-theme",
      call: ({ course }) => ({
        path: "/webgenesis/bind-theme",
        body: { course_id: course, theme_id: "course-minimal" },
      }),
      foreign: "not_found",
    },
    ...["build-sections", "generate-seo", "preview"].map((part) => ({
      route: `POST /webgenesis/${part}`,
      call: ({ course }: { readonly course?: string }) => ({
        path: `/webgenesis/${part}`,
        body: { course_id: course },
      }),
      foreign: "not_found" as const,
    })),
  ],
};
