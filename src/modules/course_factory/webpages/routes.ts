import { Hono } from "hono";
import * as z from "zod";
import type { ModuleEnv } from "../../../http/kit/module-env.ts";
import { validated, validatedInput } from "../../../http/kit/routing.ts";
import { writtenUuid } from "../../../http/kit/written-uuid.ts";
import { landingPage, outline, text } from "../content/model.ts";
import { flag, mayRead, mayWrite } from "../route-parts.ts";
import { customColors } from "./model.ts";
import { bindTheme, buildPageSections, createPreview, generateSeo, readWebPage } from "./service.ts";
import { themes } from "./themes.ts";

const course_id = writtenUuid;

const themeInput = z.strictObject({
  course_id,
  theme_id: z.string().regex(/^[a-z0-9-]{1,100}$/, "expected the id of a theme, e.g. course-minimal"),
  custom_colors: customColors.nullable().default(null),
});

const sectionsInput = z.strictObject({
  course_id,
  outline: outline.optional(),
  landing_page: landingPage.optional(),
});

const keyword = z.string().trim().max(50).pipe(text(1, 50));

const maxKeywordText = 1_000;

/** A list in a body; in the query words with commas between. */
const keywords = z
  .preprocess(
    (value) => (typeof value === "string" && value.length <= maxKeywordText ? value.split(",") : value),
    z.array(keyword).max(10),
  )
  .default([]);

const seoInput = z.strictObject({ course_id, outline: outline.optional(), keywords });

const previewInput = z.strictObject({
  course_id,
  version: z
    .string()
    .regex(/^(?:latest|v?\d{1,6}(?:\.\d{1,6}){0,2})$/, 'expected "latest" or a version such as 1')
    .default("latest"),
  /** A new address; the old one leads nowhere from then on. */
  renew: flag,
});

/** Routes below `/webgenesis`: what the web page of a course is made of. Fields come in the query or in the body. */
export function webpageRoutes(where: {
  readonly publicUrl: string | null;
  readonly stagingDomain: string;
}): Hono<ModuleEnv> {
  const routes = new Hono<ModuleEnv>();

  routes.get("/themes", mayRead, (c) => c.json({ themes }));

  routes.get("/pages/:course_id", mayRead, validated("param", z.strictObject({ course_id })), async (c) =>
    c.json(await readWebPage(c.var.services, c.req.valid("param").course_id)),
  );

  routes.post("/bind-theme", mayWrite, validatedInput(themeInput, "query_wins"), async (c) =>
    c.json(await bindTheme(c.var.services, c.req.valid("json"))),
  );

  routes.post("/build-sections", mayWrite, validatedInput(sectionsInput, "query_wins"), async (c) =>
    c.json(await buildPageSections(c.var.services, c.req.valid("json"))),
  );

  routes.post("/generate-seo", mayWrite, validatedInput(seoInput, "query_wins"), async (c) =>
    c.json(await generateSeo(c.var.services, c.req.valid("json"))),
  );

  routes.post("/preview", mayWrite, validatedInput(previewInput, "query_wins"), async (c) =>
    c.json(await createPreview(c.var.services, where, c.req.valid("json"))),
  );

  return routes;
}
