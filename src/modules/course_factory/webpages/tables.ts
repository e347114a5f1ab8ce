import { tenantRowsThrough } from "@brain/engine";
import { integer, jsonb, pgTable, text, uuid } from "drizzle-orm/pg-core";
import { instantText } from "../../columns.ts";
import { courses } from "../tables.ts";
import type { CustomColors, Section, SeoPack } from "./model.ts";

/** What the web page of a course is made of; each part is null until it was made. */
export const pages = pgTable(
  "course_factory_pages",
  {
    courseId: uuid("course_id")
      .primaryKey()
      .references(() => courses.courseId, { onDelete: "cascade" }),
    themeId: text("theme_id"),
    /** Colours of this course alone; null: those of the theme. */
    customColors: jsonb("custom_colors").$type<CustomColors>(),
    sections: jsonb("sections").$type<Section[]>(),
    seoPack: jsonb("seo_pack").$type<SeoPack>(),
    previewUrl: text("preview_url"),
    previewVersion: integer("preview_version"),
    updatedAt: instantText("updated_at").notNull(),
  },
  () => tenantRowsThrough("course_factory_courses", { course_id: "course_id" }, "course_factory_pages"),
);
