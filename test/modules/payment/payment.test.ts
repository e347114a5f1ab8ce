import { coursePaymentRequired } from "@brain/schemas";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestEngine, type TestEngine } from "../../engine.ts";
import { wholeDay } from "../../whole-day.ts";
import {
  base,
  buy,
  createPaymentEngine,
  eventsOf,
  intend,
  knowCourse,
  ledgerOf,
  type PaymentEngine,
  readIntent,
  typesOf,
} from "./stripe-fixture.ts";

let engine: PaymentEngine;
beforeAll(async () => {
  engine = await createPaymentEngine();
});
afterAll(() => engine?.cleanup());

const actor = () => ({ "x-actor-id": `user-${crypto.randomUUID()}` });
const course = async () => ({ course_id: await knowCourse(engine) });
const post = (body: unknown, headers: Record<string, string> = actor()) =>
  engine.request("POST", `${base}/intents`, body, headers);

async function intentCount(where = ""): Promise<number> {
  const rows = await engine.sql<{ n: number }>(`SELECT count(*)::int AS n FROM paycore_intents ${where}`);
  return rows[0]?.n ?? -1;
}

describe("a purchase", () => {
  test("goes from the intent over the page to the completed payment, and access may follow", async () => {
    const { answer, intentId, sessionId, courseId, userId } = await intend(engine);
    expect(answer.body).toMatchObject({
      status: "pending",
      provider: "stripe",
      amount_cents: 4_900,
      currency: "EUR",
      tenant_id: "tenant_a",
      user_id: userId,
      course_id: courseId,
      checkout_url: `${engine.stripe.url}/pay/${sessionId}`,
      client_secret: null,
      transaction_id: null,
    });
    expect(engine.stripe.account.session(sessionId)).toMatchObject({
      amount_total: 4_900,
      currency: "eur",
      client_reference_id: intentId,
      metadata: { intent_id: intentId },
      success_url: `https://courses.example/?payment=done&intent_id=${intentId}`,
    });
    const statuses = await engine.atStripe(() => engine.stripe.account.pay(sessionId));
    expect(statuses).toEqual({
      "charge.succeeded": 200,
      "payment_intent.succeeded": 200,
      "checkout.session.completed": 200,
    });
    const paid = await readIntent(engine, intentId);
    expect(paid).toMatchObject({ status: "succeeded", checkout_url: null });
    const status = await engine.request("GET", `${base}/intents/${intentId}/status`);
    expect(status.body).toEqual({ intent_id: intentId, status: "succeeded", amount_cents: 4_900 });

    const events = await eventsOf(engine, intentId);
    expect(events.map(({ type }) => type)).toEqual([
      "payment.intent.created",
      "payment.transaction.completed",
    ]);
    expect(events[1]?.payload).toEqual({
      payment_id: paid.transaction_id,
      intent_id: intentId,
      user_id: userId,
      tenant_id: "tenant_a",
      course_id: courseId,
      amount_cents: 4_900,
      currency: "EUR",
      provider: "stripe",
      occurred_at: expect.any(String),
    });
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_succeeded"]);
  });

  test("is one story: one correlation id, and each event is caused by the one before", async () => {
    const headers = { ...actor(), "x-correlation-id": `story-${crypto.randomUUID()}` };
    const created = await post({ amount_cents: 900, user_id: "user-7", metadata: await course() }, headers);
    await engine.atStripe(() => engine.stripe.account.decline(created.body.provider_intent_id));
    await engine.atStripe(() => engine.stripe.account.pay(created.body.provider_intent_id));
    const events = await eventsOf(engine, created.body.intent_id);
    expect(events.map(({ type }) => type)).toEqual([
      "payment.intent.created",
      "payment.transaction.failed",
      "payment.transaction.completed",
    ]);
    const [required] = await engine.sql<{ id: string }>(
      "SELECT id FROM events WHERE type = 'course.payment.required' AND correlation_id = $1",
      [headers["x-correlation-id"]],
    );
    for (const [index, event] of events.entries()) {
      expect(event.correlation_id).toBe(headers["x-correlation-id"]);
      expect(event.causation_id).toBe(events[index - 1]?.id ?? required?.id);
    }
    expect(events.map(({ actor_id }) => actor_id)).toEqual([headers["x-actor-id"], null, null]);
  });

  test("of what is no course is the caller's own when no payer is named", async () => {
    const headers = actor();
    const created = await post({ amount_cents: 900, metadata: { product_type: "donation" } }, headers);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      user_id: headers["x-actor-id"],
      course_id: null,
      tenant_id: "default",
    });
  });

  test("puts only course and payer into events, whatever else is in its metadata", async () => {
    const metadata = { ...(await course()), product_type: "course", campaign: "kim@example.org" };
    const { intentId } = await intend(engine, { metadata });
    expect((await readIntent(engine, intentId)).metadata).toEqual(metadata);
    const text = JSON.stringify(await eventsOf(engine, intentId));
    expect(text).toContain(metadata.course_id);
    expect(text).not.toContain("example.org");
  });
});

