import { expect, test } from "vitest";
import consumer from "./consumer.ts";

test("whoever asks the consumer worker in a browser is told what it is, and nothing is begun", async () => {
  const context = { waitUntil: () => expect.unreachable() } as unknown as ExecutionContext;
  const request = new Request("https://consumer/__scheduled?cron=*+*+*+*+*");
  // Without settings: it is answered before they are looked at.
  const answer = await consumer.fetch(request as Parameters<typeof consumer.fetch>[0], {}, context);
  expect(answer.status).toBe(404);
  expect(await answer.text()).toContain("/cdn-cgi/handler/scheduled");
});
