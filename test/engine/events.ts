import { createCatalog, defineEvent } from "@brain/schemas";
import * as z from "zod";

/*
 * A small catalog for the tests of the engine: the events of a laboratory, which no product has. With and without a key,
 * several of one key, one that is critical, one with an older version.
 */

const lab = { version: 1, module: "lab", criticality: "INFO" } as const;
const meterId = z.string().min(1).max(100);
const byMeter = ({ meter_id }: { meter_id: string }) => meter_id;

/** In order for each meter. */
export const meterRead = defineEvent("lab.meter.read", {
  ...lab,
  when: "A meter was read",
  key: byMeter,
  payload: z.strictObject({
    meter_id: meterId,
    reading: z.int().min(0).max(1_000_000_000),
    faults: z.int().min(0).max(1_000_000_000),
  }),
});

/** In order with the readings of its meter. */
export const meterMounted = defineEvent("lab.meter.mounted", {
  ...lab,
  when: "A meter was mounted",
  key: byMeter,
  payload: z.strictObject({
    meter_id: meterId,
    number: z.int().min(0).max(1_000_000_000).optional(),
    code: z.int().min(0).max(1_000_000_000).optional(),
  }),
});

/** In order with the readings of its meter. */
export const meterRemoved = defineEvent("lab.meter.removed", {
  ...lab,
  when: "A meter was taken away",
  key: byMeter,
  payload: z.strictObject({ meter_id: meterId }),
});

/** Without an order. */
export const partChecked = defineEvent("lab.part.checked", {
  ...lab,
  when: "A part of the laboratory was checked",
  payload: z.strictObject({ part: z.string().max(100), status: z.string().max(50) }),
});

/** Without an order, and as long as one likes. */
export const noticeGiven = defineEvent("lab.notice.given", {
  ...lab,
  when: "Somebody has something to say",
  payload: z.strictObject({ message: z.string().max(100_000) }),
});

/** Critical, and says so when its publisher says nothing. */
export const alarmRaised = defineEvent("lab.alarm.raised", {
  ...lab,
  criticality: "CRITICAL",
  severity: "CRITICAL",
  when: "Something is wrong in the laboratory",
  payload: z.strictObject({ message: z.string().max(100_000) }),
});

/** In order for each sample. */
export const sampleTaken = defineEvent("lab.sample.taken", {
  ...lab,
  when: "A sample was taken",
  key: ({ sample_id }) => sample_id,
  payload: z.strictObject({ sample_id: z.uuid() }),
});

/** In order with the taking of its sample; its first version counted in grams. */
export const sampleWeighed = defineEvent("lab.sample.weighed", {
  ...lab,
  version: 2,
  when: "A sample was weighed",
  key: ({ sample_id }) => sample_id,
  payload: z.strictObject({ sample_id: z.uuid(), milligrams: z.int().min(0).max(1_000_000_000) }),
  upcasts: { 1: ({ grams, ...rest }) => ({ ...rest, milligrams: Number(grams) * 1_000 }) },
});

export const labCatalog = createCatalog([
  meterRead,
  meterMounted,
  meterRemoved,
  partChecked,
  noticeGiven,
  alarmRaised,
  sampleTaken,
  sampleWeighed,
]);
