import { NotFoundError, ValidationError } from "@brain/engine";
import { coursePackCreated } from "@brain/schemas";
import { type SQL, sql } from "drizzle-orm";
import type { RequestServices } from "../../../http/kit/module-env.ts";
import { publishContext } from "../../../http/kit/publish-context.ts";
import { visibleTenant } from "../../../http/kit/tenants.ts";
import type { AccessRule } from "../../access-rule.ts";
import { andTenant } from "../../of-tenant.ts";
import type { AccessCheck } from "../../ports/access-check.ts";
import { readerOf } from "../../reader.ts";
import { writeTimeCursor } from "../../time-cursor.ts";
import type { Outline } from "../content/model.ts";
import { isOfTenant } from "../courses/whose-course.ts";
import { noCourse } from "../errors.ts";
import { requireAccess } from "./access.ts";
import { learningSource, readyCourse, requireOutline } from "./context.ts";
import { type PackInput, type PacksQuery, packView } from "./model.ts";
import { type Override, refusalOf } from "./override.ts";
import { type Rendering, renderCourse } from "./render.ts";
import { assertCompleted } from "./state.ts";
import { unixColumn } from "./status.ts";
import { insertPack, newId } from "./store.ts";

/**
 * Stores a pack: changes that make the course fit one audience.
 *
 * @throws {NotFoundError} no such course
 * @throws {ConflictError} the course is not completed
 * @throws {ValidationError} an override names what the course does not have
 */
export async function createPack(services: RequestServices, courseId: string, input: PackInput) {
  const createdAt = services.now();
  return services.transact(publishContext(services, learningSource), async (tx, publish) => {
    const course = await readyCourse(services, tx, courseId);
    const issues = input.overrides.flatMap((item, index) => {
      const message = refusalOf(courseId, course.outline, item);
      return message === null ? [] : [{ path: `overrides.${index}.target_id`, message }];
    });
    if (issues.length > 0) {
      throw new ValidationError("Overrides name what the course does not have; see details for each.", {
        issues,
      });
    }
    const row = {
      packId: newId("pack"),
      courseId,
      targetAudience: input.target_audience,
      language: input.language,
      description: input.description,
      overrides: input.overrides,
      createdBy: services.actorId,
      createdAt,
    };
    await insertPack(tx, row);
    await publish(
      coursePackCreated,
      {
        course_id: courseId,
        pack_id: row.packId,
        language: row.language,
        overrides_count: row.overrides.length,
        created_at: createdAt.toISOString(),
      },
      { tenant_id: course.tenantId },
    );
    return packView(row);
  });
}

interface PackRow {
  readonly pack_id: string;
  readonly course_id: string;
  readonly target_audience: string;
  readonly language: string;
  readonly description: string | null;
  readonly overrides: readonly Override[];
  readonly created_by: string | null;
  readonly created_at: number;
}

/**
 * The packs of a course, newest first. The values of overrides, which may be long texts, are left out: a pack of its
 * own has them.
 *
 * @throws {NotFoundError} no such course
 */
export async function listPacks(services: RequestServices, courseId: string, query: PacksQuery) {
  const tenantId = visibleTenant(services);
  const before =
    query.cursor === undefined
      ? sql`true`
      : sql`(p.created_at, p.pack_id) < (to_timestamp(${query.cursor.ms}::float8 / 1000), ${query.cursor.id})`;
  const [known, rows] = (await services.db.batch([
    sql`SELECT 1 FROM course_factory_courses c WHERE c.course_id = ${courseId} ${andTenant(sql`c.tenant_id`, tenantId)}`,
    sql`SELECT p.pack_id, p.course_id::text, p.target_audience, p.language, p.description, p.created_by,
        floor(${unixColumn(sql`p.created_at`)}) AS created_at,
        (extract(epoch FROM p.created_at) * 1000)::bigint::text AS ms,
        (SELECT json_agg(json_build_object('operation', o.item ->> 'operation', 'target_id', o.item ->> 'target_id')
          ORDER BY o.place) FROM jsonb_array_elements(p.overrides) WITH ORDINALITY AS o(item, place)) AS overrides
      FROM course_factory_packs p
      WHERE p.course_id = ${courseId} AND ${isOfTenant(sql`p.course_id`, tenantId)} AND ${before}
      ORDER BY p.created_at DESC, p.pack_id DESC LIMIT ${query.limit + 1}`,
  ])) as [unknown[], (Omit<PackRow, "overrides"> & { overrides: unknown; ms: string })[]];
  if (known.length === 0) throw noCourse(courseId);
  const page = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? page.at(-1) : undefined;
  return {
    packs: page.map(({ ms: _ms, ...pack }) => pack),
    next_cursor: last === undefined ? null : writeTimeCursor({ ms: last.ms, id: last.pack_id }),
  };
}

