import { expect } from "vitest";
import { waitFor } from "../wait-for.ts";
import type { Installed } from "./installed.ts";

/** An app that serves, and what is behind it. */
interface Served {
  readonly url: URL;
  /** Of operators; nothing but the app and `charter` may know it. */
  readonly operatorKey: string;
  /** Of callers of the app. */
  readonly apiKey: string;
  rows(text: string): Promise<unknown[]>;
}

const subscriber = "shop";

/** Steers a consumer that fails, by the program `charter` of the app and by its routes, as the documents say. */
export async function expectShopToBeOperated(
  shop: Installed,
  { url, operatorKey, apiKey, rows }: Served,
): Promise<void> {
  const told: string[] = [];
  const charter = async <T>(...args: readonly string[]): Promise<T> => {
    const output = await shop.run("charter", [...args, "--json", "--url", url.origin], {
      CHARTER_KEY: operatorKey,
    });
    told.push(output);
    return JSON.parse(output) as T;
  };
  const ask = async (path: string, init: RequestInit = {}, key: string | null = operatorKey) => {
    const authorization: Record<string, string> = key === null ? {} : { authorization: `Bearer ${key}` };
    const headers = { "content-type": "application/json", ...authorization };
    const answer = await fetch(new URL(path, url), { ...init, headers });
    const text = await answer.text();
    told.push(text);
    return { status: answer.status, body: JSON.parse(text) };
  };
  const order = async (quantity: number): Promise<string> => {
    const init = { method: "POST", body: JSON.stringify({ quantity }) };
    const { status, body } = await ask("/api/shop/orders", init, apiKey);
    expect(status).toBe(201);
    return body.order_id;
  };
  const handled = async () => {
    const [row] = await rows("SELECT handled FROM shop_totals");
    return (row as { handled: number } | undefined)?.handled ?? 0;
  };
  const openLetters = () =>
    rows("SELECT id::text, event_id FROM dead_letters WHERE status = 'open' ORDER BY id");

  for (const path of ["/api/dead-letters", "/api/events/stats", "/metrics"]) {
    for (const key of [null, apiKey, `${operatorKey}x`]) {
      expect((await ask(path, {}, key)).status, path).toBe(401);
    }
  }
  // Of callers, too: which key is asked for, in the shape of every other error.
  for (const key of [null, operatorKey, "not one word"]) {
    expect(await ask("/api/shop/orders", { method: "POST", body: "{}" }, key)).toMatchObject({
      status: 401,
      body: {
        error: {
          code: "unauthorized",
          message: expect.stringContaining("APP_API_KEY"),
          request_id: expect.stringMatching(/^[\da-f-]{36}$/),
        },
      },
    });
  }
  expect(await charter("whoami")).toMatchObject({ tenant_id: null, scopes: ["admin"] });
  // The janitor comes once an hour: the doctor need not wait for it, and cron comes in a minute.
  expect(await charter("doctor")).toMatchObject({ healthy: true });

  const before = await handled();
  await rows("ALTER TABLE shop_totals ADD CONSTRAINT never CHECK (handled < 0) NOT VALID");
  await order(1);
  const [letter] = (await waitFor("a dead letter is there", openLetters, (seen) => seen.length === 1)) as [
    { id: string; event_id: string },
  ];
  expect(await charter("dlq", "ls")).toMatchObject({ dead_letters: [{ id: letter.id, subscriber }] });
  // Not healthy, and says why.
  const sick = await shop.tried("charter", ["doctor", "--url", url.origin], { CHARTER_KEY: operatorKey });
  expect(sick).toMatchObject({
    code: 1,
    output: expect.stringMatching(/^PROBLEM +dead letters: 1 is open/m),
  });
  const triedIn = async () =>
    JSON.stringify(await ask(`/api/dead-letters/${letter.id}/try`, { method: "POST", body: "{}" }));
  expect(await triedIn()).toContain("never");
  await rows("ALTER TABLE shop_totals DROP CONSTRAINT never");
  await charter("dlq", "try", letter.id);
  expect(await handled()).toBe(before);
  await charter("dlq", "redrive", letter.id, "--reason", "mended");
  await waitFor("it is handled", handled, (count) => count === before + 1);

  await charter("consumers", "pause", subscriber, "--reason", "a release");
  const orderId = await order(2);
  expect(await charter("consumers", "ls")).toMatchObject({
    consumers: expect.arrayContaining([
      expect.objectContaining({
        subscriber,
        paused: [expect.objectContaining({ reason: "a release" })],
      }),
    ]),
  });
  expect(await handled()).toBe(before + 1);
  await charter("consumers", "resume", subscriber);
  await waitFor("what came meanwhile is handled", handled, (count) => count === before + 2);

  const [event] = (await rows(
    `SELECT id, correlation_id FROM events WHERE payload->>'order_id' = '${orderId}'`,
  )) as [{ id: string; correlation_id: string }];
  expect(await charter("story", event.correlation_id)).toMatchObject({ events: [{ id: event.id }] });
  expect(await ask(`/api/events/${event.id}/effects`)).toMatchObject({ status: 200 });
  expect(await ask("/api/catalog?observed=false")).toMatchObject({
    body: {
      events: expect.arrayContaining([expect.objectContaining({ type: "shop.order.placed" })]),
      subscribers: expect.arrayContaining([{ subscriber, module: "shop" }]),
    },
  });
  // All are handled already: a replay of what is missing finds nothing to do.
  await charter("replay", "start", subscriber, "--name", "to be sure");
  await waitFor(
    "the replay is over",
    () => ask("/api/replays"),
    ({ body }) => body.replays[0]?.status === "completed",
  );
  expect(await charter("replay", "ls")).toMatchObject({ replays: [{ subscriber, name: "to be sure" }] });
  expect(await handled()).toBe(before + 2);
  const { operator_actions: done } = await charter<{ operator_actions: { action: string }[] }>("actions");
  expect(done.map(({ action }) => action)).toEqual(
    expect.arrayContaining(["consumer.paused", "consumer.resumed"]),
  );
  expect(await charter("doctor")).toMatchObject({ healthy: true });
  expect(told.join("\n")).not.toContain(operatorKey);
}
