import { DemoError, until } from "./api.ts";
import { courseNamed, onceOf, type Stage, type Step, storyOf } from "./stage.ts";
import { courses, type DemoCourse } from "./world.ts";

/** Courses that are generated side by side: more would only wait for each other. */
const atOnce = 3;

export async function inGroups<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  for (let start = 0; start < items.length; start += atOnce) {
    await Promise.all(items.slice(start, start + atOnce).map(work));
  }
}

/** The request that makes a course, as an author sends it. */
export function generationOf(course: DemoCourse) {
  return {
    tenant_id: course.tenant,
    title: course.title,
    description: course.description,
    language: course.language,
    target_audiences: [course.audience],
    full_lessons_count: 2,
    dry_run: false,
    ...(course.price === null
      ? {}
      : {
          access: {
            mode: "paid",
            price_cents: course.price.cents,
            currency: course.price.currency,
            free_lessons: 1,
          },
        }),
  };
}

interface Entry {
  readonly distribution_id: string;
  readonly slug: string;
}

/** Waits for the catalogue entry, which nobody asks for: a consumer makes it. Then it is published. */
export async function publish(stage: Stage, course: DemoCourse, courseId: string, story: string) {
  const { api } = stage;
  const [entry] = await until(
    `The catalogue entry of "${course.title}"`,
    async () => (await api.send("GET", `/api/courses/distribution?course_id=${courseId}`)).body,
    (found: readonly Entry[]) => found.length > 0,
  );
  if (entry === undefined) throw new DemoError(`"${course.title}" is not in the catalogue.`);
  const { distribution_id: distributionId, slug } = entry;
  await api.send("POST", `/api/courses/distribution/${distributionId}/publish`, {
    actor: `editor-${course.tenant}`,
    story,
    once: onceOf(stage, `publish ${course.name}`),
  });
  stage.made.set(course.name, { ...course, courseId, distributionId, slug });
}

/** Courses in four languages, each in the catalogue. */
export const catalogue: Step = {
  name: "courses",
  run: (stage) =>
    inGroups(courses, async (course) => {
      const story = storyOf(stage, course.name);
      const { body } = await stage.api.send("POST", "/api/course-factory/generate", {
        body: generationOf(course),
        actor: `author-${course.tenant}`,
        story,
        once: onceOf(stage, `generate ${course.name}`),
      });
      await publish(stage, course, body.course_id, story);
    }),
};

/** People look at the catalogue now. */
export const visits: Step = {
  name: "visits",
  run: (stage) =>
    inGroups(courses.slice(0, 4), async ({ name }) => {
      const { slug } = courseNamed(stage, name);
      await stage.api.send("GET", `/api/courses/public/${slug}`);
      // The route takes no keys, and counts each click: 20 a minute of one address, so a busy minute is no failure.
      await stage.api.send("POST", `/api/courses/public/${slug}/track-enrollment`, { fine: [429] });
    }),
};
