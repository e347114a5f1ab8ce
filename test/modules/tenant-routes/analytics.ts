import { courseGenerationRequested } from "@brain/schemas";
import { goldenOf } from "../analytics/fixtures.ts";
import type { TenantTable } from "./table.ts";

const naming = (path: string) => (tenant: string) => ({
  path: `${path}${path.includes("?") ? "&" : "?"}tenant_id=${tenant}`,
});

export const analyticsTable: TenantTable = {
  module: "analytics",
  prefix: "/api/analytics",
  setUp: async (_as, engine, tenantId) => {
    const course = crypto.randomUUID();
    const payload = {
      ...(goldenOf(courseGenerationRequested) as object),
      course_id: course,
      tenant_id: tenantId,
    };
    await engine.publish({ source: "story", tenant_id: tenantId }, (publish) =>
      publish(courseGenerationRequested, payload as never),
    );
    await engine.settle();
    return { course, tenant: tenantId };
  },
  nowhere: { course: "00000000-0000-4000-8000-000000000000", tenant: "" },
  cases: [
    {
      route: "GET /metrics",
      call: () => ({ path: "/metrics?group_by=tenant" }),
      foreign: "own",
      shows: ["tenant"],
      naming: naming("/metrics?group_by=tenant"),
    },
    {
      route: "GET /events",
      call: () => ({ path: "/events?group_by=tenant" }),
      foreign: "own",
      shows: ["tenant"],
      naming: naming("/events"),
    },
    {
      route: "GET /funnel",
      call: () => ({ path: "/funnel?group_by=tenant" }),
      foreign: "own",
      shows: ["tenant"],
      naming: naming("/funnel"),
    },
    {
      route: "GET /rates",
      call: () => ({ path: "/rates?group_by=tenant" }),
      foreign: "own",
      shows: ["tenant"],
      naming: naming("/rates"),
    },
    {
      route: "GET /courses/:id",
      call: ({ course }) => ({ path: `/courses/${course}` }),
      foreign: "not_found",
      shows: ["course"],
      naming: (tenant, { course }) => ({ path: `/courses/${course}?tenant_id=${tenant}` }),
    },
  ],
};
