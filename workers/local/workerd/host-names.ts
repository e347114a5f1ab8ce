/** Names for the workers of `npm start`: workerd resolves the hosts that it calls, but tells no worker their addresses. */

import { lookup } from "node:dns/promises";

/** The addresses of a name; rejects when it has none. */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** As workerd resolves it for a call: by the system, so that /etc/hosts counts too. */
const lookupBySystem: Lookup = async (name) =>
  (await lookup(name, { all: true })).map(({ address }) => address);

/**
 * What answers the workers' binding HOST_NAMES: `GET /?name={host}` with a list of addresses. 502: the name has none, or
 * nobody can say; the text tells why.
 */
export function createHostNamesService(
  addressesOf: Lookup = lookupBySystem,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const name = new URL(request.url).searchParams.get("name") ?? "";
    if (name === "") return new Response("expected GET /?name={host}", { status: 400 });
    try {
      return Response.json(await addressesOf(name));
    } catch (error) {
      return new Response(String(error), { status: 502 });
    }
  };
}
