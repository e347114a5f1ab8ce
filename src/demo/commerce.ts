import { isOnThisMachine, until } from "./api.ts";
import { courseNamed, type MadeCourse, nameOf, onceOf, type Stage, type Step, storyOf } from "./stage.ts";

/**
 * Sells a course through the stand-in for Stripe, and waits until its webhook has opened the course.
 *
 * @returns the payment's id; null where there is no stand-in: at Stripe itself nobody pays for a demo
 */
export async function sell(
  stage: Stage,
  course: MadeCourse,
  buyer: string,
  story: string,
): Promise<string | null> {
  const { api } = stage;
  const user = nameOf(stage, buyer);
  const { body: health } = await api.send("GET", "/api/paycore/health");
  if (course.price === null || health.providers.stripe !== "configured") return null;
  const { body: intent } = await api.send("POST", "/api/paycore/intents", {
    body: {
      amount_cents: course.price.cents,
      currency: course.price.currency,
      tenant_id: course.tenant,
      user_id: user,
      metadata: { course_id: course.courseId },
    },
    actor: user,
    story,
    once: onceOf(stage, `intent ${course.name} ${buyer}`),
  });
  // Where Stripe was slow its page is opened behind the answer.
  const opened = await until(
    `The payment page for "${course.title}"`,
    async () => (await api.send("GET", `/api/paycore/intents/${intent.intent_id}`)).body,
    ({ status }) => status !== "created",
  );
  if (opened.status === "pending") {
    if (!isOnThisMachine(opened.checkout_url)) return null;
    await api.pay(opened.checkout_url);
  }
  const access = `/api/course-access/${course.courseId}?user_id=${user}&tenant_id=${course.tenant}`;
  await until(
    `The access to "${course.title}"`,
    async () => (await api.send("GET", access)).body,
    ({ status }) => status === "active" || status === "revoked",
  );
  return intent.intent_id;
}

/** Sales through the product's own payments; two of them are given back, one of which waits for a second person. */
export const sales: Step = {
  name: "sales and refunds",
  async run(stage) {
    const refund = async (name: string, buyer: string, reason: string) => {
      const course = courseNamed(stage, name);
      const story = storyOf(stage, `sale-${name}`);
      const intentId = await sell(stage, course, buyer, story);
      if (intentId === null) return;
      await stage.api.send("POST", "/api/paycore/refunds", {
        body: {
          intent_id: intentId,
          amount_cents: course.price?.cents,
          reason,
          // Above the limit of one person it waits; below it is made at once.
          await_approval: true,
        },
        actor: "support-jana",
        story,
        once: onceOf(stage, `refund ${name}`),
      });
    };
    await sell(stage, courseNamed(stage, "bees"), "reader-41", storyOf(stage, "sale-bees"));
    await refund("fahrrad", "reader-42", "bought by mistake");
    await refund("schweissen", "reader-43", "the course came too late");
    await access(stage);
  },
};

/** Access that people give and take by hand. */
async function access(stage: Stage): Promise<void> {
  const course = courseNamed(stage, "couture");
  const path = `/api/course-access/${course.courseId}`;
  const asked = (verb: string, user: string, reason: string) =>
    stage.api.send("POST", `${path}/${verb}`, {
      body: { user_id: nameOf(stage, user), tenant_id: course.tenant, reason },
      actor: "support-jana",
      story: storyOf(stage, "access-by-hand"),
      once: onceOf(stage, `${verb} ${user}`),
    });
  await asked("grant", "teacher-7", "gives the evening class");
  await asked("grant", "teacher-8", "stands in for a colleague");
  await asked("revoke", "teacher-8", "the colleague is back");
}
