import { expect } from "vitest";
import type { Reply, Surface } from "./surface.ts";

/** The error answer has our shape, with the id of its request. */
export function expectErrorShape(reply: Reply, status: number, code: string): void {
  expect(reply.text).toContain(`"code":"${code}"`);
  expect(reply.status).toBe(status);
  expect(Object.keys(reply.body)).toEqual(["error"]);
  expect(reply.body.error).toMatchObject({ code, message: expect.stringMatching(/\S/) });
  expect(reply.body.error.request_id).toBe(reply.headers.get("x-request-id"));
  expect(reply.headers.get("x-content-type-options")).toBe("nosniff");
}

/** The request is refused in our shape, and leaves the record as it was. */
export async function expectRefused(
  surface: Surface,
  send: () => Promise<Reply>,
  status: number,
  code: string,
): Promise<Reply> {
  const before = await surface.recorded();
  const reply = await send();
  expectErrorShape(reply, status, code);
  expect(await surface.recorded()).toBe(before);
  return reply;
}

/** The fields that an error answer names. */
export function issuePaths(reply: Reply): string[] {
  return (reply.body.error.details as { path: string }[]).map(({ path }) => path);
}
