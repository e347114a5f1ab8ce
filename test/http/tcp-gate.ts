import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { listen } from "../listening.ts";

/**
 * How the gate treats connections: passes them on, cuts them off, keeps them without an answer; or the same also with those
 * that are open already.
 */
export type GateState = "open" | "cut" | "silent" | "frozen";

/** A door in front of a service, so that a test can take the service away from one system and leave it to the others. */
export interface TcpGate {
  /** The given URL, by way of the gate. */
  readonly url: string;
  /** A change ends the connections that are open, unless they are frozen; new ones are treated as told. */
  set(state: GateState): void;
  close(): Promise<void>;
}

export async function openTcpGate(serviceUrl: string): Promise<TcpGate> {
  const target = new URL(serviceUrl);
  let state: GateState = "open";
  const sockets = new Set<Socket>();
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  };
  const server = createServer((incoming) => {
    track(incoming);
    if (state === "cut") incoming.destroy();
    if (state !== "open") return;
    const outgoing = connect(Number(target.port), target.hostname);
    track(outgoing);
    incoming.pipe(outgoing).pipe(incoming);
    incoming.on("close", () => outgoing.destroy());
    outgoing.on("close", () => incoming.destroy());
  });
  const port = await listen(server);
  const endAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: serviceUrl.replace(`:${target.port}`, `:${port}`),
    set(next) {
      if (next === state) return;
      state = next;
      if (next !== "frozen") endAll();
      else for (const socket of sockets) socket.unpipe().pause();
    },
    async close() {
      endAll();
      server.close();
      await once(server, "close");
    },
  };
}
