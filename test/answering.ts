import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

/**
 * For `createServer`: answers that take a while. A caller that is gone before its answer, as a killed worker is, is no
 * failure of the test; everything else that goes wrong here is.
 */
export function answering(
  answer: (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>,
): RequestListener {
  return (incoming, outgoing) => {
    answer(incoming, outgoing).catch((error: unknown) => {
      if (!incoming.socket.destroyed) throw error;
    });
  };
}
