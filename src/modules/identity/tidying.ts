import { defineJob } from "@brain/engine";
import { deleteOldSessions } from "./sessions/store.ts";
import { deleteOldKeys } from "./store.ts";

/**
 * Takes away what has been over for long, once an hour: sessions after a day, keys after a month. Its name is of a time when
 * it took sessions alone, and stays: schedules and logs know it by that.
 */
export const identityTidying = defineJob({
  name: "identity_session_tidying",
  async run({ transact, now, isOver }) {
    for (const tidy of [deleteOldSessions, deleteOldKeys]) {
      while (!isOver()) {
        if (!(await transact({ source: "identity" }, (tx) => tidy(tx, now())))) break;
      }
    }
    return null;
  },
});
