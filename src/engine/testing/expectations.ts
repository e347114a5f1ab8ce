import type { EventDefinition } from "@brain/schemas";
import type { RecordedDetails } from "../events/history.ts";
import { describeMissing, matching, type Published } from "./recorded.ts";

/** What a test expects of the events that were published. */
export interface EventExpectations {
  /**
   * @param part of the payload; matchers such as `expect.any(String)` work
   * @returns the first such event
   * @throws {Error} there is none; says what there is
   */
  expectEvent<D extends EventDefinition>(definition: D, part?: object): Promise<Published<D>>;
  /** @throws {Error} there is such an event */
  expectNoEvent(definition: EventDefinition, part?: object): Promise<void>;
  /**
   * The same as `expectEvent` for what something else publishes some time: looks again until it is there.
   *
   * @param timeoutMs real time; default 10,000
   */
  waitForEvent<D extends EventDefinition>(
    definition: D,
    part?: object,
    timeoutMs?: number,
  ): Promise<Published<D>>;
}

const waitForEventMs = 10_000;
const lookAgainMs = 20;

export function expectationsOf(recorded: () => Promise<readonly RecordedDetails[]>): EventExpectations {
  const find = async (definition: EventDefinition, part: object) => {
    const events = await recorded();
    const [found] = matching(events, definition, part);
    return { found, missing: found === undefined ? describeMissing(events, definition, part) : "" };
  };
  return {
    async expectEvent(definition, part = {}) {
      const { found, missing } = await find(definition, part);
      if (found === undefined) throw new Error(missing);
      return found as never;
    },
    async expectNoEvent(definition, part = {}) {
      const { found } = await find(definition, part);
      if (found === undefined) return;
      throw new Error(`"${found.type}" was published: ${found.id} ${JSON.stringify(found.payload)}`);
    },
    async waitForEvent(definition, part = {}, timeoutMs = waitForEventMs) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const { found, missing } = await find(definition, part);
        if (found !== undefined) return found as never;
        if (performance.now() >= deadline) throw new Error(`Not within ${timeoutMs} ms: ${missing}`);
        await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
      }
    },
  };
}
