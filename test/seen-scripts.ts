import { createHash } from "node:crypto";

/** One command of a request over REST: name and arguments. */
type SentCommand = readonly string[];

/**
 * What proxies in front of Redis know of scripts, so that a test can tell a script by its text whichever way it was sent.
 * Scripts that did not come by here are unknown, whatever Redis has: a proxy then answers NOSCRIPT itself.
 */
export interface SeenScripts {
  /** The same commands with `EVAL` and the text in place of `EVALSHA` and the digest; null when a digest is unknown. */
  withTexts(commands: readonly SentCommand[]): SentCommand[] | null;
}

export const noScript = JSON.stringify([{ error: "NOSCRIPT No matching script. Please use EVAL." }]);

export function createSeenScripts(): SeenScripts {
  const texts = new Map<string, string>();
  return {
    withTexts(commands) {
      const full: SentCommand[] = [];
      for (const command of commands) {
        const [name = "", script = "", ...words] = command;
        if (name.toUpperCase() === "EVAL") texts.set(createHash("sha1").update(script).digest("hex"), script);
        if (name.toUpperCase() !== "EVALSHA") {
          full.push(command);
          continue;
        }
        const text = texts.get(script);
        if (text === undefined) return null;
        full.push(["EVAL", text, ...words]);
      }
      return full;
    },
  };
}
