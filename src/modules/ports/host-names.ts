import { definePort } from "@brain/engine";

/*
 * What a name leads to, as a port: who calls addresses that others give looks at them first, and the host of the program
 * answers, where it can resolve names.
 */

/** All addresses of a name; rejects when it has none. */
export type ResolveHost = (host: string) => Promise<readonly string[]>;

export const hostNamesPort = definePort<ResolveHost>("host_names");
