import { until } from "./api.ts";
import { idOf } from "./choices.ts";
import {
  courseNamed,
  nameOf,
  onceOf,
  type Stage,
  type Step,
  storyOf,
  type ToldEvent,
  tell,
} from "./stage.ts";

/*
 * What goes wrong in the world, each in the way in which it does: nothing in the handlers knows of it.
 */

/** Payments by which one school tells of another: whoever handles them refuses, as it must. */
function misdirected(stage: Stage): ToldEvent[] {
  const course = courseNamed(stage, "bees");
  return [1, 2, 3].map((number) => ({
    name: `misdirected payment ${number}`,
    type: "payment.transaction.completed",
    module: "payment",
    source: "book_shop",
    tenant: "pedale",
    severity: "CRITICAL" as const,
    story: storyOf(stage, "misdirected"),
    at: stage.nowMs,
    payload: {
      payment_id: `pay-${idOf(stage.seed, `misdirected ${number}`)}`,
      intent_id: `int-${idOf(stage.seed, `misdirected ${number}`)}`,
      user_id: nameOf(stage, `reader-${number}`),
      tenant_id: course.tenant,
      course_id: course.courseId,
      amount_cents: 3_500,
      currency: "GBP",
      provider: "paypal",
      occurred_at: new Date(stage.nowMs).toISOString(),
    },
  }));
}

/** Courses that are to be paid for, and nobody says by whom. */
function payerless(stage: Stage): ToldEvent[] {
  return ["fahrrad", "couture"].map((name) => {
    const course = courseNamed(stage, name);
    return {
      name: `payerless ${name}`,
      type: "course.payment.required",
      module: "course_factory",
      source: "course_studio",
      tenant: course.tenant,
      story: storyOf(stage, "payerless"),
      at: stage.nowMs,
      payload: {
        course_id: course.courseId,
        amount_cents: course.price?.cents,
        currency: course.price?.currency,
      },
    };
  });
}

interface Letters {
  readonly dead_letters: readonly { readonly id: string; readonly subscriber: string }[];
}

/** Poison events of two kinds, which end as dead letters of several consumers. */
export const poison: Step = {
  name: "poison events",
  async run(stage) {
    await tell(stage, [...misdirected(stage), ...payerless(stage)]);
    await until(
      "The dead letters of the poison events",
      async () => (await stage.api.send("GET", "/api/dead-letters?limit=100")).body as Letters,
      ({ dead_letters }) => {
        const of = (subscriber: string) =>
          dead_letters.filter((letter) => letter.subscriber === subscriber).length;
        return of("course_access") >= 3 && of("course_factory") >= 3 && of("payment") >= 2;
      },
    );
  },
};

/** Where messages are to go, and no such host: RFC 2606 keeps names below .example free. */
const receiver = "https://accounting.example/brain";

/** A receiver of webhooks that cannot be reached. */
export const webhook: Step = {
  name: "a webhook",
  async run({ api }) {
    const { body } = await api.send("GET", "/api/webhooks");
    const known: readonly { readonly id: string; readonly url: string }[] = body.endpoints;
    if (known.some(({ url }) => url === receiver)) return;
    // Its answer holds a secret, so no key keeps it.
    await api.send("POST", "/api/webhooks", {
      body: {
        url: receiver,
        event_types: ["payment.*"],
        description: "Orders of the accounting firm",
        tenant_id: "werkstatt",
      },
      actor: "admin-werkstatt",
    });
  },
};

/** What operators did: a pause that ends by itself, and a share of the work. */
export const operators: Step = {
  name: "operators",
  async run(stage) {
    await stage.api.send("PUT", "/api/tenants/werkstatt/limits", {
      body: { weight: 2, missions: 500, reason: "as in their contract" },
      actor: "operator-kim",
    });
    await stage.api.send("POST", "/api/consumers/course_access_notifications/pause", {
      body: { reason: "the mail provider is being changed", for_seconds: 3_600 },
      actor: "operator-kim",
      once: onceOf(stage, "pause"),
    });
  },
};
