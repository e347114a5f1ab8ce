import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDemoApi, type DemoApi, DemoError } from "../../src/demo/api.ts";
import { makeDemo } from "../../src/demo/build.ts";
import { type StripeStandIn, startStripeStandIn } from "../../workers/local/stripe/stand-in.ts";
import { charter } from "../cli/server.ts";
import { signIn } from "../console/console.ts";
import { createTestEngine } from "../engine.ts";
import { browserHangMs, launchChromium } from "../pages/chromium.ts";
import { waitFor } from "../wait-for.ts";
import { brokenLinks } from "./console-pages.ts";
import { type Edge, startEdge } from "./edge.ts";
import { productBundles } from "./product-bundles.ts";

/* The demo world, made on the built workers in workerd: begun, interrupted, made whole, asked for again. */

const keys = { secretKey: "sk_of_the_demo", webhookSecret: "whsec_of_the_demo" };
let stripe: StripeStandIn;
let edge: Edge;
let admin: DemoApi;

beforeAll(async () => {
  stripe = await startStripeStandIn(keys);
  const env = {
    STRIPE_API_URL: stripe.url,
    STRIPE_SECRET_KEY: keys.secretKey,
    STRIPE_WEBHOOK_SECRET: keys.webhookSecret,
    BRAIN_PUBLIC_URL: "http://127.0.0.1:8787",
    // Keys of 32 bytes, so that missions and endpoints may have secrets.
    BRAIN_SECRETS_KEY: Buffer.alloc(32, 7).toString("base64"),
  };
  // No name leads anywhere: nothing of the world goes outside.
  const lookup = (name: string) => Promise.reject(new Error(`${name} has no address here`));
  edge = await startEdge(await productBundles(), env, { lookup });
  stripe.setEndpoint(`${edge.url}/api/paycore/webhooks/stripe`);
  admin = createDemoApi(edge.url, edge.key);
});
afterAll(async () => {
  await edge?.stop();
  await stripe?.close();
});

const run = (...args: string[]) => charter(edge.url, ["demo", ...args], { env: { CHARTER_KEY: edge.key } });
const get = async (path: string) => (await admin.send("GET", path)).body;
/** All but what the mission tells that is tried again and again: that goes on by itself. */
const eventCount = async (): Promise<number> => {
  const [row] = await edge.sql<{ count: number }>(
    "SELECT count(*)::integer AS count FROM events WHERE type NOT LIKE 'task.%' AND type NOT LIKE 'mission.%'",
  );
  const [missions] = await edge.sql<{ count: number }>("SELECT count(*)::integer AS count FROM missions");
  return (row?.count ?? 0) + (missions?.count ?? 0);
};

/** Runs with a browser that is signed in. */
async function inBrowser(look: (page: Page) => Promise<void>): Promise<void> {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ baseURL: edge.url, locale: "en-GB" });
    page.setDefaultTimeout(browserHangMs);
    await signIn(page, edge.key);
    await look(page);
  } finally {
    await browser.close();
  }
}

/** A connection that breaks for good after so many changes that `counts`. How often somebody looks does not. */
function breakingAfter(changes: number, counts: () => boolean = () => true): DemoApi {
  let left = changes;
  return {
    ...admin,
    send(...request) {
      if (request[0] !== "GET" && counts()) left -= 1;
      if (left < 0) throw new DemoError("the connection broke");
      return admin.send(...request);
    },
  };
}

