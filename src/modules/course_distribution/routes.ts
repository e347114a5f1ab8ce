import { type Context, Hono } from "hono";
import { anybody, requires } from "../../http/kit/access.ts";
import type { ModuleEnv } from "../../http/kit/module-env.ts";
import { validated, validatedOptional, withoutBody } from "../../http/kit/routing.ts";
import { wantsPage } from "../../http/kit/wants-page.ts";
import { newNonce } from "../../pages/document.ts";
import type { CourseShowcase } from "../ports/course-showcase.ts";
import { writeTimeCursor } from "../time-cursor.ts";
import {
  listCatalogue,
  listEntries,
  logView,
  pagePath,
  readEntry,
  readHealth,
  readOutline,
  readPageFacts,
  readServed,
  trackEnrollment,
} from "./catalogue.ts";
import {
  createRequest,
  type Distribution,
  distributionsQuery,
  listItem,
  listQuery,
  microNicheRequest,
  operatorView,
  publicDetail,
  unpublishRequest,
  updateRequest,
  versionBumpRequest,
} from "./model.ts";
import { publicPage } from "./public-page.ts";
import {
  bumpVersion,
  changeDistribution,
  createDistribution,
  createMicroNiche,
  publishDistribution,
  removeDistribution,
  unpublishDistribution,
} from "./service.ts";
import type { CourseDistributionSettings } from "./settings.ts";
import { isView, type Reading, type ReferrerCategory, referrerCategory } from "./visit.ts";

const isPublic = anybody("the public catalogue");
const mayRead = requires("course_distribution:read", "own_tenant");
const mayWrite = requires("course_distribution:write", "own_tenant");

/** How a GET is to be counted; null when it is no view. */
function viewOf(
  c: Context<ModuleEnv>,
  settings: CourseDistributionSettings,
  reading: Reading,
): { referrer: ReferrerCategory } | null {
  if (!isView(c.req.method, c.req.raw.headers, reading)) return null;
  const hosts = settings.publicBaseUrl === null ? [] : [settings.publicBaseUrl];
  return {
    referrer: referrerCategory(
      c.req.header("referer") ?? null,
      hosts.map((url) => new URL(url).host),
    ),
  };
}

/** HTML and its texts are loaded with the first page. */
const pages = () => import("./page.ts");

/** Where the button leads; null: to a page of ours. */
function buttonUrl(row: Distribution, { enrolmentUrl }: CourseDistributionSettings): string | null {
  if (row.cta.url !== null || enrolmentUrl === null) return row.cta.url;
  const values: Readonly<Record<string, string>> = {
    course_id: row.courseId,
    slug: row.slug,
    language: row.language,
  };
  return enrolmentUrl.replace(/\{(\w{1,20})\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : encodeURIComponent(value);
  });
}

/** The routes below `/api/courses/public`: what anybody may read. */
export function publicRoutes(settings: CourseDistributionSettings): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();
  // Only the setting says where we are: the Host header is whatever the client sends.
  const base = settings.publicBaseUrl?.replace(/(?<!\/)\/+$/, "") ?? null;

  app.get("/", isPublic, validated("query", listQuery), async (c) => {
    const rows = await listCatalogue(c.var.services, c.req.valid("query"));
    return c.json(rows.map(listItem));
  });

  app.get("/:slug", isPublic, async (c) => {
    const served = await readServed(c.var.services, c.req.param("slug"), viewOf(c, settings, "json"));
    return c.json(publicDetail(served));
  });

  app.get("/:slug/outline", isPublic, async (c) =>
    c.json(await readOutline(c.var.services, c.req.param("slug"))),
  );

  app.get("/:slug/page", isPublic, async (c) => {
    const served = await readServed(c.var.services, c.req.param("slug"), viewOf(c, settings, "page"));
    const { row } = served;
    const nonce = newNonce();
    const { coursePage, pageHeaders } = await pages();
    const page = await coursePage({
      ...(await readPageFacts(c.var.services, settings, served)),
      nonce,
      canonicalUrl: base === null ? null : `${base}${pagePath(row.slug)}`,
      buttonPath: `/api/courses/public/${row.slug}/track-enrollment`,
    });
    return c.html(page, 200, pageHeaders(nonce, buttonUrl(row, settings)));
  });

  app.post("/:slug/track-enrollment", isPublic, withoutBody(), async (c) => {
    const row = await trackEnrollment(c.var.services, c.req.param("slug"));
    if (!wantsPage(c)) return c.json({ slug: row.slug, tracked: true, message: "The click was counted." });
    const url = buttonUrl(row, settings);
    if (url !== null) return c.redirect(url, 303);
    const nonce = newNonce();
    const served = await readServed(c.var.services, row.slug, null);
    const page = publicPage(await readPageFacts(c.var.services, settings, served));
    const { nextStepsPage, pageHeaders } = await pages();
    const answer = await nextStepsPage({ row, page, pagePath: pagePath(row.slug), nonce });
    return c.html(answer, 200, pageHeaders(nonce, null));
  });

  return app;
}

