import { sql } from "drizzle-orm";
import type { AccessCheck } from "../ports/access-check.ts";

/** Answers from the table of accesses; see GET /api/course-access/{course_id}. */
export const accessCheck: AccessCheck = {
  async hasAccess(read, { courseId, tenantId }, userId) {
    const rows = await read(sql`
      SELECT 1 AS found FROM course_access
      WHERE course_id = ${courseId} AND user_id = ${userId} AND status = 'active'
        AND (tenant_id IS NULL OR tenant_id = ${tenantId}) LIMIT 1`);
    return rows.length > 0;
  },
};