const packColumns = sql`pack_id, course_id::text, target_audience, language, description, overrides, created_by,
  floor(${unixColumn(sql`created_at`)}) AS created_at`;

function packQuery(courseId: string, packId: string | null, tenantId: string | null): SQL {
  return sql`SELECT ${packColumns} FROM course_factory_packs p
    WHERE p.pack_id = ${packId} AND p.course_id = ${courseId} AND ${isOfTenant(sql`p.course_id`, tenantId)}`;
}

function noPack(courseId: string): NotFoundError {
  return new NotFoundError(
    `The course ${courseId} has no such pack. GET /api/courses/${courseId}/packs lists its packs.`,
  );
}

/** One pack with the values of its overrides. @throws {NotFoundError} the course has no such pack */
export async function readPack(
  services: RequestServices,
  courseId: string,
  packId: string,
): Promise<PackRow> {
  const [row] = await services.db.rows<PackRow>(packQuery(courseId, packId, visibleTenant(services)));
  if (row === undefined) throw noPack(courseId);
  return row;
}

interface SourceRow {
  readonly tenant_id: string;
  readonly status: string;
  readonly version: string;
  readonly outline: Outline | null;
  readonly access: AccessRule | null;
  readonly texts: Readonly<Record<string, string>>;
}

/**
 * The course as a learner reads it, changed by a pack or as it is. Nothing is stored.
 *
 * @throws {NotFoundError} no such course, or it has no such pack
 * @throws {ConflictError} the course is not completed
 * @throws {UnauthorizedError | ForbiddenError} it is a paid course, and the caller is not named or has no access to it
 */
export async function renderPack(
  services: RequestServices,
  check: AccessCheck,
  courseId: string,
  packId: string | null,
): Promise<Rendering & { readonly pack_id: string | null; readonly target_audience: string | null }> {
  const tenantId = visibleTenant(services);
  const [[course], [pack]] = (await services.db.batch([
    sql`SELECT c.tenant_id, c.status, c.version, c.outline, c.request -> 'access' AS access,
        (SELECT coalesce(json_object_agg(a.content ->> 'lesson_id', a.content ->> 'content_markdown'), '{}'::json)
          FROM course_factory_artifacts a WHERE a.course_id = c.course_id AND a.kind = 'lesson') AS texts
      FROM course_factory_courses c WHERE c.course_id = ${courseId} ${andTenant(sql`c.tenant_id`, tenantId)}`,
    packQuery(courseId, packId, tenantId),
  ])) as [SourceRow[], PackRow[]];
  if (course === undefined) throw noCourse(courseId);
  if (packId !== null && pack === undefined) throw noPack(courseId);
  assertCompleted({ course_id: courseId, status: course.status });
  const read = readerOf(services.db);
  await requireAccess(
    { read, check },
    { courseId, tenantId: course.tenant_id, access: course.access },
    services.actorId,
  );
  const source = {
    course_id: courseId,
    version: course.version,
    outline: requireOutline(course.outline),
    texts: course.texts,
  };
  return {
    pack_id: packId,
    target_audience: pack?.target_audience ?? null,
    ...renderCourse(source, pack ?? null),
  };
}
