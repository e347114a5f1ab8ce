import { createBody } from "../course_distribution/fixtures.ts";
import { made, type TenantTable } from "./table.ts";

const niche = (parent: string | undefined) => ({
  parent_course_id: parent,
  new_slug: `niche-${crypto.randomUUID().slice(0, 8)}`,
});

export const courseDistributionTable: TenantTable = {
  module: "course_distribution",
  prefix: "/api/courses/distribution",
  setUp: async (as) => {
    const body = createBody();
    const entry = await made(as("POST", "/api/courses/distribution/create", body));
    const other = createBody();
    const removed = await made(as("POST", "/api/courses/distribution/create", other));
    return {
      entry: entry.distribution_id,
      slug: body.slug,
      course: body.course_id,
      removed: removed.distribution_id,
      removedSlug: other.slug,
      removedCourse: other.course_id,
    };
  },
  nowhere: {
    entry: "dist_0000000000000000",
    removed: "dist_0000000000000001",
    slug: "",
    course: "",
    removedSlug: "",
    removedCourse: "",
  },
  cases: [
    {
      route: "GET /health",
      call: () => ({ path: "/health" }),
      foreign: { same: "it counts what is public" },
    },
    {
      route: "GET /",
      call: () => ({ path: "/" }),
      foreign: "nothing",
      shows: ["entry", "slug", "course"],
      naming: (tenant) => ({ path: `/?tenant_id=${tenant}` }),
    },
    {
      route: "POST /create",
      call: () => ({ path: "/create", body: createBody() }),
      foreign: "own",
      status: 201,
      naming: (tenant_id) => ({ path: "/create", body: createBody({ tenant_id }) }),
    },
    {
      route: "POST /micro-niche",
      call: ({ entry }) => ({ path: "/micro-niche", body: niche(entry) }),
      foreign: "not_found",
      status: 201,
    },
    {
      route: "GET /:id",
      call: ({ entry }) => ({ path: `/${entry}` }),
      foreign: "not_found",
      shows: ["slug", "course"],
    },
    {
      route: "PUT /:id",
      call: ({ entry }) => ({ path: `/${entry}`, body: { title: "Another title for it" } }),
      foreign: "not_found",
    },
    {
      route: "POST /:id/publish",
      call: ({ entry }) => ({ path: `/${entry}/publish` }),
      foreign: "not_found",
    },
    {
      route: "POST /:id/unpublish",
      call: ({ entry }) => ({ path: `/${entry}/unpublish` }),
      foreign: "not_found",
    },
    {
      route: "POST /:id/version-bump",
      call: ({ entry }) => ({ path: `/${entry}/version-bump` }),
      foreign: "not_found",
    },
    {
      route: "POST /:id/log-view",
      call: ({ entry }) => ({ path: `/${entry}/log-view` }),
      foreign: "not_found",
      shows: ["slug"],
    },
    {
      route: "DELETE /:id",
      call: ({ removed }) => ({ path: `/${removed}` }),
      foreign: "not_found",
      status: 204,
    },
  ],
};