/** Path and query of a list that goes on at a cursor. */
function pageAt(asked: string, cursor: string): string {
  const url = new URL(asked);
  url.searchParams.set("cursor", cursor);
  return url.pathname + url.search;
}

/** The routes below `/api/courses/distribution`: what operators do with the catalogue. */
export function operatorRoutes(showcase: Pick<CourseShowcase, "isOfAnother">): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.get("/health", mayRead, async (c) => c.json(await readHealth(c.var.services)));

  app.get("/", mayRead, validated("query", distributionsQuery), async (c) => {
    const { rows, next } = await listEntries(c.var.services, c.req.valid("query"));
    // The answer is a list, so where it goes on stands beside it (RFC 8288).
    if (next !== null) c.header("link", `<${pageAt(c.req.url, writeTimeCursor(next))}>; rel="next"`);
    return c.json(rows.map(operatorView));
  });

  app.post("/create", mayWrite, validated("json", createRequest), async (c) => {
    const row = await createDistribution(c.var.services, showcase, c.req.valid("json"));
    return c.json(
      {
        distribution_id: row.distributionId,
        slug: row.slug,
        message: "The distribution was created; it is private until it is published.",
      },
      201,
    );
  });

  app.post("/micro-niche", mayWrite, validated("json", microNicheRequest), async (c) => {
    const row = await createMicroNiche(c.var.services, c.req.valid("json"));
    return c.json(
      {
        distribution_id: row.distributionId,
        slug: row.slug,
        message: "The variant was created; it is private until it is published.",
      },
      201,
    );
  });

  app.get("/:id", mayRead, async (c) =>
    c.json(operatorView(await readEntry(c.var.services, c.req.param("id")))),
  );

  app.put("/:id", mayWrite, validated("json", updateRequest), async (c) => {
    const { row, updatedFields } = await changeDistribution(
      c.var.services,
      c.req.param("id"),
      c.req.valid("json"),
    );
    return c.json({
      distribution_id: row.distributionId,
      slug: row.slug,
      updated_fields: updatedFields,
      message: updatedFields.length === 0 ? "Nothing changed." : "The distribution was updated.",
    });
  });

  app.delete("/:id", mayWrite, withoutBody(), async (c) => {
    await removeDistribution(c.var.services, c.req.param("id"));
    return c.body(null, 204);
  });

  return app.route("/", publicationRoutes());
}

/** Whether an entry is public, and in which version. */
function publicationRoutes(): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.post("/:id/publish", mayWrite, withoutBody(), async (c) => {
    const row = await publishDistribution(c.var.services, c.req.param("id"));
    return c.json({
      distribution_id: row.distributionId,
      published: true,
      message: "The distribution is public.",
    });
  });

  app.post("/:id/unpublish", mayWrite, validatedOptional(unpublishRequest), async (c) => {
    const { reason } = c.req.valid("json");
    const row = await unpublishDistribution(c.var.services, c.req.param("id"), reason);
    return c.json({
      distribution_id: row.distributionId,
      published: false,
      message: "The distribution is private.",
    });
  });

  app.post("/:id/version-bump", mayWrite, validatedOptional(versionBumpRequest), async (c) => {
    const { changelog } = c.req.valid("json");
    const { row, oldVersion } = await bumpVersion(c.var.services, c.req.param("id"), changelog);
    return c.json({
      distribution_id: row.distributionId,
      old_version: oldVersion,
      new_version: row.version,
      message: `The version was raised from ${oldVersion} to ${row.version}.`,
    });
  });

  app.post("/:id/log-view", mayWrite, withoutBody(), async (c) => {
    const row = await logView(c.var.services, c.req.param("id"));
    return c.json({ distribution_id: row.distributionId, slug: row.slug, view_count: row.viewCount });
  });

  return app;
}
