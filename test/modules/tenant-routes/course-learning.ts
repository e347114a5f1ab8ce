import { made, type TenantTable, type Things } from "./table.ts";

const nf = "not_found" as const;
const enrolled = ({ enrollment }: Things) => ({ enrollment_id: enrollment });
const overrides = ({ course }: Things) => ({
  target_audience: "teachers",
  language: "de",
  overrides: [{ operation: "override_title", target_id: course, value: "Zeit im Unterricht" }],
});

export const courseLearningTable: TenantTable = {
  module: "course_factory's learning",
  prefix: "/api/courses",
  setUp: async (as) => {
    const made1 = await made(
      as("POST", "/api/course-factory/generate", {
        title: "Zeit gut einteilen",
        description: "Wie man den Tag so plant, dass am Abend das Wichtige getan ist.",
        language: "de",
        target_audiences: ["employees"],
        full_lessons_count: 1,
        dry_run: false,
      }),
    );
    const course: string = made1.course_id;
    const base = `/api/courses/${course}`;
    const { enrollment_id: enrollment } = await made(as("POST", `${base}/enroll`, {}));
    for (const { module_id } of made1.outline.modules)
      await made(
        as("POST", `${base}/progress`, { enrollment_id: enrollment, module_id, status: "completed" }),
      );
    await made(as("POST", `${base}/complete`, { enrollment_id: enrollment }));
    const issued = await made(as("POST", `${base}/certificates/issue`, { enrollment_id: enrollment }));
    const pack = await made(as("POST", `${base}/packs`, overrides({ course })));
    return {
      course,
      lesson: made1.outline.modules[0].lessons[0].lesson_id,
      module: made1.outline.modules[0].module_id,
      enrollment,
      certificate: issued.certificate_id,
      pack: pack.pack_id,
    };
  },
  nowhere: {
    course: "00000000-0000-4000-8000-000000000000",
    lesson: "00000000-0000-4000-8000-000000000001",
    module: "00000000-0000-4000-8000-000000000002",
    enrollment: "enr_0000000000000000",
    certificate: "cert_0000000000000000",
    pack: "pack_0000000000000000",
  },
  cases: [
    { route: "GET /health", call: () => ({ path: "/health" }), foreign: "own" },
    {
      route: "GET /catalog",
      call: () => ({ path: "/catalog" }),
      foreign: "nothing",
      shows: ["course"],
      naming: (tenant) => ({ path: `/catalog?tenant_id=${tenant}` }),
    },
    { route: "GET /analytics/summary", call: () => ({ path: "/analytics/summary" }), foreign: "own" },
    {
      route: "GET /analytics/summary",
      call: ({ course }) => ({ path: `/analytics/summary?course_id=${course}` }),
      foreign: nf,
      shows: ["course"],
    },
    {
      route: "GET /analytics/export",
      call: () => ({ path: "/analytics/export" }),
      foreign: "nothing",
      shows: ["course"],
    },
    {
      route: "GET /analytics/export",
      call: ({ course }) => ({ path: `/analytics/export?course_id=${course}` }),
      foreign: nf,
      shows: ["course"],
    },
    { route: "GET /:course_id/catalog", call: ({ course }) => ({ path: `/${course}/catalog` }), foreign: nf },
    { route: "GET /:course_id/lessons", call: ({ course }) => ({ path: `/${course}/lessons` }), foreign: nf },
    {
      route: "GET /:course_id/lessons/:lesson_id",
      call: ({ course, lesson }) => ({ path: `/${course}/lessons/${lesson}` }),
      foreign: nf,
    },
    {
      route: "POST /:course_id/enroll",
      call: ({ course }) => ({ path: `/${course}/enroll`, body: {} }),
      foreign: nf,
      shows: ["enrollment"],
    },
    {
      route: "POST /:course_id/progress",
      call: (things) => ({
        path: `/${things.course}/progress`,
        body: { ...enrolled(things), module_id: things.module, status: "completed" },
      }),
      foreign: nf,
    },
    {
      route: "GET /:course_id/status",
      call: ({ course, enrollment }) => ({ path: `/${course}/status?enrollment_id=${enrollment}` }),
      foreign: nf,
    },
    {
      route: "POST /:course_id/complete",
      call: (things) => ({ path: `/${things.course}/complete`, body: enrolled(things) }),
      foreign: nf,
    },
    {
      route: "POST /:course_id/certificates/issue",
      call: (things) => ({ path: `/${things.course}/certificates/issue`, body: enrolled(things) }),
      foreign: nf,
      shows: ["certificate"],
    },
    {
      route: "GET /:course_id/certificates/:certificate_id",
      call: ({ course, certificate }) => ({ path: `/${course}/certificates/${certificate}` }),
      foreign: nf,
    },
    {
      route: "POST /:course_id/packs",
      call: (things) => ({ path: `/${things.course}/packs`, body: overrides(things) }),
      foreign: nf,
    },
    {
      route: "GET /:course_id/packs",
      call: ({ course }) => ({ path: `/${course}/packs` }),
      foreign: nf,
      shows: ["pack"],
    },
    {
      route: "GET /:course_id/packs/:pack_id",
      call: ({ course, pack }) => ({ path: `/${course}/packs/${pack}` }),
      foreign: nf,
    },
    {
      route: "GET /:course_id/render",
      call: ({ course, pack }) => ({ path: `/${course}/render?pack_id=${pack}` }),
      foreign: nf,
    },
  ],
};