/** A course of the factory, with a rule of access. */
async function ruledCourse(access: Record<string, unknown>): Promise<string> {
  const made = await engine.request("POST", "/api/course-factory/generate", {
    tenant_id: "tenant_c",
    title: "Zeit gut einteilen",
    description: "Wie man den Tag so plant, dass am Abend das Wichtige getan ist.",
    language: "de",
    target_audiences: ["parents"],
    full_lessons_count: 1,
    dry_run: false,
    access,
  });
  expect(made.status, made.text).toBe(201);
  return made.body.course_id;
}

describe("the purchase of a course", () => {
  const paid = { mode: "paid", price_cents: 4900, currency: "EUR" };
  const offer = (courseId: string, changes: Record<string, unknown> = {}) => ({
    amount_cents: 4900,
    user_id: "user-1",
    metadata: { course_id: courseId },
    ...changes,
  });

  test("that nobody knows is refused (422), and nothing is stored or told", async () => {
    const before = await intentCount();
    for (const courseId of [crypto.randomUUID(), "course-of-nobody"]) {
      const answer = await post(offer(courseId));
      expect(answer.status, answer.text).toBe(422);
      expect(answer.body.error.message).toContain(courseId);
      expect(answer.body.error.details).toMatchObject([{ path: "metadata.course_id" }]);
    }
    expect(await intentCount()).toBe(before);
    expect(
      await engine.sql("SELECT id FROM events WHERE payload->>'course_id' = 'course-of-nobody'"),
    ).toEqual([]);
  });

  test("needs its price in its currency; more is fine, and an open course has none", async () => {
    const courseId = await ruledCourse(paid);
    const refused = async (changes: Record<string, unknown>) => {
      const answer = await post(offer(courseId, changes));
      expect(answer.status, answer.text).toBe(422);
      return answer.body.error.details[0].path;
    };
    expect(await refused({ amount_cents: 4899 })).toBe("amount_cents");
    expect(await refused({ currency: "USD" })).toBe("currency");
    expect(await refused({ tenant_id: "tenant_d" })).toBe("tenant_id");
    for (const amount_cents of [4900, 5900]) {
      const bought = await post(offer(courseId, { amount_cents }));
      expect(bought.status, bought.text).toBe(201);
      // Nobody named a tenant: the payment is of the course's.
      expect(bought.body).toMatchObject({ amount_cents, tenant_id: "tenant_c" });
    }
    const open = await ruledCourse({ mode: "open" });
    expect((await post(offer(open, { amount_cents: 900 }))).status).toBe(201);
  });

  test("of one that is archived is refused (409); a request that was made before is answered as then", async () => {
    const courseId = await ruledCourse(paid);
    const headers = { ...actor(), "idempotency-key": crypto.randomUUID() };
    const first = await post(offer(courseId), headers);
    expect(first.status, first.text).toBe(201);
    await engine.sql("UPDATE course_factory_courses SET workflow_state = 'archived' WHERE course_id = $1", [
      courseId,
    ]);
    expect((await post(offer(courseId))).status).toBe(409);
    const again = await post(offer(courseId), headers);
    expect(again.status, again.text).toBe(201);
    expect(again.body.intent_id).toBe(first.body.intent_id);
  });

  test("tells course.payment.required once before its intent, and no second payment follows from it", async () => {
    const courseId = await ruledCourse(paid);
    const headers = { ...actor(), "idempotency-key": crypto.randomUUID() };
    const answers = await Promise.all([1, 2, 3].map(() => post(offer(courseId), headers)));
    const ids = new Set(answers.map(({ body }) => body.intent_id));
    expect(ids.size).toBe(1);
    await engine.settle();
    const told = await engine.sql<{ id: string; type: string; actor_id: string; payload: unknown }>(
      `SELECT id, type, actor_id, causation_id, payload FROM events
       WHERE payload->>'course_id' = $1 AND type IN ('course.payment.required', 'payment.intent.created')
       ORDER BY position`,
      [courseId],
    );
    expect(told).toMatchObject([
      {
        type: "course.payment.required",
        actor_id: "user-1",
        payload: { course_id: courseId, amount_cents: 4900, currency: "EUR", amount: 49 },
      },
      { type: "payment.intent.created", causation_id: told[0]?.id, payload: { intent_id: [...ids][0] } },
    ]);
    expect(await intentCount(`WHERE course_id = '${courseId}'`)).toBe(1);
    expect(await engine.deadLetters("payment")).toEqual([]);
    // Control: the same event under an id of its own does ask for another payment.
    await engine.publish({ source: "shop", tenant_id: "tenant_c", actor_id: "user-1" }, (publish) =>
      publish(coursePaymentRequired, { course_id: courseId, amount_cents: 4900, currency: "EUR" }),
    );
    await engine.settle();
    expect(await intentCount(`WHERE course_id = '${courseId}'`)).toBe(2);
  });

  test("that an event asks for is refused as well, by a dead letter that says why", async () => {
    await engine.publish({ source: "shop", tenant_id: "tenant_c", actor_id: "user-1" }, (publish) =>
      publish(coursePaymentRequired, { course_id: "course-of-nobody", amount_cents: 4900, currency: "EUR" }),
    );
    await engine.settle();
    expect(await engine.deadLetters("payment")).toMatchObject([
      { error_message: expect.stringContaining('There is no course "course-of-nobody"') },
    ]);
    expect(await intentCount("WHERE course_id = 'course-of-nobody'")).toBe(0);
  });
});

