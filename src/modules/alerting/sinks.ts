import { errorClass, retryAfterMs, withTimeLimit } from "@brain/engine";
import { callOutside } from "../call-outside.ts";
import { requirePublic } from "../outgoing.ts";
import { signedHeaders } from "../signed-webhook.ts";
import type { AlertingSettings, PostedSink } from "./settings.ts";
import type { Claimed } from "./store.ts";

/* One call of a receiver. Loaded when a message is due. */

/** A call ends within this time, ms, with all that belongs to it. */
export const callMs = 10_000;

export interface Posted {
  /** Null: it arrived. */
  readonly error: string | null;
  /** The receiver wants to be left alone for so long, s; null: it does not say. */
  readonly waitSeconds: number | null;
}

/** Never throws. */
export async function post(
  sink: PostedSink,
  message: Claimed,
  { httpAllow, resolve, now }: Pick<AlertingSettings, "httpAllow" | "resolve"> & { readonly now: () => Date },
): Promise<Posted> {
  const body = JSON.stringify(message.body);
  const signed = sink.kind === "webhook" ? signedHeaders([sink.secret], message.message_id, now(), body) : {};
  try {
    // The lookup of the name, too, which has no limit of its own: a claim holds for one call.
    const response = await withTimeLimit(callMs, "A call of a sink", async (signal) => {
      await requirePublic(new URL(sink.url), httpAllow, resolve);
      const answer = await callOutside(sink.url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "user-agent": "BRAiN-EventStream-Alerts/1",
          ...signed,
        },
        body,
        signal,
      });
      // Only the status counts; an answer without end is not read.
      await answer.body?.cancel();
      return answer;
    });
    if (response.status >= 200 && response.status < 300) return { error: null, waitSeconds: null };
    const waitMs = retryAfterMs(response.headers.get("retry-after"), now());
    return {
      error: `The receiver answered ${response.status}, expected 2xx.`,
      waitSeconds: waitMs === null ? null : Math.ceil(waitMs / 1_000),
    };
  } catch (error) {
    return { error: describe(error), waitSeconds: null };
  }
}

/** A short word of what we know; a message of a runtime may name the address, which is a secret. */
function describe(error: unknown): string {
  switch (errorClass(error)) {
    case "HandlerTimeoutError":
      return `No answer within ${callMs / 1_000} s.`;
    case "PermanentError":
      return "The address leads to a private network.";
    default:
      return "The receiver could not be reached.";
  }
}
