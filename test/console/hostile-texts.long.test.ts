import { randomUUID } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { routes } from "../../src/console/routes.ts";
import { plantLetters } from "../engine/operations/bulk-fixture.ts";
import { type ConsoleUnderTest, createConsoleUnderTest, expectFits, watchFaults } from "./console.ts";

/*
 * Texts that would run or break a page if they were taken for markup, in whatever others say: fields of events, errors,
 * reasons, names. Each page that shows them shows them as text.
 */

/** Turns what comes behind it around, to the end of its paragraph or of what isolates it. */
const turned = "\u202Eturned";
const long = "W".repeat(5_000);
const hostile = [
  "<script>window.hit=1</script>",
  `"><img src=x onerror=window.hit=1>`,
  `'><svg onload=window.hit=1>`,
  "javascript:window.hit=1",
  "</textarea></pre></title><script>window.hit=1</script>",
  "{{7*7}}#{7*7} &lt;b&gt; \" ' `",
  turned,
  "🐝👩‍🚀 é̂",
  long,
] as const;
const all = hostile.join(" ");
/** What fits into a field that is bounded. */
const short = (text: string) => text.slice(0, 100);
const markup = short(hostile[1] + hostile[0]);

/** Routes whose pages show what is planted here. */
const telling = [
  ...["/consumers/:subscriber", "/consumers/:subscriber/blocked-keys"],
  ...["/events", "/events/:id", "/entries/:position", "/stories/:id"],
  ...["/dead-letters", "/dead-letters/list", "/dead-letters/groups/:fingerprint", "/dead-letters/:id"],
  ...["/jobs", "/jobs/redrives/:id", "/jobs/replays/:id", "/alerts", "/alerts/:id", "/audit"],
  ...["/catalog", "/catalog/:type", "/settings/keys", "/settings/keys/:id"],
  ...["/settings/tenants", "/settings/webhooks"],
];
/** Looked at, whatever links to them first. */
const places: readonly (readonly [route: string, path: string])[] = [
  ["/consumers/:subscriber", "/consumers/agents"],
  ["/consumers/:subscriber/blocked-keys", "/consumers/agents/blocked-keys"],
  ["/catalog/:type", "/catalog/agent.online"],
  ["/dead-letters/list", "/dead-letters/list?status=all"],
  ["/alerts", "/alerts?state=all"],
  ["/events", "/events?entries=foreign"],
];
/** How many pages of one route are looked at: of what is there once for each text, and of others. */
const perRoute = (route: string) => (/^.(events|entries|stories)/.test(route) ? 12 : 3);

let ours: ConsoleUnderTest;

beforeAll(async () => {
  ours = await createConsoleUnderTest();
  for (const text of hostile) await publish(text);
  await plantEntries();
  await ours.engine.settle();
  await plantFailures();
  await plantAdministration();
});
afterAll(() => ours?.close());

async function send(method: string, path: string, body: object): Promise<Record<string, unknown>> {
  const reply = await ours.engine.request(method, path, body);
  expect(reply.status, `${path}: ${reply.text}`).toBeLessThan(300);
  return reply.body;
}

