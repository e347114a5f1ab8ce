import { afterAll, beforeAll, expect, test } from "vitest";
import { type StripeStandIn, startStripeStandIn } from "../../workers/local/stripe/stand-in.ts";
import { type Reply, readReply } from "../http/surface.ts";
import { waitFor } from "../wait-for.ts";
import { distributionsOf } from "./course-flow.ts";
import { countOf, type Edge, startEdge } from "./edge.ts";
import { productBundles } from "./product-bundles.ts";

/*
 * One sale from the first request to the refund, over HTTP, on the built workers in workerd. No module calls another:
 * what one does is seen by the next only as an event.
 */

const keys = { secretKey: "sk_of_the_flow", webhookSecret: "whsec_of_the_flow" };

let stripe: StripeStandIn;
let edge: Edge;
beforeAll(async () => {
  stripe = await startStripeStandIn(keys);
  edge = await startEdge(await productBundles(), {
    STRIPE_API_URL: stripe.url,
    STRIPE_SECRET_KEY: keys.secretKey,
    STRIPE_WEBHOOK_SECRET: keys.webhookSecret,
  });
  stripe.setEndpoint(`${edge.url}/api/paycore/webhooks/stripe`);
});
afterAll(async () => {
  await edge?.stop();
  await stripe?.close();
});

