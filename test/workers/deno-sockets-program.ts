import { createDatabase } from "@brain/engine";
import { neonConfig } from "@neondatabase/serverless";
import { useSocketsWithoutDelay } from "../../workers/deno-sockets.ts";

/*
 * Sends one message of 4,000 bytes over a WebSocket and waits for an answer. Its first argument is the URL; the second
 * says whose socket: `ours`, as the Deno host sets it, or `own`, that of Deno.
 */

declare const Deno: { readonly args: readonly string[]; exit(code: number): never };

const [url = "", whose] = Deno.args;
if (whose === "ours") useSocketsWithoutDelay();
// The driver is told of it with the first connection; nobody listens there.
await createDatabase("postgres://user:password@127.0.0.1:1/none")
  .open()
  .catch(() => undefined);
const Socket = (neonConfig.webSocketConstructor ?? WebSocket) as typeof WebSocket;
const socket = new Socket(url);
socket.addEventListener("open", () => socket.send(new Uint8Array(4_000)));
socket.addEventListener("message", () => Deno.exit(0));
