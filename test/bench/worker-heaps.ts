import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { WebSocket } from "ws";

/** Longest wait for a worker, ms. Workerd collects when it gets to it, which it may not as long as nobody calls the worker. */
const patienceMs = 5_000;

interface Said {
  readonly id?: number;
  readonly method?: string;
  readonly result?: Readonly<Record<string, number>>;
  readonly error?: { readonly message: string };
}

/**
 * What the workers hold after a collection of garbage, bytes: their heaps, and the bytes of their buffers.
 * They are asked through their inspectors, which have nobody attached before and afterwards.
 *
 * @param inspectorUrls one of each worker
 * @returns NaN when one of them did not get to it in time
 */
export async function heldByWorkers(inspectorUrls: readonly string[]): Promise<number> {
  const held = await Promise.all(inspectorUrls.map(heldBy));
  return held.reduce((sum, bytes) => sum + bytes, 0);
}

async function heldBy(url: string): Promise<number> {
  const socket = new WebSocket(url);
  await once(socket, "open");
  try {
    const asked = async () => {
      await ask(socket, 1, "HeapProfiler.enable");
      await ask(socket, 2, "HeapProfiler.collectGarbage");
      const { usedSize = Number.NaN, backingStorageSize = 0 } = await ask(socket, 3, "Runtime.getHeapUsage");
      return usedSize + backingStorageSize;
    };
    const held = asked();
    // Left behind at the time limit, it ends with the connection.
    held.catch(() => undefined);
    return await Promise.race([held, delay(patienceMs, Number.NaN, { ref: false })]);
  } finally {
    socket.close();
  }
}

/** @throws {Error} the inspector refused, or went away */
function ask(socket: WebSocket, id: number, method: string): Promise<Readonly<Record<string, number>>> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      socket.off("message", onMessage);
      socket.off("close", onClose);
      settle();
    };
    const onClose = () => end(() => reject(new Error(`${method}: the inspector has gone`)));
    const onMessage = (data: Buffer) => {
      const { id: answered, result = {}, error } = JSON.parse(data.toString()) as Said;
      if (answered !== id) return;
      end(() => (error === undefined ? resolve(result) : reject(new Error(`${method}: ${error.message}`))));
    };
    socket.on("message", onMessage);
    socket.on("close", onClose);
    socket.send(JSON.stringify({ id, method }));
  });
}