/** An event that has the text in each field that takes it: what is refused is left out, and then stands in an entry. */
async function publish(text: string): Promise<void> {
  const fields: Record<string, unknown> = {
    ...{ source: short(text), target: short(text), actor_id: short(text), tenant_id: short(text) },
    ...{ correlation_id: text.slice(0, 255), mission_id: short(text), task_id: short(text) },
    meta: { note: text, [short(text)]: text },
  };
  const payload = { agent_id: short(text), details: { [text.slice(0, 50)]: text, list: [text] } };
  const event = () => ({ id: randomUUID(), type: "agent.online", payload, ...fields });
  const first = await ours.engine.request("POST", "/api/events", event());
  if (first.status === 202) return;
  expect(first.status, first.text).toBe(422);
  for (const { path } of first.body.error.details) delete fields[String(path).split(/[.[]/)[0] ?? ""];
  await send("POST", "/api/events", event());
}

/** What other programs write to the stream: one that can be read, for each text, and one that nobody can read. */
async function plantEntries(): Promise<void> {
  const { engine } = ours;
  const add = (fields: object) =>
    engine.redis("XADD", engine.stream, "*", ...Object.entries(fields).flat().map(String));
  for (const text of hostile) {
    const meta = { schema_version: 1, producer: text, source_module: text, traceparent: text, [text]: text };
    const envelope = {
      mission_id: text,
      task_id: text,
      correlation_id: text,
      tenant_id: text,
      actor_id: text,
    };
    const json = { payload: JSON.stringify({ [text]: text }), meta: JSON.stringify(meta) };
    const time = { timestamp: "2026-03-01T10:00:00.000Z", severity: text };
    await add({ id: text, type: text, source: text, target: text, ...envelope, ...json, ...time });
    await add({ [text]: text, payload: text, meta: text });
  }
}

/** Dead letters, what waits behind them, alerts, and what operators say about all of it. */
async function plantFailures(): Promise<void> {
  const { engine } = ours;
  const key = short(markup);
  const rawFields = { id: all, type: all, payload: JSON.stringify({ [all]: all }), [all]: all };
  const letter = { subscriber: "agents", type: key, key, tenant: key, eventId: key, rawFields };
  const ids = await plantLetters(engine, [letter, letter, { ...letter, fingerprint: "00000000000000bb" }]);
  await engine.sql(
    `UPDATE dead_letters SET error_message = $1, error_stack = $1, error_class = $2, correlation_id = $2, resolution = $1,
       edited_fields = $3, last_failed_at = now()`,
    [all, markup, JSON.stringify(rawFields)],
  );
  await engine.sql(
    `INSERT INTO deliveries (subscriber_name, shard, stream_name, stream_message_id, cause, key, attempts, last_error,
       event_type, due_at)
     VALUES ('agents', 0, 's', '1-1', 'waiting', $1, 2, $2, $1, now() + interval '1 hour')`,
    [key, all],
  );
  const [alert] = await engine.sql<{ id: string }>(
    `INSERT INTO alerts (kind, subject, severity, message, tenant_id, event_ids)
     VALUES ('lag_age', $1, 'high', $2, $1, ARRAY[$2]) RETURNING id::text`,
    [key, all],
  );
  const reason = all.slice(0, 500);
  await send("POST", `/api/alerts/${alert?.id}/acknowledge`, { note: reason });
  await send("POST", `/api/dead-letters/${ids[1]}/discard`, { reason });
  await send("POST", "/api/consumers/agents/pause", { reason });
  const filter = { subscriber: "agents", fingerprint: "00000000000000bb" };
  await send("POST", "/api/dead-letters/redrive", { filter, name: markup, reason });
  await send("POST", "/api/replays", {
    ...{ subscriber: "agents", mode: "force", name: markup, reason, tenant_id: short(hostile[0]) },
  });
  await engine.sql("UPDATE jobs SET status_reason = $1, actor_id = $2", [all, markup]);
  await engine.sql("UPDATE operator_actions SET actor_id = $1, filter = $2", [
    markup,
    JSON.stringify({ [all]: all }),
  ]);
  await engine.sql("UPDATE alert_actions SET actor_id = $1", [markup]);
}

/** Names that people give. */
async function plantAdministration(): Promise<void> {
  const { engine } = ours;
  for (const text of [markup, short(turned), short(long)]) {
    await send("POST", "/api/keys", { name: text, scopes: ["*:read"] });
    await send("PUT", `/api/tenants/${encodeURIComponent(text)}/limits`, { weight: 2, reason: text });
    await send("POST", "/api/webhooks", {
      ...{ url: "https://hooks.example/", event_types: ["agent.*"], description: text },
    });
  }
  await engine.sql("UPDATE identity_keys SET tenant_id = $1, created_by = $1", [markup]);
  await engine.sql("UPDATE webhook_endpoints SET tenant_id = $1, created_by = $1, disabled_reason = $2", [
    markup,
    all.slice(0, 500),
  ]);
}

/** What ran, was asked for elsewhere, or was refused. */
function watch(page: Page): () => readonly string[] {
  const faults = watchFaults(page);
  const others: string[] = [];
  page.on("dialog", (dialog) => {
    others.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if ((origin !== ours.origin || request.resourceType() === "image") && protocol !== "data:")
      others.push(`asked for ${request.url()}`);
  });
  // What is not there is asserted where it is asked for.
  return () => [...faults().filter((text) => !text.includes("status of 404")), ...others];
}

const hit = (page: Page) => page.evaluate<unknown>("window.hit");

/** Opens real paths of each route: those without parameters, and what they and the things behind them link to. */
async function* walk(page: Page) {
  const found = new Map(routes.map(({ path }) => [path, new Set(path.includes(":") ? [] : [path])] as const));
  for (const [route, path] of places) found.get(route)?.add(path);
  const shapes = routes
    .filter(({ path }) => path.includes(":"))
    .map(({ path }) => [path, new RegExp(`^${path.replaceAll(/:[a-z_]+/gi, "[^/?]+")}$`)] as const);
  const paths = [...found].flatMap(([route, all]) => [...all].map((path) => ({ route, path })));
  for (const { route, path } of paths) {
    const answer = await page.goto(path);
    yield { route, path, status: answer?.status() };
    const links = await page.evaluate<string[]>(
      "[...document.querySelectorAll('main a')].map((a) => a.getAttribute('href') ?? '')",
    );
    for (const link of links) {
      const behind = found.has(link) ? undefined : shapes.find(([, shape]) => shape.test(link))?.[0];
      const known = behind === undefined ? undefined : found.get(behind);
      if (behind === undefined || known === undefined || known.size >= perRoute(behind) || known.has(link))
        continue;
      known.add(link);
      paths.push({ route: behind, path: link });
    }
  }
}

test("no text of others runs, asks for anything, or is wider than a phone; it stands there as text", async () => {
  const page = await ours.open({ viewport: { width: 360, height: 740 } });
  const faults = watch(page);
  /** Routes whose pages showed markup. */
  const shown = new Set<string>();
  const wide: string[] = [];
  for await (const { route, path, status } of walk(page)) {
    // What only a text names is not there; the answer repeats the name.
    expect(status, path).toBe(path.endsWith(encodeURIComponent(markup)) ? 404 : 200);
    const planted = "script:not([src]), [onerror], [onload], main img, a[href^='javascript:' i]";
    expect(await page.locator(planted).count(), path).toBe(0);
    expect(await hit(page), path).toBeUndefined();
    const text = await page.evaluate<string>("document.querySelector('main').textContent");
    expect(text, path).not.toContain("49#");
    if (text.includes("<img src=x") || text.includes("<script>")) shown.add(route);
    await expectFits(page).catch(() => wide.push(path));
  }
  expect(wide).toEqual([]);
  expect(faults()).toEqual([]);
  expect(telling.filter((path) => !shown.has(path))).toEqual([]);
});

test("names and ids without a place to break push nothing out of a wide window", async () => {
  const page = await ours.open();
  const wide: string[] = [];
  for (const path of ["/alerts?state=all", "/settings/keys", "/settings/tenants", "/settings/webhooks"]) {
    await page.goto(path);
    expect(await page.locator("main").textContent(), path).toContain("W".repeat(90));
    const beyond =
      "[...document.querySelectorAll('.scroll')].filter((one) => one.scrollWidth > one.clientWidth + 1)";
    const names = await page.evaluate<string[]>(
      `${beyond}.map((one) => one.ariaLabel + " " + one.scrollWidth)`,
    );
    wide.push(...names.map((name) => `${path} ${name}`));
  }
  expect(wide).toEqual([]);
});

test("a text that turns around does not turn what others say beside it", async () => {
  const page = await ours.open();
  await page.goto("/events?entries=foreign");
  const cell = page.locator("td", { has: page.locator("a", { hasText: "turned" }) }).filter({ hasText: /./ });
  const place = async (name: string) => (await cell.locator(name).first().boundingBox())?.x ?? 0;
  // In English what comes first stands to the left.
  expect(await place("a")).toBeLessThan(await place("i"));
});

test("control: the same texts as markup run where nothing forbids it, and the watch sees it", async () => {
  const page = await ours.open({ key: null, bypassCSP: true });
  const faults = watch(page);
  await page.goto("/sign-in");
  await page.evaluate(`document.querySelector("main").innerHTML = ${JSON.stringify(hostile[1])}`);
  await page.waitForFunction("window.hit === 1");
  expect(faults()).toContain(`asked for ${ours.origin}/x`);
});
