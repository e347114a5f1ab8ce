import { Hono } from "hono";
import { requires } from "../../http/kit/access.ts";
import type { ModuleEnv, RequestServices } from "../../http/kit/module-env.ts";
import { validated } from "../../http/kit/routing.ts";
import { tenantOf } from "../../http/kit/tenants.ts";
import { type Metric, metricNames } from "./metrics.ts";
import {
  courseParam,
  courseQuery,
  eventsQuery,
  funnelQuery,
  type Grouping,
  metricsQuery,
  type Range,
  rangeOf,
  ratesQuery,
} from "./model.ts";
import { type CountRow, type Question, readCounts, readCourse } from "./queries.ts";
import { funnelOf, funnelStages, ratedMetrics, ratesOf } from "./rates.ts";
import { countedCsv, eventsCsv, funnelCsv, groupsOf, meaningsOf, rowView } from "./views.ts";

const mayRead = requires("analytics:read", "own_tenant", "analytics");

interface Asked {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly interval: "hour" | "day";
  readonly tenant_id?: string | undefined;
  readonly language?: string | undefined;
  readonly group_by: readonly Grouping[];
}

function questionOf(services: RequestServices, asked: Asked, metrics: readonly Metric[]): Question {
  const { interval, group_by: groupBy, language } = asked;
  const tenantId = tenantOf(services, asked.tenant_id);
  return { ...rangeOf(asked, services.now()), interval, groupBy, language, tenantId, metrics };
}

const spanOf = ({ from, to }: Range, interval: "hour" | "day") => ({
  from: from.toISOString(),
  to: to.toISOString(),
  interval,
});

const csvHeaders = (name: string) => ({
  "content-type": "text/csv; charset=utf-8; header=present",
  "content-disposition": `attachment; filename="${name}.csv"`,
});

/** Kinds are told apart, because funnel and rates need some of them. */
const withKinds = (question: Question): Question => ({ ...question, groupBy: [...question.groupBy, "kind"] });

/** The routes below `/api/analytics`. */
export function analyticsRoutes(): Hono<ModuleEnv> {
  const app = new Hono<ModuleEnv>();

  app.get("/metrics", mayRead, validated("query", metricsQuery), async (c) => {
    const query = c.req.valid("query");
    const question = questionOf(c.var.services, query, query.metric ?? []);
    const rows = await readCounts(c.var.services.db, question);
    if (query.format === "csv") return c.body(countedCsv(rows, query.group_by), 200, csvHeaders("metrics"));
    return c.json({
      ...spanOf(question, query.interval),
      metrics: meaningsOf(query.metric ?? metricNames.filter((name) => name !== "events")),
      rows: rows.map((row) => rowView(row, query.group_by)),
    });
  });

  app.get("/events", mayRead, validated("query", eventsQuery), async (c) => {
    const query = c.req.valid("query");
    const question = { ...questionOf(c.var.services, query, ["events"]), kind: query.type };
    const rows = await readCounts(c.var.services.db, withKinds(question));
    const events = rows.map(({ metric: _one, total: _none, histogram: _neither, kind, ...row }) => ({
      type: kind,
      ...row,
    }));
    if (query.format === "csv") return c.body(eventsCsv(events, query.group_by), 200, csvHeaders("events"));
    return c.json({ ...spanOf(question, query.interval), rows: events });
  });

  app.get("/funnel", mayRead, validated("query", funnelQuery), async (c) => {
    const query = c.req.valid("query");
    const question = questionOf(
      c.var.services,
      query,
      funnelStages.map(([, metric]) => metric),
    );
    const counted = await readCounts(c.var.services.db, withKinds(question));
    const rows = groupsOf(counted, query.group_by).map(({ group, rows: own }) => ({
      ...group,
      stages: funnelOf(own),
    }));
    if (query.format === "csv") return c.body(funnelCsv(rows, query.group_by), 200, csvHeaders("funnel"));
    return c.json({ ...spanOf(question, query.interval), rows });
  });

  app.get("/rates", mayRead, validated("query", ratesQuery), async (c) => {
    const query = c.req.valid("query");
    const question = questionOf(c.var.services, query, ratedMetrics);
    const counted = await readCounts(c.var.services.db, withKinds(question));
    return c.json({
      ...spanOf(question, query.interval),
      rows: groupsOf(counted, query.group_by).map(({ group, rows }) => ({ ...group, ...ratesOf(rows) })),
    });
  });

  app.get(
    "/courses/:id",
    mayRead,
    validated("param", courseParam),
    validated("query", courseQuery),
    async (c) => {
      const query = { ...c.req.valid("query"), interval: "day" as const };
      const { id: courseId } = c.req.valid("param");
      const question = questionOf(c.var.services, query, []);
      const rows: readonly CountRow[] = await readCourse(c.var.services.db, {
        ...withKinds(question),
        courseId,
      });
      const groupBy: readonly Grouping[] = [...query.group_by, "kind"];
      if (query.format === "csv") return c.body(countedCsv(rows, groupBy), 200, csvHeaders("course"));
      return c.json({
        course_id: courseId,
        ...spanOf(question, "day"),
        funnel: funnelOf(rows),
        rates: ratesOf(rows),
        rows: rows.map((row) => rowView(row, groupBy)),
      });
    },
  );

  return app;
}
