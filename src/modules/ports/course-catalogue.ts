import { definePort } from "@brain/engine";
import { type SQL, sql } from "drizzle-orm";
import type { AccessRule } from "../access-rule.ts";
import type { Reader } from "../reader.ts";

/*
 * What can be bought, as a port: who takes payments asks it, whoever keeps courses answers, and the composition root
 * connects them. Without one, every course is taken to exist.
 */

/** A course as a buyer may know it. */
export interface CatalogueCourse {
  /** Null: of no tenant. */
  readonly tenantId: string | null;
  /**
   * `soon`: it is still being made, and can be bought already. `gone`: it is archived, or could not be made. `foreign`:
   * it is not of the tenant that was asked for. `unclear`: several tenants have it, and none was asked for. Of the last
   * two nothing else is said.
   */
  readonly state: "ready" | "soon" | "gone" | "foreign" | "unclear";
  /** Null: nobody said what it costs. */
  readonly access: AccessRule | null;
}

export interface CourseCatalogue {
  /**
   * Asks for a course, to be part of a statement of whoever asks: at most one row with the columns `tenant_id` (text),
   * `state` (text) and `access` (jsonb), as {@link toCatalogueCourse} reads it.
   *
   * @param tenantId whose course is meant: its own, or one of no tenant. Null: whoever has it
   */
  query(courseId: string, tenantId: string | null): SQL;
  /** Null: this catalogue knows no such course. */
  find(read: Reader, courseId: string, tenantId: string | null): Promise<CatalogueCourse | null>;
}

/** A row of `query`, also by way of `to_jsonb`. */
export function toCatalogueCourse(row: Readonly<Record<string, unknown>>): CatalogueCourse {
  const { tenant_id, state, access } = row as {
    tenant_id: string | null;
    state: CatalogueCourse["state"];
    access: AccessRule | null;
  };
  return { tenantId: tenant_id, state, access };
}

export function catalogueOf(query: CourseCatalogue["query"]): CourseCatalogue {
  return {
    query,
    async find(read, courseId, tenantId) {
      const [row] = await read(query(courseId, tenantId));
      return row === undefined ? null : toCatalogueCourse(row);
    },
  };
}

/** What the first one says that knows the course. One that knows it as another tenant's decides, too. */
export function firstThatKnows(catalogues: readonly CourseCatalogue[]): CourseCatalogue {
  return catalogueOf((courseId, tenantId) => {
    const answers = catalogues.map(
      ({ query }, place) =>
        sql`SELECT ${place}::integer AS place, tenant_id, state, access FROM (${query(courseId, tenantId)}) AS c`,
    );
    if (answers.length === 0)
      return sql`SELECT NULL::text AS tenant_id, NULL AS state, NULL::jsonb AS access LIMIT 0`;
    return sql`
      SELECT tenant_id, state, access FROM (${sql.join(answers, sql` UNION ALL `)}) AS answers
      ORDER BY place LIMIT 1`;
  });
}

export const courseCataloguePort = definePort<CourseCatalogue>("course_catalogue");
