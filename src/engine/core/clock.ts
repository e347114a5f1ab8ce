/** What time it is: Unix time, ms. Nothing here reads another clock, so that a test can move time. */
export type Clock = () => number;

/** The clock of the machine; given once, to `createEngine`, and handed down from there. */
export const systemClock: Clock = () => Date.now();
