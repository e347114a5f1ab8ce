import { NotFoundError, sha256Hex } from "@brain/engine";
import { type Context, Hono } from "hono";
import * as z from "zod";
import { anybody } from "../../../http/kit/access.ts";
import type { ModuleEnv } from "../../../http/kit/module-env.ts";
import { validated } from "../../../http/kit/routing.ts";
import { createSecretCheck } from "../../../http/kit/secret-check.ts";
import { writtenUuid } from "../../../http/kit/written-uuid.ts";
import type { StagingLinks } from "../../../pages/staging.ts";
import { guessesLimit } from "../limits.ts";
import { versionNumber } from "../webpages/preview.ts";
import { readStagedCourse, type StagedCourse } from "./staged-course.ts";
import { stagingPath, stagingTokenShape } from "./token.ts";

const hasAddress = anybody("whoever has the address of a staged page may see it");

const place = {
  course_id: writtenUuid,
  token: z.string().regex(stagingTokenShape),
  version: z.string().max(20),
};
/** HTML and its texts are loaded with the first page. */
const pages = () => import("../../../pages/staging.ts");
const style = () => import("../../../pages/style.ts");

/** Null: no page can have this address. To whoever opens it that is a page that is not there, and no mistake in a request. */
const address = <Parts extends z.ZodRawShape>(parts: Parts) => z.object(parts).nullable().catch(null);
const pageParam = address(place);
const lessonParam = address({ ...place, number: z.string().regex(/^[1-9]\d?$/) });
const sheetParam = address({ ...place, name: z.string().max(100) });

function nothingHere(): NotFoundError {
  return new NotFoundError(
    "No staged page has this address. POST /api/course-factory/webgenesis/preview answers the address of a course.",
  );
}

/**
 * Routes below `/staging`: the pages of a course as they would be public, for whoever has the address. No key, no
 * cookie: the token in the path is what lets in, so that links between the pages need nothing else.
 */
export function stagingRoutes(): Hono<ModuleEnv> {
  const routes = new Hono<ModuleEnv>();
  const base = "/:course_id/:token/:version";

  routes.get(base, hasAddress, validated("param", pageParam), async (c) => {
    const { course, links } = await open(c, c.req.valid("param"));
    return answer(c, await (await pages()).startPage(course, links));
  });

  routes.get(`${base}/lessons/:number`, hasAddress, validated("param", lessonParam), async (c) => {
    const { course, links } = await open(c, c.req.valid("param"));
    const page = await (await pages()).lessonPage(course, links, Number(c.req.valid("param")?.number));
    if (page === null) throw nothingHere();
    return answer(c, page);
  });

  routes.get(`${base}/quiz`, hasAddress, validated("param", pageParam), async (c) => {
    const { course, links } = await open(c, c.req.valid("param"));
    const page = await (await pages()).quizPage(course, links);
    if (page === null) throw nothingHere();
    return answer(c, page);
  });

  routes.get(`${base}/assets/:name`, hasAddress, validated("param", sheetParam), async (c) => {
    const { course, sheet } = await open(c, c.req.valid("param"));
    if (c.req.valid("param")?.name !== sheet) throw nothingHere();
    return c.body((await style()).styleSheet(course.page.theme), 200, {
      "content-type": "text/css; charset=utf-8",
      // Its name is made of its content, so it never changes.
      "cache-control": "private, max-age=31536000, immutable",
      "x-robots-tag": "noindex",
    });
  });

  return routes;
}

/** @throws {NotFoundError} no address, no such course or version, or the token is wrong: one answer for all */
async function open(
  c: Context<ModuleEnv>,
  asked: z.output<typeof pageParam>,
): Promise<{ readonly course: StagedCourse; readonly sheet: string; readonly links: StagingLinks }> {
  if (asked === null) throw nothingHere();
  const { course_id: courseId, token, version } = asked;
  const { services } = c.var;
  const course = await readStagedCourse(services.db, courseId);
  const letsIn = course !== null && createSecretCheck(course.token)(token);
  if (!letsIn || version !== `v${versionNumber(course.version)}`) {
    await services.limitCaller(guessesLimit);
    throw nothingHere();
  }
  const root = stagingPath(courseId, token, versionNumber(course.version));
  const { styleSheet } = await style();
  const sheet = `style-${await digestOf(styleSheet(course.page.theme))}.css`;
  return {
    course,
    sheet,
    links: {
      start: root,
      quiz: course.quiz === null ? null : `${root}quiz`,
      styleSheet: `${root}assets/${sheet}`,
      lesson: (number) => `${root}lessons/${number}`,
    },
  };
}

async function digestOf(text: string): Promise<string> {
  return (await sha256Hex(text)).slice(0, 16);
}

function answer(c: Context<ModuleEnv>, page: string) {
  return c.html(page, 200, {
    "content-security-policy":
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-robots-tag": "noindex, nofollow",
    // The address lets in whoever knows it: it goes to nobody, and no cache keeps what it led to.
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
  });
}
