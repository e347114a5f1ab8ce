import fc from "fast-check";

/*
 * The same cases in each run: a build that fails repeats, and one change is not refused for the fault of another. New
 * cases are drawn by `BRAIN_PROPERTY_SEED=random npm test`, and by the long forms (`npm run fuzz`, `npm run chaos`).
 */
const asked = process.env.BRAIN_PROPERTY_SEED ?? "20260101";
if (asked !== "random") fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(asked) });
