import { made, type TenantTable } from "./table.ts";

const reason = "for a test";

export const courseAccessTable: TenantTable = {
  module: "course_access",
  prefix: "/api/course-access",
  setUp: async (as, _engine, tenantId) => {
    const [course, user] = [`course-of-${tenantId}`, `learner-of-${tenantId}`];
    await made(as("POST", `/api/course-access/${course}/grant`, { user_id: user, reason }));
    return { course, user };
  },
  nowhere: { course: "course-of-nobody", user: "learner-of-nobody" },
  cases: [
    { route: "GET /info", call: () => ({ path: "/info" }), foreign: { same: "it tells of the release" } },
    { route: "GET /health", call: () => ({ path: "/health" }), foreign: { same: "it counts nothing" } },
    {
      route: "GET /",
      call: ({ user }) => ({ path: `/?user_id=${user}` }),
      foreign: "nothing",
      shows: ["course"],
      naming: (tenant, { user }) => ({ path: `/?user_id=${user}&tenant_id=${tenant}` }),
    },
    {
      route: "GET /:course_id",
      call: ({ course, user }) => ({ path: `/${course}?user_id=${user}` }),
      foreign: "absent",
      naming: (tenant, { course, user }) => ({ path: `/${course}?user_id=${user}&tenant_id=${tenant}` }),
    },
    {
      route: "POST /:course_id/grant",
      call: () => ({ path: "/some-course/grant", body: { user_id: "some-learner", reason } }),
      foreign: "own",
      naming: (tenant_id) => ({
        path: "/some-course/grant",
        body: { user_id: "some-learner", reason, tenant_id },
      }),
    },
    {
      route: "POST /:course_id/revoke",
      call: ({ course, user }) => ({ path: `/${course}/revoke`, body: { user_id: user, reason } }),
      foreign: "not_found",
      naming: (tenant_id, { course, user }) => ({
        path: `/${course}/revoke`,
        body: { user_id: user, reason, tenant_id },
      }),
    },
  ],
};
