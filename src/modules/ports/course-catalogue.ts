import { definePort } from "@brain/engine";
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
  /** `soon`: it is still being made, and can be bought already. `gone`: it is archived, or could not be made. */
  readonly state: "ready" | "soon" | "gone";
  /** Null: nobody said what it costs. */
  readonly access: AccessRule | null;
}

export interface CourseCatalogue {
  /** Null: this catalogue knows no such course. */
  find(read: Reader, courseId: string): Promise<CatalogueCourse | null>;
}

/** Asks one after the other until one knows the course. */
export function firstThatKnows(catalogues: readonly CourseCatalogue[]): CourseCatalogue {
  return {
    async find(read, courseId) {
      for (const catalogue of catalogues) {
        const course = await catalogue.find(read, courseId);
        if (course !== null) return course;
      }
      return null;
    },
  };
}

export const courseCataloguePort = definePort<CourseCatalogue>("course_catalogue");
