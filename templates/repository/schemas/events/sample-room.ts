import * as z from "zod";
import { defineEvent } from "../define-event.ts";
import { id } from "./fields.ts";

export const sampleRoomPaperSlipNewlyAdded = defineEvent("sample_room.paper_slip.newly_added", {
  version: 1,
  module: "sample_room",
  criticality: "INFO",
  when: "A paper slip was newly added",
  key: (payload) => payload.paper_slip_id,
  payload: z.strictObject({
    paper_slip_id: id.describe("The paper slip."),
    quantity: z.int().min(1).max(1_000).describe("How many there are of it."),
  }),
  consumers: ["sample_room"],
});