describe("a request is refused, and nothing is stored,", () => {
  test.each([
    ["an amount of 0", { amount_cents: 0 }],
    ["a broken amount", { amount_cents: 10.5 }],
    ["an amount beyond Stripe's limit", { amount_cents: 100_000_000 }],
    ["a currency of two letters", { currency: "EU" }],
    ["an unknown provider", { provider: "cash" }],
    ["an unknown field", { price: 1 }],
    ["a user with a NUL", { user_id: "user\u0000" }],
    ["a tenant that is too long", { tenant_id: "t".repeat(101) }],
    ["nested metadata", { metadata: { a: { b: 1 } } }],
    ["a metadata name with a space", { metadata: { "a b": 1 } }],
    [
      "21 metadata values",
      { metadata: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, n])) },
    ],
    ["a payer who is an e-mail address", { user_id: "kim@example.org" }],
  ])("with %s (422)", async (_what, changes) => {
    const before = await intentCount();
    const answer = await post({ amount_cents: 900, user_id: "user-1", ...changes });
    expect(answer.status, answer.text).toBe(422);
    expect(await intentCount()).toBe(before);
  });

  test("for a course without its payer (422), though the caller is known", async () => {
    const answer = await post({ amount_cents: 900, metadata: await course() });
    expect(answer.status).toBe(422);
    expect(answer.body.error.details).toMatchObject([{ path: "user_id" }]);
  });

  test("by a provider that is not connected (400)", async () => {
    const before = await intentCount();
    for (const provider of ["paypal", "crypto"]) {
      const answer = await post({ amount_cents: 900, user_id: "user-1", provider });
      expect(answer.status).toBe(400);
      expect(answer.body.error.message).toContain(provider);
    }
    expect(await intentCount()).toBe(before);
  });
});

describe("a tenant that is named", () => {
  test("must be the payment's: 403 for another, 404 for an unknown id", async () => {
    const { intentId } = await intend(engine);
    for (const path of [`/intents/${intentId}`, `/intents/${intentId}/status`]) {
      expect((await engine.request("GET", `${base}${path}?tenant_id=tenant_a`)).status).toBe(200);
      expect((await engine.request("GET", `${base}${path}?tenant_id=tenant_b`)).status).toBe(403);
      expect((await engine.request("GET", `${base}${path}?tenant_id=default`)).status).toBe(403);
    }
    for (const id of [crypto.randomUUID(), "x", "1'--"]) {
      expect((await engine.request("GET", `${base}/intents/${id}`)).status).toBe(404);
    }
  });
});

