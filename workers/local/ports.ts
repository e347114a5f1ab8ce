/** Listening on 127.0.0.1, and nothing else: local services are nobody else's business. */

import type { Server } from "node:http";
import { createServer, type Socket, type Server as TcpServer } from "node:net";

/** A port nobody listens on right now. It may be taken before it is used; a start that fails so is repeated by hand. */
export async function findFreePort(): Promise<number> {
  const probe = createServer();
  const port = await listenOnLoopback(probe, 0);
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

export async function isPortFree(port: number): Promise<boolean> {
  const probe = createServer();
  try {
    await listenOnLoopback(probe, port);
  } catch {
    return false;
  }
  await new Promise((resolve) => probe.close(resolve));
  return true;
}

/** The connections of each server, also those that have said nothing yet and those that changed to another protocol. */
const connections = new WeakMap<TcpServer, Set<Socket>>();

/**
 * A client that resets its connection, or sends what is no HTTP, is no reason for this program to end. `node:http` looks
 * after most connections itself; after those that asked for another protocol nobody does.
 */
function lookAfterConnections(server: TcpServer): void {
  const open = new Set<Socket>();
  connections.set(server, open);
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => open.delete(socket));
  });
}

/**
 * Starts `server`; 0 takes a free port. Gives the port. Whatever goes wrong with a connection ends that connection.
 *
 * @throws Error of the system when the port is taken
 */
export function listenOnLoopback(server: TcpServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    lookAfterConnections(server);
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      // For example too many open files: whoever waits for the connection notices, the others go on.
      server.on("error", (error) => console.error(`! a local server: ${error.message}`));
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error(`not a TCP address: ${address}`));
      else resolve(address.port);
    });
  });
}

/** Stops a server of `listenOnLoopback` at once, with all its connections, whatever they are doing. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    // `closeAllConnections` of `node:http` knows those alone that speak HTTP.
    for (const socket of connections.get(server) ?? []) socket.destroy();
  });
}
