/**
 * Postgres connections that outlive the session they served, as behind Neon's pooler: starting a backend and filling
 * its caches costs several milliseconds, which a short session would spend mostly on that.
 *
 * A connection is used again only when nothing of its last session is under way, and after `DISCARD ALL`.
 *
 * Source: https://www.postgresql.org/docs/current/sql-discard.html, https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

import type { Duplex } from "node:stream";
import type { Terminator } from "./neon-terminate.ts";

/** A logged-in connection and the greeting its server gave. */
export interface Backend {
  readonly stream: Duplex;
  readonly greeting: Buffer;
  readonly processId: number;
}

/** Longest time that a connection waits for its next session. Databases are dropped in tests, so it is short. */
const IDLE_MS = 3_000;
/** Longest time that the reset of a connection may take. */
const RESET_MS = 1_000;
/** Connections kept for each login; further ones end with their session. */
const MAX_IDLE = 8;

/** Finds the messages in one direction of a session, whatever pieces they come in. */
export class MessageScanner {
  #head: number[] = [];
  #left = 0;

  /** True between two messages. */
  get aligned(): boolean {
    return this.#head.length === 0 && this.#left === 0;
  }

  /**
   * Tells each message that begins in `chunk`: its type, and where it begins, negative when in an earlier chunk.
   * `firstByte` is the first of its payload when that is in this chunk, else -1. Returning false ends the scan.
   */
  scan(
    chunk: Buffer,
    onMessage: (type: string, begins: number, firstByte: number) => boolean | undefined,
  ): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const step = Math.min(this.#left, chunk.length - at);
        this.#left -= step;
        at += step;
        continue;
      }
      let type: number;
      if (this.#head.length === 0 && at + 5 <= chunk.length) {
        type = chunk[at] ?? 0;
        this.#left = Math.max(0, chunk.readInt32BE(at + 1) - 4);
        at += 5;
      } else {
        this.#head.push(chunk[at] ?? 0);
        at += 1;
        if (this.#head.length < 5) continue;
        type = this.#head[0] ?? 0;
        this.#left = Math.max(0, Buffer.from(this.#head).readInt32BE(1) - 4);
        this.#head = [];
      }
      if (onMessage(String.fromCharCode(type), at - 5, this.#left > 0 ? (chunk[at] ?? -1) : -1) === false)
        return;
    }
  }
}

function query(text: string): Buffer {
  const body = Buffer.from(`${text}\0`);
  const head = Buffer.alloc(5);
  head.write("Q", 0, "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

/** The Terminate message. */
const goodbye = Buffer.from([0x58, 0, 0, 0, 4]);

/** Ends what the session left: its transaction, settings, temporary tables, locks, listeners. */
async function reset({ stream }: Backend, inTransaction: boolean): Promise<boolean> {
  const statements = inTransaction ? ["ROLLBACK", "DISCARD ALL"] : ["DISCARD ALL"];
  let waitingFor = statements.length;
  const scanner = new MessageScanner();
  return new Promise<boolean>((resolve) => {
    const finish = (clean: boolean) => {
      clearTimeout(timer);
      stream.off("data", onData);
      stream.off("close", onClose);
      resolve(clean);
    };
    const onClose = () => finish(false);
    const onData = (chunk: Buffer) => {
      scanner.scan(chunk, (type) => {
        if (type === "E") finish(false);
        if (type === "Z") waitingFor -= 1;
        return undefined;
      });
      if (waitingFor === 0) finish(true);
    };
    const timer = setTimeout(() => finish(false), RESET_MS);
    stream.on("data", onData);
    stream.on("close", onClose);
    stream.resume();
    stream.write(Buffer.concat(statements.map(query)));
  });
}

export class BackendPool {
  readonly #idle = new Map<string, { readonly backend: Backend; readonly discard: () => void }[]>();
  readonly #terminator: Terminator;
  #closed = false;

  constructor(terminator: Terminator) {
    this.#terminator = terminator;
  }

  /** An idle connection of this login, or the one that `open` makes. */
  async acquire(login: string, open: () => Promise<Backend>): Promise<Backend> {
    const entry = this.#idle.get(login)?.pop();
    if (entry === undefined) return open();
    entry.discard();
    return entry.backend;
  }

  /** Takes a connection back whose session ended with nothing under way. */
  async release(login: string, backend: Backend, inTransaction: boolean): Promise<void> {
    const { stream } = backend;
    const hasRoom = () => !this.#closed && (this.#idle.get(login) ?? []).length < MAX_IDLE;
    const clean = hasRoom() && (await reset(backend, inTransaction));
    if (!clean || !hasRoom() || stream.destroyed) return void stream.destroy();
    const drop = () => {
      discard();
      const list = this.#idle.get(login) ?? [];
      const at = list.findIndex((entry) => entry.backend === backend);
      if (at !== -1) list.splice(at, 1);
      stream.destroy();
    };
    const timer = setTimeout(drop, IDLE_MS);
    timer.unref();
    const discard = () => {
      clearTimeout(timer);
      for (const event of ["data", "end", "close", "error"]) stream.off(event, drop);
    };
    // Whatever the server says to a connection that serves nobody, e.g. that it shuts down, ends it.
    for (const event of ["data", "end", "close", "error"]) stream.on(event, drop);
    this.#idle.set(login, [...(this.#idle.get(login) ?? []), { backend, discard }]);
  }

  /** Ends a connection whose client went away in the middle: its statement and its transaction come to nothing. */
  async abort({ stream, processId }: Backend): Promise<void> {
    stream.on("error", () => undefined);
    // What the statement still says must not hold it up before it is ended.
    stream.resume();
    await this.#terminator.terminate(processId);
    stream.destroy();
  }

  /** Lets a connection end by itself whose client said goodbye in good order behind a statement. */
  finish({ stream }: Backend): void {
    stream.on("error", () => undefined);
    stream.on("end", () => stream.destroy());
    stream.resume();
    stream.end(goodbye);
  }

  close(): void {
    this.#closed = true;
    for (const entries of this.#idle.values()) {
      for (const { backend, discard } of entries) {
        discard();
        backend.stream.on("error", () => undefined);
        backend.stream.destroy();
      }
    }
    this.#idle.clear();
  }
}
