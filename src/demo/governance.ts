import { generationOf, publish } from "./catalogue.ts";
import { sell } from "./commerce.ts";
import { courseNamed, nameOf, onceOf, type Stage, type Step, storyOf } from "./stage.ts";
import { changedLine, lineCourse } from "./world.ts";

/**
 * The long story, under one correlation id over seven modules: a plan that touches production is stopped and let pass by
 * another person, the course is made, published, sold and learned. Then somebody wants its second edition: the plan is
 * another one, and waits.
 */
export const story: Step = {
  name: "the long story",
  async run(stage) {
    const { api } = stage;
    const about = storyOf(stage, "long-story");
    const author = { actor: "author-werkstatt", story: about };
    const once = (what: string) => onceOf(stage, what);
    const first = generationOf(lineCourse);
    const courseId = (await knownCourse(stage)) ?? (await makeApproved(stage, first, author));
    await publish(stage, lineCourse, courseId, about);
    const made = courseNamed(stage, lineCourse.name);
    const isSold = (await sell(stage, made, "reader-44", about)) !== null;
    if (isSold) {
      await api.send("POST", `/api/courses/${made.courseId}/enroll`, {
        ...{ body: {}, actor: nameOf(stage, "reader-44"), story: about, once: once("enrol reader-44") },
      });
    }
    const second = await api.send("POST", "/api/course-factory/generate", {
      body: { ...first, ...changedLine },
      ...{ ...author, once: once("line, second edition"), fine: [403] },
    });
    await approveOnce(stage, second.body.ir_hash, about);
  },
};

interface Told {
  readonly actor: string;
  readonly story: string;
}

/** The course of the first edition from a run that was interrupted: its approval is used up. */
async function knownCourse({ api }: Stage): Promise<string | null> {
  const { body } = await api.send(
    "GET",
    `/api/courses/distribution?tenant_id=${lineCourse.tenant}&limit=100`,
  );
  const entries: readonly { readonly title: string; readonly course_id: string }[] = body;
  return entries.find(({ title }) => title === lineCourse.title)?.course_id ?? null;
}

async function makeApproved(stage: Stage, body: object, author: Told): Promise<string> {
  const { api } = stage;
  const path = "/api/course-factory/generate";
  const blocked = await api.send("POST", path, { body, ...author, fine: [403] });
  const approval = await approve(stage, blocked.body.ir_hash, author.story);
  const headers = { "x-approval-token": approval.token };
  const { body: course } = await api.send("POST", path, { body, ...author, headers });
  return course.course_id;
}

/** Its answer is a secret, so the route keeps no keys. */
async function approve({ api }: Stage, hash: string, about: string) {
  const { body } = await api.send("POST", "/api/ir/approvals", {
    body: { tenant_id: lineCourse.tenant, ir_hash: hash, ttl_seconds: 86_400 },
    ...{ actor: "reviewer-noor", story: about },
  });
  return body;
}

async function approveOnce(stage: Stage, hash: string, about: string): Promise<void> {
  const { body } = await stage.api.send("GET", `/api/ir/approvals/pending?tenant_id=${lineCourse.tenant}`);
  const waiting: readonly { readonly ir_hash: string }[] = body.approvals;
  const isWaiting = waiting.some(({ ir_hash }) => hash.startsWith(ir_hash.replaceAll(".", "")));
  if (!isWaiting) await approve(stage, hash, about);
}
