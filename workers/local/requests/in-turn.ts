import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** Of a connection, so many requests are read before their turn. */
const maxAhead = 64;

/**
 * Runs the requests of a connection one after the other, each when its client has the answer to the one before, as HTTP/1.1
 * answers them. By itself node:http starts all that a client sends ahead: then one that does not read has thousands of
 * answers made, which everybody else waits behind.
 */
export function inTurn(handle: RequestListener): RequestListener {
  const lines = new WeakMap<Socket, (() => void)[]>();

  const readNoFurther = (socket: Socket) => {
    if ((lines.get(socket)?.length ?? 0) >= maxAhead) socket.pause();
  };
  const start = (socket: Socket, request: IncomingMessage, response: ServerResponse) => {
    response.once("close", () => {
      const line = lines.get(socket);
      const next = socket.destroyed ? undefined : line?.shift();
      if (next === undefined || line === undefined) {
        lines.delete(socket);
        return;
      }
      if (line.length < maxAhead) socket.resume();
      next();
    });
    handle(request, response);
  };

  return (request, response) => {
    const { socket } = request;
    const line = lines.get(socket);
    if (line === undefined) {
      lines.set(socket, []);
      start(socket, request, response);
      return;
    }
    line.push(() => start(socket, request, response));
    // Not at once: at the end of each request node:http itself lets the connection go on.
    setImmediate(readNoFurther, socket);
  };
}
