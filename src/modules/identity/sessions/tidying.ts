import { defineJob } from "@brain/engine";
import { deleteOldSessions } from "./store.ts";

/** Takes away sessions that have been over for a day, once an hour. */
export const sessionTidying = defineJob({
  name: "identity_session_tidying",
  async run({ transact, now, isOver }) {
    while (!isOver()) {
      if (!(await transact({ source: "identity" }, (tx) => deleteOldSessions(tx, now())))) break;
    }
    return null;
  },
});
