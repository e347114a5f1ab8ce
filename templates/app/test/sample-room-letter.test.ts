import { requireStream } from "@brain/engine";
import { test } from "vitest";
import { openProduct } from "./engine.ts";

/*
 * TEMPLATE_PURPOSE It fails now, for the reason that production gave: mend the handler, and it holds. If the failure is right,
 * expect it: `settle({ expectFailures: [{ subscriber, error: inProduction }] })`. What the handler reads from tables has to be put there before the entry.
 */

const subscriber = "sample_room";
/** As production told it. */
const inProduction = "";
const payload = { paper_slip_id: "3f1c9a52-6f0b-4b61-9a57-6d1f3f1d2c10", quantity: 3 };
/** The other fields of its entry on the stream. */
const fields = { type: "sample_room.paper_slip.newly_added" };

test(`${subscriber} handles ${fields.type}`, async () => {
  const product = await openProduct();
  const { redis, keys } = requireStream(product.engine.open(), ".");
  const entry = { ...fields, payload: JSON.stringify(payload) };
  await redis.command(["XADD", keys.stream(0), "*", ...Object.entries(entry).flat()]);
  await product.settle().catch((error: unknown) => {
    throw new Error(`In production it failed so: ${inProduction}`, { cause: error });
  });
});