describe("an Idempotency-Key", () => {
  test("makes a repeated request the same payment, also when both come at once", async () => {
    const headers = { ...actor(), "idempotency-key": crypto.randomUUID() };
    const body = {
      amount_cents: 900,
      user_id: "user-1",
      metadata: { ...(await course()), product_type: "course" },
    };
    const sessions = engine.stripe.account.sessions.size;
    const answers = await Promise.all(Array.from({ length: 5 }, () => post(body, headers)));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 201]);
    expect(new Set(answers.map((answer) => answer.body.intent_id)).size).toBe(1);
    expect(new Set(answers.map((answer) => answer.body.provider_intent_id)).size).toBe(1);
    expect(answers.filter((answer) => answer.headers.get("idempotency-replayed") === "true")).toHaveLength(4);
    expect(engine.stripe.account.sessions.size).toBe(sessions + 1);
    expect(await typesOf(engine, answers[0]?.body.intent_id)).toEqual(["payment.intent.created"]);
    // The order of keys is no difference.
    const { course_id, product_type } = body.metadata;
    const again = await post({ ...body, metadata: { product_type, course_id } }, headers);
    expect(again.body.intent_id).toBe(answers[0]?.body.intent_id);
  });

  test("without it each request is a payment of its own, so the test above can fail", async () => {
    const headers = actor();
    const body = { amount_cents: 900, user_id: "user-1", metadata: await course() };
    const [first, second] = [await post(body, headers), await post(body, headers)];
    expect(first.body.intent_id).not.toBe(second.body.intent_id);
  });

  test("for another body is refused, and another tenant's key is another key", async () => {
    const headers = { ...actor(), "idempotency-key": crypto.randomUUID() };
    const body = { amount_cents: 900, user_id: "user-1", tenant_id: "tenant_a" };
    const first = await post(body, headers);
    expect((await post({ ...body, amount_cents: 901 }, headers)).status).toBe(409);
    const other = await post({ ...body, tenant_id: "tenant_b" }, headers);
    expect(other.status).toBe(201);
    expect(other.body.intent_id).not.toBe(first.body.intent_id);
  });

  test("that is none is refused", async () => {
    const answer = await post({ amount_cents: 900 }, { ...actor(), "idempotency-key": "a b" });
    expect(answer.status).toBe(422);
  });
});

describe("Stripe refuses", () => {
  test("a currency: the payment has failed, and the caller learns why (400)", async () => {
    const answer = await post({ amount_cents: 900, user_id: "user-1", currency: "XXX" });
    expect(answer.status).toBe(400);
    expect(answer.body.error.message).toContain("currency_invalid");
    const intentId = answer.body.intent_id;
    expect(await readIntent(engine, intentId)).toMatchObject({
      status: "failed",
      failure_reason: expect.stringContaining("currency_invalid"),
    });
    expect(await typesOf(engine, intentId)).toEqual(["payment.intent.created", "payment.transaction.failed"]);
    expect(await ledgerOf(engine, intentId)).toEqual(["payment_failed"]);
  });

  test("our key: 502, and the key is not shown", async () => {
    engine.stripe.addFault({ path: "/v1/checkout", kind: "fail", status: 401, code: "invalid_api_key" });
    const answer = await post({ amount_cents: 900, user_id: "user-1" });
    expect(answer.status).toBe(502);
    expect(answer.text).not.toContain("sk_of_the_tests");
    expect(await readIntent(engine, answer.body.intent_id)).toMatchObject({ status: "failed" });
  });
});

describe("limits", () => {
  test("let 20 payments a minute through for a tenant and actor, and others are not concerned", async () => {
    const headers = actor();
    const body = { amount_cents: 900, user_id: "user-1" };
    const statuses: number[] = [];
    // A minute may end in between; then the count begins anew.
    for (let n = 0; n < 45 && !statuses.includes(429); n++) statuses.push((await post(body, headers)).status);
    expect(statuses.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 201));
    expect(statuses.at(-1)).toBe(429);
    expect((await post(body, actor())).status).toBe(201);
  });
});

