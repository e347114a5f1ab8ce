import { maxMessageId, parseMessageId } from "@brain/schemas";
import { expect, test } from "vitest";
import { besideId, messageIdOfRow } from "./beside-ids.ts";

test("an id beside another is the same each time, differs by event, and leads back", () => {
  const id = parseMessageId("1764000000000-5");
  const beside = besideId(id, "evt_1");
  expect(beside).toMatch(/^1764000000000-5-[0-9a-f]{8}$/);
  expect(besideId(id, "evt_1")).toBe(beside);
  expect(besideId(id, "evt_2")).not.toBe(beside);
  expect([messageIdOfRow(beside), messageIdOfRow(id)]).toEqual([id, id]);
});

test("the longest id there is fits a column of 50 characters", () => {
  expect(besideId(maxMessageId, crypto.randomUUID()).length).toBeLessThanOrEqual(50);
});

test("thousands of events under one id have ids of their own", () => {
  const ids = Array.from({ length: 5_000 }, (_, at) => besideId("7-1", `evt_${at}`));
  expect(new Set(ids).size).toBe(5_000);
});
