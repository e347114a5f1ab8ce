import { createServer, type ServerResponse } from "node:http";
import { transactAndPublish } from "@brain/engine";
import type { TestEngine } from "../engine.ts";
import { listen } from "../listening.ts";

/** A call of a receiver that has not answered yet. */
export interface Held {
  readonly path: string;
  /** `path` and the id of the message: the same for each try. */
  readonly message: string;
  answer(): void;
}

export interface Receiver {
  readonly port: number;
  /** All calls, in the order in which they began. */
  readonly calls: readonly Held[];
  /** Those that have not been answered. */
  readonly held: ReadonlySet<Held>;
  /** From now on, and what is held now: each call is answered at once. */
  answerAll(): void;
  close(): void;
}

/** A receiver that answers when it is told to. @param isQuick paths that are answered at once */
export async function startReceiver(isQuick: (path: string) => boolean = () => false): Promise<Receiver> {
  const calls: Held[] = [];
  const held = new Set<Held>();
  let answersAll = false;
  const server = createServer((request, response: ServerResponse) => {
    const path = request.url ?? "";
    const call: Held = {
      path,
      message: `${path} ${request.headers["webhook-id"]}`,
      answer() {
        held.delete(call);
        response.writeHead(204).end();
      },
    };
    request.resume();
    request.on("end", () => {
      calls.push(call);
      held.add(call);
      if (answersAll || isQuick(path)) call.answer();
    });
  });
  const port = await listen(server);
  return {
    port,
    calls,
    held,
    answerAll() {
      answersAll = true;
      for (const call of held) call.answer();
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** One run of a job. */
export async function runJob(
  engine: TestEngine,
  name: string,
  isOver: () => boolean = () => false,
): Promise<Date | null | undefined> {
  const { db, log, catalog, publish } = engine.open();
  return engine.system.jobs.get(name)?.run({
    db,
    log,
    catalog,
    now: () => new Date(),
    isOver,
    transact: (context, run) => transactAndPublish(db, publish, context, run),
  });
}