describe("revenue", () => {
  test("is summed by day, tenant and currency, and read in pages", async () => {
    const today = await wholeDay();
    const tenant = `tenant-${crypto.randomUUID()}`;
    await buy(engine, { tenant_id: tenant, amount_cents: 1_000 });
    await buy(engine, { tenant_id: tenant, amount_cents: 250 });
    await buy(engine, { tenant_id: tenant, amount_cents: 700, currency: "usd" });
    await intend(engine, { tenant_id: tenant });
    const path = `${base}/revenue?from=2026-01-01&to=${today}&tenant_id=${tenant}`;
    const all = await engine.request("GET", path);
    const sums = (days: Record<string, unknown>[]) =>
      days.map((day) => [day.currency, day.total_cents, day.transaction_count, day.refund_total_cents]);
    expect(sums(all.body.days)).toEqual([
      ["EUR", 1_250, 2, 0],
      ["USD", 700, 1, 0],
    ]);
    expect(all.body.next_cursor).toBeNull();
    const first = await engine.request("GET", `${path}&limit=1`);
    const second = await engine.request("GET", `${path}&limit=1&cursor=${first.body.next_cursor}`);
    expect([...sums(first.body.days), ...sums(second.body.days)]).toEqual(sums(all.body.days));
  });

  test.each(["", "from=2026-01-02&to=2026-01-01", "from=x&to=y", "from=2026-01-01&to=2026-01-01&cursor=@"])(
    "for no period is refused: %s",
    async (query) => {
      expect((await engine.request("GET", `${base}/revenue?${query}`)).status).toBe(422);
    },
  );
});

describe("what is there", () => {
  test("is told by info and health, which need the key", async () => {
    for (const path of ["info", "health", "revenue"]) {
      const answer = await engine.request("GET", `${base}/${path}`, undefined, { authorization: "" });
      expect(answer.status).toBe(401);
    }
    const info = await engine.request("GET", `${base}/info`);
    expect(info.body).toMatchObject({ name: "payment", supported_providers: ["stripe"] });
    const health = await engine.request("GET", `${base}/health`);
    expect(health.body).toMatchObject({ status: "ok", providers: { stripe: "configured" } });
  });
});

describe("without Stripe", () => {
  let bare: TestEngine;
  beforeAll(async () => {
    bare = await createTestEngine();
  });
  afterAll(() => bare?.cleanup());

  test("nothing is stored, and the answer names the setting (503)", async () => {
    const body = { amount_cents: 900, user_id: "user-1" };
    const answer = await bare.request("POST", `${base}/intents`, body);
    expect(answer.status).toBe(503);
    expect(answer.body.error.message).toContain("STRIPE_SECRET_KEY");
    expect(await bare.sql("SELECT 1 FROM paycore_intents")).toEqual([]);
    expect((await bare.request("GET", `${base}/health`)).body.status).toBe("degraded");
  });

  test("webhooks are refused, signed or not: nothing unsigned is believed", async () => {
    const send = (provider: string) =>
      bare.request("POST", `${base}/webhooks/${provider}`, "{}", { authorization: "" });
    expect((await send("stripe")).status).toBe(503);
    expect((await send("paypal")).status).toBe(404);
    expect(await bare.sql("SELECT 1 FROM paycore_provider_events")).toEqual([]);
  });
});

describe("who pays", () => {
  test("is who is meant, whatever white space stands around the id: access is looked for without it", async () => {
    const { course_id } = await course();
    const payer = `payer-${crypto.randomUUID()}`;
    const asked = await post({
      amount_cents: 4_900,
      tenant_id: "tenant_a",
      user_id: ` ${payer} `,
      metadata: { course_id: `  ${course_id}` },
    });
    expect(asked.status, asked.text).toBe(201);
    expect(asked.body).toMatchObject({ user_id: payer, course_id });
    await engine.atStripe(() => engine.stripe.account.pay(asked.body.provider_intent_id));
    await engine.settle();
    const access = await engine.request("GET", `/api/course-access/${course_id}?user_id=${payer}`);
    expect(access.body).toMatchObject({ has_access: true, tenant_id: "tenant_a" });
  });

  test.each(["   ", "\u00a0", "\u2028"])("is not %j", async (user_id) => {
    const { course_id } = await course();
    const refused = await post({
      amount_cents: 4_900,
      tenant_id: "tenant_a",
      user_id,
      metadata: { course_id },
    });
    expect(refused.status, refused.text).toBe(422);
    expect(await intentCount(`WHERE course_id = '${course_id}'`)).toBe(0);
  });
});
