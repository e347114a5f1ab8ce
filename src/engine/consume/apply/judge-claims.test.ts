import { createCatalog, defineEvent } from "@brain/schemas";
import { expect, test } from "vitest";
import * as z from "zod";
import { besideId } from "../../core/beside-ids.ts";
import type { Claim } from "./claim.ts";
import { judgeRefused, type KnownClaim, type Verdict } from "./judge-claims.ts";

const partChecked = defineEvent("lab.part.checked", {
  ...{ version: 1, module: "lab", criticality: "INFO", when: "A part was checked" },
  payload: z.strictObject({ part: z.string().max(100) }),
});
const catalog = createCatalog([partChecked], { readAliases: new Map([["t.old", partChecked.type]]) });
const claim: Claim = {
  ...{ messageId: "7-1", place: "7-1", eventId: "b", type: partChecked.type, tenantId: "acme" },
  ...{ replayGeneration: 0, letterId: null, fields: ["type", "t.wire"] },
};
const long = { ...claim, eventId: "b".repeat(51) };
const row = (
  m: string,
  e: string | null,
  t: string | null = partChecked.type,
  n: string | null = "acme",
): KnownClaim => ({
  ...{ m, e, t, n },
});
const beside = besideId("7-1", "b");

test.each<[what: string, known: KnownClaim[], verdict: Verdict, given?: Claim, original?: string]>([
  ["the very entry", [row("7-1", "b")], "redelivered"],
  ["the event under another id", [row("9-9", "b")], "published_twice"],
  ["the event, beside another one", [row("7-1", "a"), row(beside, "b")], "redelivered"],
  ["another event under the id", [row("7-1", "a")], "beside"],
  ["another event, and this one under another id", [row("7-1", "a"), row("9-9", "b")], "redelivered"],
  ["a claim that names no event", [row("7-1", null)], "redelivered"],
  ["a claim that says nothing at all", [row("7-1", null, null, null)], "redelivered"],
  ["a claim that names no event, of another type", [row("7-1", null, "t.other")], "id_taken"],
  ["the event's id with another type", [row("9-9", "b", "t.other")], "id_taken"],
  ["the event's id of another tenant", [row("9-9", "b", partChecked.type, "other")], "id_taken"],
  ["the type under an older name", [row("7-1", "b", "t.old")], "redelivered"],
  ["the type as it stands on the stream", [row("7-1", "b", "t.wire")], "redelivered"],
  ["what an operator redrove", [row("9-9", "b", "t.other"), row(beside, null)], "redelivered"],
  ["another event beside it, with the same digits", [row("7-1", "a"), row(beside, "c")], "id_taken"],
  ["an id that no claim holds, behind another event", [row("7-1", "a")], "id_taken", long],
  ["the original of which it is a copy", [row("7-1", "a")], "redelivered", claim, "a"],
  ["a claim that is gone", [], "beside"],
])("%s", (_what, known, verdict, given = claim, original = undefined) => {
  expect(judgeRefused(catalog, given, known, original ?? null)).toBe(verdict);
});
