import type { Ask, Probe } from "../../../governance/phases/system.ts";
import type { Client } from "../../client.ts";
import { ConnectionError } from "../../errors.ts";

/** Asks a system what it is; that nothing answers is an answer too. */
export function asking(client: Client): Ask {
  return async (path): Promise<Probe | { readonly why: string }> => {
    try {
      return await client.probe(path);
    } catch (error) {
      if (error instanceof ConnectionError) return { why: error.message };
      throw error;
    }
  };
}
