/**
 * Plain Postgres on the port of a gateway, as Neon's hosts answer it too: for migrations, `psql` and whoever else gets the
 * connection string. Nothing is looked at; Postgres itself asks for the password.
 */

import type { Server } from "node:http";
import { connect, type Socket } from "node:net";

/**
 * A packet that opens a Postgres connection begins with its length, which is far below 2^24, and one that opens TLS with
 * its type: PostgreSQL 17 and newer take it at once (`sslnegotiation=direct`). HTTP begins with a letter.
 */
const firstBytesOfPostgres: ReadonlySet<number | undefined> = new Set([0, 0x16]);
/** Longest time until a client says what it wants. */
const silentMs = 60_000;

/** Hands connections that begin like Postgres on to the server of `databaseUrl`; everything else stays with `server`. */
export function servePlainPostgres(server: Server, databaseUrl: string): void {
  const { hostname, port } = new URL(databaseUrl);
  const target = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || 5432) };
  const serveHttp = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    const giveUp = () => socket.destroy();
    socket.setTimeout(silentMs, giveUp);
    // Servers of HTTP leave their half open when a client has ended its own, and this one has asked nothing.
    socket.once("end", giveUp);
    socket.once("data", (first: Buffer) => {
      socket.setTimeout(0);
      for (const event of ["timeout", "end"]) socket.off(event, giveUp);
      socket.pause();
      socket.unshift(first);
      if (firstBytesOfPostgres.has(first[0])) join(socket, connect(target));
      else for (const serve of serveHttp) serve.call(server, socket);
      socket.resume();
    });
  });
}

/** Copies in both directions; the end of one is the end of the other. */
function join(client: Socket, upstream: Socket): void {
  for (const [from, to] of [
    [client, upstream],
    [upstream, client],
  ] as const) {
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroy());
    from.pipe(to);
  }
  client.setNoDelay(true);
  upstream.setNoDelay(true);
}
