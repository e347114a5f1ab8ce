import { idOf } from "./choices.ts";
import {
  courseNamed,
  type MadeCourse,
  nameOf,
  type Stage,
  type Step,
  type ToldEvent,
  tell,
} from "./stage.ts";
import { courses, week } from "./world.ts";

/*
 * The week before. Programs outside tell of it now, as they do after a time without a network: the events come today, and
 * say on which day it happened. Numbers go by the day, the record by when they came.
 */

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** What one program outside tells of one day. */
interface Day {
  readonly stage: Stage;
  readonly course: MadeCourse;
  /** The last moment of it, Unix ms. */
  readonly at: number;
  /** Beginning of the names of its events. */
  readonly name: string;
}

interface Counters {
  views: number;
  clicks: number;
}

function visitsOf({ stage, course, at, name }: Day, share: number, counters: Counters): ToldEvent[] {
  const views = Math.max(1, Math.round(course.views * share) + stage.choices.between(-4, 6));
  const clicks = Math.max(1, Math.round((views * stage.choices.between(8, 22)) / 100));
  counters.views += views;
  counters.clicks += clicks;
  const entry = { distribution_id: course.distributionId, slug: course.slug };
  const shared = { module: "course_distribution", source: "web_front", tenant: course.tenant, at } as const;
  const when = new Date(at).toISOString();
  return [
    {
      ...shared,
      name: `${name} views`,
      type: "distribution.viewed",
      payload: {
        ...entry,
        ...{ view_count: counters.views, viewed_at: when, referrer_category: null, views },
      },
    },
    {
      ...shared,
      name: `${name} clicks`,
      type: "distribution.enrollment_clicked",
      payload: {
        ...entry,
        ...{ enrollment_count: counters.clicks, clicked_at: when, cta_type: "primary_button", clicks },
      },
    },
  ];
}

function enrolmentOf(day: Day, user: string | null, number: number): ToldEvent[] {
  const { stage, course, at, name } = day;
  const shared = { module: "course_factory", source: "academy", tenant: course.tenant } as const;
  const learner = {
    course_id: course.courseId,
    enrollment_id: idOf(stage.seed, `${name} enrolment ${number}`),
    user_id: user,
  };
  const enrolled: ToldEvent = {
    ...shared,
    name: `${name} enrolment ${number}`,
    type: "course.enrollment.created",
    at,
    payload: { ...learner, language: course.language, enrolled_at: new Date(at).toISOString() },
  };
  const doneAt = at + stage.choices.between(2, 30) * hourMs;
  if (stage.choices.between(1, 3) > 1 || doneAt > stage.nowMs) return [enrolled];
  const hash = idOf(stage.seed, `${name} completion ${number}`).replaceAll("-", "").repeat(2);
  const completed: ToldEvent = {
    ...shared,
    name: `${name} completion ${number}`,
    type: "course.completion.recorded",
    at: doneAt,
    payload: {
      ...learner,
      ...{ course_version: "1.0.0", completion_hash: hash, completed_at: new Date(doneAt).toISOString() },
    },
  };
  return [enrolled, completed];
}

function salesOf(day: Day): ToldEvent[] {
  const { stage, course, at, name } = day;
  const { price } = course;
  const sales = stage.choices.between(0, 2);
  return Array.from({ length: sales }, (_, number) => {
    const user = nameOf(stage, `reader-${stage.choices.between(100, 999)}`);
    if (price === null) return enrolmentOf(day, user, number);
    const occurred = at - stage.choices.between(0, 5) * hourMs;
    const payment = {
      payment_id: `pay-${idOf(stage.seed, `${name} payment ${number}`)}`,
      intent_id: `int-${idOf(stage.seed, `${name} intent ${number}`)}`,
      user_id: user,
      tenant_id: course.tenant,
      course_id: course.courseId,
      amount_cents: price.cents,
      currency: price.currency,
      provider: stage.choices.oneOf(["paypal", "paypal", "crypto"]),
      occurred_at: new Date(occurred).toISOString(),
    };
    const shared = { module: "payment", source: "book_shop", tenant: course.tenant } as const;
    const fact = { ...shared, at: occurred, payload: payment };
    if (stage.choices.between(1, 8) === 1) {
      return [
        {
          ...fact,
          name: `${name} payment ${number}`,
          type: "payment.transaction.failed",
          severity: "WARNING" as const,
        },
      ];
    }
    const paid: ToldEvent = {
      ...fact,
      name: `${name} payment ${number}`,
      type: "payment.transaction.completed",
    };
    const backAt = occurred + hourMs;
    if (stage.choices.between(1, 9) > 1 || backAt > stage.nowMs) {
      return [paid, ...enrolmentOf(day, user, number)];
    }
    const refund: ToldEvent = {
      ...shared,
      name: `${name} refund ${number}`,
      type: "payment.refund.completed",
      at: backAt,
      payload: {
        ...payment,
        refund_id: `ref-${idOf(stage.seed, `${name} refund ${number}`)}`,
        reason: "bought twice",
        occurred_at: new Date(backAt).toISOString(),
      },
    };
    return [paid, refund];
  }).flat();
}

/** Generations that another program tried, and that failed. */
function failuresOf(stage: Stage): ToldEvent[] {
  return [1, 3, 4].map((daysAgo) => ({
    name: `failed generation ${daysAgo}`,
    type: "course.generation.failed",
    module: "course_factory",
    source: "course_studio",
    tenant: daysAgo === 3 ? "atelier" : "werkstatt",
    severity: "ERROR" as const,
    at: stage.nowMs - daysAgo * dayMs,
    payload: {
      course_id: idOf(stage.seed, `failed course ${daysAgo}`),
      title: "Die Werkstatt als Kleinunternehmen",
      error_message: "The content service answered 503 after three tries.",
      error_type: "UpstreamError",
      execution_time_seconds: 94.2,
      retry_count: 3,
    },
  }));
}

/** A week of views, clicks, sales in four currencies, refunds and enrolments, as other programs tell of it. */
export const history: Step = {
  name: "the week before",
  async run(stage) {
    // In the order of the world: in which they were made is chance.
    const events = courses.flatMap(({ name }) => {
      const course = courseNamed(stage, name);
      const counters: Counters = { views: 0, clicks: 0 };
      return week.flatMap((share, index) => {
        const at = stage.nowMs - (week.length - 1 - index) * dayMs - 60_000;
        const day: Day = { stage, course, at, name: `${course.name} day ${index}` };
        return [...visitsOf(day, share, counters), ...salesOf(day)];
      });
    });
    await tell(
      stage,
      [...events, ...failuresOf(stage)].toSorted((left, right) => left.at - right.at),
    );
  },
};
