import { type CallOutside, callOutside as call } from "@brain/engine";

/**
 * What routes and jobs call the outside with. A consumer reaches this file over no import, which the import rules hold:
 * its handlers call `fetch` of their context, which refuses while an operator tries an event out.
 */
export const callOutside: CallOutside = call;
