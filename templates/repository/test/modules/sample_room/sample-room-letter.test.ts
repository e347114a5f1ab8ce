import { describeError } from "@brain/engine";
import { expect, onTestFinished, test } from "vitest";
import { createTestEngine } from "../../engine.ts";

/*
 * TEMPLATE_PURPOSE It fails now, for the reason that production gave: mend the handler, and it holds. If the failure is right,
 * expect it: `.toEqual([inProduction])`. What the handler reads from tables has to be put there before the entry.
 */

const subscriber = "sample_room";
/** As production told it. */
const inProduction = "";
const payload = { paper_slip_id: "3f1c9a52-6f0b-4b61-9a57-6d1f3f1d2c10", quantity: 3 };
/** The other fields of its entry on the stream. */
const fields = { type: "sample_room.paper_slip.newly_added" };

test(`${subscriber} handles ${fields.type}`, async () => {
  const engine = await createTestEngine();
  onTestFinished(() => engine.cleanup());
  const entry = { ...fields, payload: JSON.stringify(payload) };
  await engine.redis("XADD", engine.stream, "*", ...Object.entries(entry).flat());
  await engine.drain(subscriber);
  const failures = engine.failures.map(({ error }) => describeError(error, true));
  expect(failures, `in production: ${inProduction}`).toEqual([]);
});
