import type { MissionHandler } from "../../ports/mission-handler.ts";

/** Answers with its payload: proves that the queue works, and is a record of something that people do elsewhere. */
export const echoHandler: MissionHandler = {
  type: "echo",
  describe: "Completes with its own payload as the result.",
  timeoutMs: 5_000,
  validate: () => null,
  execute: async ({ payload }) => ({ echo: payload }),
};