describe("the demo world", () => {
  test("is offered by the console where the system is empty", () =>
    inBrowser(async (page) => {
      await page.goto("/");
      await page.getByRole("button", { name: "Make the world" }).waitFor();
    }));

  test("is made whole by a second run where the first was interrupted", async () => {
    const seen: string[] = [];
    const broken = makeDemo(
      breakingAfter(3, () => seen.at(-1) === "sales and refunds"),
      { seed: 1, force: false, onProgress: (_done, _total, step) => seen.push(step) },
    );
    await expect(broken).rejects.toThrow("the connection broke");
    // Something was made, and something was not.
    expect(seen).toEqual(expect.arrayContaining(["courses", "the long story", "the week before"]));
    expect(seen).not.toContain("done");

    const made = await run();
    expect(made.code, made.stderr).toBe(0);
    expect(made.stdout).toContain("The world of seed 1 is there: 8 courses");
    expect(made.stdout).toMatch(new RegExp(`the long story +${edge.url}/stories/demo-1-long-story$`, "m"));
    // They need a key that a browser does not send.
    expect(made.stdout).not.toContain("/api/");
    expect(made.stderr).toContain("poison events");
  });

  test("has something for every page", async () => {
    const courses: readonly { language: string }[] = await get("/api/courses/public?limit=100").then(
      (body) => body.courses ?? body,
    );
    expect([...new Set(courses.map(({ language }) => language))].sort()).toEqual(["de", "en", "es", "fr"]);
    expect(courses).toHaveLength(8);

    const { groups } = await get("/api/dead-letters/groups");
    expect(
      groups.map((group: { subscriber: string; count: number }) => [group.subscriber, group.count]).sort(),
    ).toEqual([
      ["course_access", 3],
      ["course_factory", 3],
      ["payment", 2],
    ]);
    // One is tried again and again, and may be running at the moment.
    await waitFor(
      "missions in all states",
      async () => {
        const { missions } = await get("/api/missions?limit=100");
        return [...new Set(missions.map(({ status }: { status: string }) => status))].sort().join();
      },
      (statuses) => statuses === "completed,failed,pending,queued",
    );
    expect((await get("/api/missions/templates")).templates).toHaveLength(1);

    // One waits, and one of another plan for the same course was used.
    const approvals = await edge.sql<{ status: string; ir_hash: string }>(
      "SELECT status, ir_hash FROM ir_governance_approvals ORDER BY created_at",
    );
    expect(approvals.map(({ status }) => status)).toEqual(["consumed", "pending"]);
    expect(approvals[0]?.ir_hash).not.toBe(approvals[1]?.ir_hash);

    const { agents } = await get("/api/agents");
    expect(agents.map(({ status }: { status: string }) => status).sort()).toEqual([
      "offline",
      "online",
      "online",
    ]);
    const { tasks } = await get("/api/tasks?limit=100");
    expect(new Set(tasks.map(({ status }: { status: string }) => status)).size).toBeGreaterThanOrEqual(3);
    const { operator_actions: actions } = await get("/api/operator-actions");
    expect(actions.map(({ action }: { action: string }) => action).sort()).toEqual(
      expect.arrayContaining(["consumer.paused", "tenant.limited"]),
    );
  });

  test("has sales in several currencies, over a week, and a refund that waits for somebody", async () => {
    const days = await edge.sql<{ days: number; currencies: number; tenants: number }>(
      `SELECT count(DISTINCT occurred_at::date)::integer AS days, count(DISTINCT tenant_id)::integer AS tenants,
         count(DISTINCT payload ->> 'currency')::integer AS currencies
       FROM events WHERE type = 'payment.transaction.completed' AND source = 'book_shop'`,
    );
    expect(days[0]?.days).toBeGreaterThanOrEqual(5);
    expect(days[0]?.currencies).toBeGreaterThanOrEqual(4);
    expect(days[0]?.tenants).toBe(3);
    const refunds = await edge.sql<{ status: string; count: number }>(
      "SELECT status, count(*)::integer AS count FROM paycore_refunds GROUP BY status ORDER BY status",
    );
    expect(refunds).toEqual([
      { status: "succeeded", count: 1 },
      { status: "unapproved", count: 1 },
    ]);
    const failed = await edge.sql("SELECT 1 FROM events WHERE type = 'course.generation.failed'");
    expect(failed).toHaveLength(3);
  });

  test("has a long story over many modules, in one correlation", async () => {
    const { events } = await get("/api/events/correlation/demo-1-long-story?view=flat");
    const sources = new Set(events.map(({ source }: { source?: string }) => source));
    for (const source of ["ir_governance", "course_distribution", "course_access", "payment"]) {
      expect(sources).toContain(source);
    }
    expect(events.length).toBeGreaterThan(30);
  });

  test("raises an alert and fails to reach the webhook by itself, with a tick", async () => {
    await waitFor(
      "the alert of a dead letter",
      async () => {
        await edge.workers.tick();
        return get("/api/alerts");
      },
      ({ alerts }) => alerts.some(({ kind }: { kind: string }) => kind === "dead_letter_critical"),
    );
    const { endpoints } = await get("/api/webhooks");
    const { deliveries } = await get(`/api/webhooks/${endpoints[0].id}/deliveries`);
    expect(deliveries.length).toBeGreaterThan(0);
    expect(deliveries[0]).toMatchObject({ status: "waiting" });
    expect(deliveries[0].attempts.length).toBeGreaterThan(0);
  });

  test("is begun by the button of the console, which tells when it is there", () =>
    inBrowser(async (page) => {
      // Made by the command, so it is no longer offered where it would stand between other things.
      await page.goto("/");
      expect(await page.getByRole("button", { name: "Make the world" }).count()).toBe(0);
      const before = await eventCount();
      await page.goto("/demo");
      await page.getByRole("button", { name: "Make the world" }).click();
      await page.getByText("It is there. Every page has something to show now.").waitFor();
      expect(await eventCount()).toBe(before);
    }));

  test("has something on every page of the console, and each link leads somewhere", async () => {
    expect(await brokenLinks(edge)).toEqual([]);
  });

  test("is not made twice: neither by the command nor by the route", async () => {
    const before = await eventCount();
    const again = await run("--json");
    expect(JSON.parse(again.stdout)).toMatchObject({ added: false, seed: 1, courses: 8 });
    const { status, body } = await admin.send("POST", "/api/demo", { body: {} });
    expect(status).toBe(202);
    expect(["running", "completed"]).toContain(body.status);
    const state = await waitFor(
      "the end of the demo",
      () => get("/api/demo"),
      (answer) => answer.status !== "running",
    );
    expect(state).toMatchObject({ status: "completed", report: { added: false } });
    expect(await eventCount()).toBe(before);
  });

  test("is refused where there is something else, unless it is forced", async () => {
    const before = await eventCount();
    const refused = await run("--seed", "2");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("With --yes it is made all the same");
    const answer = await admin.send("POST", "/api/demo", { body: { seed: 2 }, fine: [409] });
    expect(answer).toMatchObject({ status: 409, body: { error: { code: "conflict" } } });
    expect(await eventCount()).toBe(before);
    // The control: with --yes nothing stands in the way, so that only the condition refused it.
    const begun: string[] = [];
    await expect(
      makeDemo(breakingAfter(2), {
        ...{ seed: 2, force: true },
        onProgress: (_done, _total, step) => begun.push(step),
      }),
    ).rejects.toThrow("the connection broke");
  });

  test("is refused elsewhere than on this machine, before anything is asked", async () => {
    const far = await charter("http://brain.example", ["demo"], { env: { CHARTER_KEY: "key" } });
    expect(far.code).toBe(1);
    expect(far.stderr).toContain("http://brain.example is not on this machine");
  });

  test("is for administrators of all tenants", async () => {
    const roles = [
      { name: "viewer", roles: ["viewer"] },
      { name: "tenant admin", roles: ["admin"], tenant_id: "pedale" },
    ];
    for (const role of roles) {
      const { body: key } = await admin.send("POST", "/api/keys", { body: role });
      const api = createDemoApi(edge.url, key.secret ?? key.key);
      expect((await api.send("POST", "/api/demo", { body: {}, fine: [403] })).status).toBe(403);
    }
    const stranger = createDemoApi(edge.url, "nobody");
    expect((await stranger.send("GET", "/api/demo", { fine: [401] })).status).toBe(401);
  });
});

test("where nobody gives the demo there are no such routes", async () => {
  const engine = await createTestEngine();
  try {
    expect((await engine.request("GET", "/api/demo")).status).toBe(404);
    expect((await engine.request("POST", "/api/demo", {})).status).toBe(404);
  } finally {
    await engine.cleanup();
  }
});