/** A request of one person. */
async function as(
  actor: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Reply> {
  const answer = await fetch(`${edge.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${edge.key}`,
      "content-type": "application/json",
      "x-actor-id": actor,
      ...headers,
    },
    signal: AbortSignal.timeout(10_000),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return readReply(answer);
}

/** What a listener of the approvals hears, as names of the messages. */
async function listen(): Promise<{ heard(): string[]; stop(): Promise<void> }> {
  const answer = await fetch(`${edge.url}/api/ir/approvals/stream?tenant_id=acme`, {
    headers: { authorization: `Bearer ${edge.key}` },
  });
  if (answer.status !== 200 || answer.body === null) throw new Error(`the stream answered ${answer.status}`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const reading = (async () => {
    for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  })().catch(() => undefined);
  return {
    heard: () => [...text.matchAll(/^event: (\w+)$/gm)].map(([, name = ""]) => name),
    stop: async () => {
      await reader.cancel();
      await reading;
    },
  };
}

interface Node {
  readonly id: string;
  readonly type: string;
  readonly causation_id: string | null;
  readonly handled_by: readonly { readonly subscriber: string }[];
  readonly dead_letters: readonly unknown[];
  readonly children: readonly Node[];
}

const withAll = (nodes: readonly Node[]): Node[] =>
  nodes.flatMap((node) => [node, ...withAll(node.children)]);
const childrenOf = (all: readonly Node[], type: string) =>
  all.filter((node) => node.type === type).flatMap(({ children }) => children.map((child) => child.type));

test("a course is requested, approved, made, sold and given back; the story is one tree", async () => {
  const request = {
    tenant_id: "acme",
    title: "Running a live production line",
    description: "What a shift leader needs to know about a line that never stops.",
    language: "en",
    target_audiences: ["employees"],
    full_lessons_count: 1,
    dry_run: false,
  };
  const generate = (query = "") => as("author-1", "POST", `/api/course-factory/generate${query}`, request);

  // The plan touches production, so the gate wants a person.
  const blocked = await generate();
  expect(blocked.status).toBe(403);
  expect(blocked.body).toMatchObject({
    error: { code: "forbidden" },
    ir_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    validation_result: { status: "ESCALATE", requires_approval: true },
  });
  const story = blocked.headers.get("x-correlation-id") ?? "";

  const live = await listen();
  const approved = await as(
    "reviewer-1",
    "POST",
    `/api/ir/approvals?tenant_id=acme&ir_hash=${blocked.body.ir_hash}`,
  );
  expect(approved.status).toBe(200);
  const { token } = approved.body;
  // Who approved may not act on it.
  expect(
    (await as("reviewer-1", "POST", "/api/course-factory/generate", { ...request, approval_token: token }))
      .status,
  ).toBe(403);

  const made = await generate(`?approval_token=${token}`);
  expect(made.status).toBe(201);
  const courseId: string = made.body.course_id;
  expect((await generate(`?approval_token=${token}`)).status).toBe(403);

  await waitFor(
    "the live updates of the approval",
    () => live.heard(),
    (heard) => heard.includes("approval_consumed") && heard.includes("approval_created"),
  );
  await live.stop();

  const [staged] = await waitFor(
    "the course on staging",
    () => distributionsOf(edge, courseId),
    (entries) => entries.length === 1 && entries[0]?.staging_url != null,
  );
  expect(staged).toMatchObject({ visibility: "private" });

  const access = async () =>
    (await as("support-1", "GET", `/api/course-access/${courseId}?user_id=user-7&tenant_id=acme`)).body;
  expect(await access()).toMatchObject({ has_access: false });

  // The buyer's browser pays on Stripe's page; Stripe tells by webhook.
  const intent = await as(
    "user-7",
    "POST",
    "/api/paycore/intents",
    {
      amount_cents: 4_900,
      currency: "EUR",
      provider: "stripe",
      tenant_id: "acme",
      user_id: "user-7",
      metadata: { course_id: courseId, product_type: "course" },
    },
    { "x-correlation-id": story },
  );
  expect(intent.status).toBe(201);
  expect(intent.body.checkout_url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/pay\//);
  const paid = await fetch(`${intent.body.checkout_url}/pay`, { method: "POST", redirect: "manual" });
  expect(paid.status).toBe(303);

  await waitFor("access", access, ({ has_access: has }) => has === true);
  // The course is delivered; its page stays as its authors left it, until a person publishes it.
  await waitFor(
    "the delivery",
    async () =>
      await edge.sql<{ n: string }>(
        "SELECT count(*) AS n FROM events WHERE type = 'course.distribution.completed'",
      ),
    ([row]) => row?.n === "1",
  );
  const visibility = async () =>
    (await distributionsOf(edge, courseId)).map((entry) => (entry as { visibility?: string }).visibility);
  expect(await visibility()).toEqual(["private"]);
  const published = await as(
    "author-1",
    "POST",
    `/api/courses/distribution/${staged?.distribution_id}/publish`,
    undefined,
    { "x-correlation-id": story },
  );
  expect(published.status).toBe(200);
  expect(await visibility()).toEqual(["public"]);

  const refund = await as("support-1", "POST", "/api/paycore/refunds", {
    intent_id: intent.body.intent_id,
    amount_cents: 4_900,
    reason: "wrong course",
  });
  expect(refund.status).toBe(201);
  await waitFor("no access", access, ({ has_access: has }) => has === false);

  const read = () => as("support-1", "GET", `/api/events/correlation/${encodeURIComponent(story)}`);
  const told = await waitFor("the end of the story", read, ({ body }) => {
    const all = withAll(body.roots as Node[]);
    return all.some(({ type }) => type === "course.access.revoked");
  });
  const all = withAll(told.body.roots as Node[]);
  const count = (type: string) => all.filter((node) => node.type === type).length;
  for (const type of [
    "ir.approval_created",
    "ir.approval_consumed",
    "course.generation.requested",
    "course.generation.completed",
    "distribution.created",
    "course.deployed.staging",
    "course.payment.required",
    "payment.intent.created",
    "payment.transaction.completed",
    "course.access.granted",
    "course.payment.completed",
    "course.distribution.requested",
    "distribution.published",
    "course.distribution.completed",
    "payment.refund.requested",
    "payment.refund.completed",
    "course.access.revoked",
  ]) {
    expect(`${type} × ${count(type)}`).toBe(`${type} × 1`);
  }
  expect(told.body).toMatchObject({ correlation_id: story, count: all.length, truncated: false });
  expect(all.flatMap(({ dead_letters: letters }) => letters)).toEqual([]);
  // Each event stands below the one that caused it.
  expect(childrenOf(all, "ir.validated_escalate")).toContain("ir.approval_created");
  expect(childrenOf(all, "ir.approval_created")).toContain("ir.approval_consumed");
  expect(childrenOf(all, "course.generation.completed")).toContain("distribution.created");
  expect(childrenOf(all, "distribution.created")).toContain("course.deployed.staging");
  expect(childrenOf(all, "course.payment.required")).toEqual(["payment.intent.created"]);
  expect(childrenOf(all, "payment.intent.created")).toContain("payment.transaction.completed");
  expect(childrenOf(all, "payment.transaction.completed")).toEqual(
    expect.arrayContaining(["course.access.granted", "course.payment.completed", "payment.refund.requested"]),
  );
  expect(childrenOf(all, "course.distribution.requested")).toEqual(["course.distribution.completed"]);
  expect(childrenOf(all, "payment.refund.completed")).toEqual(["course.access.revoked"]);
  const completed = all.find(({ type }) => type === "payment.transaction.completed");
  expect(completed?.handled_by.map(({ subscriber }) => subscriber)).toEqual(
    expect.arrayContaining(["course_access", "course_factory"]),
  );
  expect(await countOf(edge, "dead_letters")).toBe(0);
  // Nothing of the sale was told outside the story, but what was refused to the reviewer and to the used token.
  const [{ others = "0" } = {}] = await edge.sql<{ others: string }>(
    "SELECT count(*) AS others FROM events WHERE correlation_id <> $1 AND type NOT LIKE 'ir.%'",
    [story],
  );
  expect(Number(others)).toBe(0);
});
