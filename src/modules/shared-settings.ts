import { secretsKeys, shownText, type VaultKeys } from "@brain/engine";
import * as z from "zod";
import { publicUrl } from "../http/kit/public-url.ts";

/** What several modules read: one definition, so that it means the same to all. */

/** Where this product is reached from outside. */
export { publicUrl };

/** Hosts that may be called for callers although they are private, `name` or `name:port`, separated by commas. */
export const privateHosts = {
  BRAIN_MISSION_HTTP_ALLOW: shownText(
    z
      .string()
      .regex(/^[a-z0-9.:[\]\- ,]*$/, "expected host names in lower case, separated by commas")
      .optional(),
  ),
};

export function hostsOf(text: string | undefined): readonly string[] {
  return (text ?? "").split(/[\s,]+/).filter((host) => host !== "");
}

/** The keys that stored secrets are sealed with; left out: what needs them is refused. */
export { secretsKeys };

export function vaultKeysOf(env: {
  readonly BRAIN_SECRETS_KEY?: string | undefined;
  readonly BRAIN_SECRETS_KEY_PREVIOUS?: string | undefined;
}): VaultKeys {
  return { current: env.BRAIN_SECRETS_KEY ?? null, previous: env.BRAIN_SECRETS_KEY_PREVIOUS ?? null };
}
