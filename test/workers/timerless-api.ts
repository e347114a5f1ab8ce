import api from "../../workers/api.ts";

/** Of those who wait for the statement of another request (`src/engine/events/record-events.ts`), ms. */
const lostAfterMs = 5_000;

const start = globalThis.setTimeout;
globalThis.setTimeout = ((...timer: Parameters<typeof start>) =>
  timer[1] === lostAfterMs ? undefined : start(...timer)) as typeof start;

globalThis.setInterval = (() => undefined) as unknown as typeof setInterval;

/** The API worker without that timer, and without looks in between. */
export default api;
