import { tenantRowsThrough } from "@brain/engine";
import { pgTable, text, timestamp, uuid } from "drizzle-orm/pg-core";
import { courses } from "../tables.ts";

/** Who may see the staged pages of a course: whoever knows the token in their address. */
export const stagings = pgTable(
  "course_factory_stagings",
  {
    courseId: uuid("course_id")
      .primaryKey()
      .references(() => courses.courseId, { onDelete: "cascade" }),
    token: text("token").notNull(),
    /** When this token was given; a new one makes the old address answer 404. */
    givenAt: timestamp("given_at", { withTimezone: true, mode: "string" }).notNull(),
  },
  () => tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_stagings"),
);
