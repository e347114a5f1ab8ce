/** Requests that node:http refuses before anybody else sees them. */

import type { Server } from "node:http";
import type { Duplex } from "node:stream";

/**
 * Of a request line and its headers. 16 KiB, as node:http has it, is little for a path that has a value in it; more than
 * this is for the body.
 */
export const maxHeadBytes = 1024 * 1024;

/** Of one request; node:http stops at as many when it is told nothing, and names neither limit in its error. */
const maxHeaders = 2_000;

/** Longest time that what is still sent is read, so that its sender gets the answer instead of a reset connection. */
const lingerMs = 2_000;

const statusLines: Readonly<Record<string, readonly [string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    `ERR request line and headers are too large. Limit: ${maxHeadBytes} bytes in ${maxHeaders} headers; send the command as JSON in the body`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "ERR the request did not come to its end in time"],
};

/** Answers them in JSON, as everything else is. */
export function answerBrokenRequests(server: Server): void {
  server.maxHeadersCount = maxHeaders;
  server.on("clientError", (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === "ECONNRESET" || !socket.writable) {
      socket.destroy();
      return;
    }
    const [status, message] = statusLines[error.code ?? ""] ?? [
      "400 Bad Request",
      `ERR the request is not HTTP: ${error.code}`,
    ];
    const body = JSON.stringify({ error: message });
    socket.end(
      `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    // Else the rest would be given to the parser, which has given up.
    socket.removeAllListeners("data");
    socket.on("data", () => undefined);
    setTimeout(() => socket.destroy(), lingerMs).unref();
  });
}
