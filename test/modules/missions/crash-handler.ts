import { sql } from "drizzle-orm";
import type { MissionHandler } from "../../../src/modules/ports/mission-handler.ts";

/** What the processes do that the test kills: one effect on its own, and one with the completion. */
export const crashHandler: MissionHandler = {
  type: "test.crash",
  describe: "For tests.",
  validate: () => null,
  async execute({ id, attempt, payload }, { db }) {
    await db.rows(sql`INSERT INTO loose_effects (id) VALUES (${id}::uuid)`);
    if (payload.ends_once === false && attempt === 1) await new Promise(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 30));
    return async (tx) => {
      await tx.execute(sql`INSERT INTO effects (id) VALUES (${id}::uuid)`);
      return {};
    };
  },
};
