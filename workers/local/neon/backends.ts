/**
 * Postgres connections that outlive the session they served, as behind Neon's pooler: starting a backend and filling
 * its caches costs several milliseconds, which a short session would spend mostly on that.
 *
 * A connection is used again only when nothing of its last session is under way, and after `DISCARD ALL` when that may
 * have left something.
 *
 * Source: https://www.postgresql.org/docs/current/sql-discard.html, https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

import type { Duplex } from "node:stream";
import type { BackendKey, SessionKeys } from "./session-keys.ts";
import { type LeavingFunctions, leavingFunctionsQuery } from "./session-state.ts";
import type { Terminator } from "./terminate.ts";
import { message } from "./wire.ts";

/** A logged-in connection and the greeting its server gave. */
export interface Backend extends BackendKey {
  readonly stream: Duplex;
  /** The settings of the server that it tells each session; without the key for cancelling. */
  readonly greeting: Buffer;
  readonly database: string;
}

/** How a session left its connection, with nothing under way. */
export interface SessionEnd {
  readonly inTransaction: boolean;
  /** Its own statements may have left something. */
  readonly mayLeaveState: boolean;
}

/** Longest time that a connection waits for its next session. Databases are dropped in tests, so it is short. */
export const IDLE_MS = 3_000;
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
   * Tells each message that begins in `chunk`: its type, where it begins, negative when in an earlier chunk, and what of
   * its payload is in this chunk, with the length of all of it. Returning false ends the scan.
   */
  scan(
    chunk: Buffer,
    onMessage: (type: string, begins: number, payload: Buffer, length: number) => boolean | undefined,
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
      const payload = chunk.subarray(at, at + this.#left);
      if (onMessage(String.fromCharCode(type), at - 5, payload, this.#left) === false) return;
    }
  }
}

const query = (text: string) => message("Q", Buffer.from(`${text}\0`));

/** The Terminate message. */
const goodbye = Buffer.from([0x58, 0, 0, 0, 4]);

/** What is asked of a connection between two sessions, and what came of it. */
interface Reset {
  readonly statements: readonly string[];
  /** Whether the last of them is the look for functions. Only that may fail: an old server does not know all it asks. */
  readonly looks: boolean;
}

/** @returns whether a function was found, true when that is not known; null: the connection is of no use any more */
async function reset({ stream }: Backend, { statements, looks }: Reset): Promise<boolean | null> {
  let answered = 0;
  let found = false;
  const scanner = new MessageScanner();
  return new Promise<boolean | null>((resolve) => {
    const finish = (outcome: boolean | null) => {
      clearTimeout(timer);
      stream.off("data", onData);
      stream.off("close", onClose);
      resolve(outcome);
    };
    const onClose = () => finish(null);
    const onData = (chunk: Buffer) => {
      let failed = false;
      scanner.scan(chunk, (type) => {
        const isLook = looks && answered === statements.length - 1;
        if (isLook && (type === "D" || type === "E")) found = true;
        if (!isLook && type === "E") failed = true;
        if (type === "Z") answered += 1;
        return undefined;
      });
      if (failed) finish(null);
      else if (answered === statements.length) finish(found);
    };
    const timer = setTimeout(() => finish(null), RESET_MS);
    stream.on("data", onData);
    stream.on("close", onClose);
    stream.resume();
    stream.write(Buffer.concat(statements.map(query)));
  });
}

export class BackendPool {
  /** By which the sessions on its connections cancel. */
  readonly keys: SessionKeys;
  readonly #idle = new Map<string, { readonly backend: Backend; readonly discard: () => void }[]>();
  readonly #terminator: Terminator;
  readonly #functions: LeavingFunctions;
  #closed = false;

  constructor(keys: SessionKeys, terminator: Terminator, functions: LeavingFunctions) {
    this.keys = keys;
    this.#terminator = terminator;
    this.#functions = functions;
  }

  /** An idle connection of this login, or the one that `open` makes. */
  async acquire(login: string, open: () => Promise<Backend>): Promise<Backend> {
    const entry = this.#idle.get(login)?.pop();
    if (entry === undefined) return open();
    entry.discard();
    return entry.backend;
  }

  /** A session on it does what may leave something. */
  doubt({ database }: Backend): void {
    this.#functions.doubt(database);
  }

  /** Such a session is over. */
  settle({ database }: Backend): void {
    this.#functions.settle(database);
  }

  /** Takes a connection back whose session ended with nothing under way. */
  async release(login: string, backend: Backend, end: SessionEnd): Promise<void> {
    const hasRoom = () => !this.#closed && (this.#idle.get(login) ?? []).length < MAX_IDLE;
    if (!hasRoom() || backend.stream.destroyed) return void backend.stream.destroy();
    const cleaning = this.#cleaning(backend, end);
    // A connection that is clean is there at once for the next session.
    if (cleaning !== null) {
      const note = this.#functions.look(backend.database);
      const found = await reset(backend, cleaning);
      if (found === null || !hasRoom() || backend.stream.destroyed) return void backend.stream.destroy();
      if (cleaning.looks) note(found);
    }
    this.#keep(login, backend);
  }

  /** What makes a connection as good as new; null: it is. */
  #cleaning({ database }: Backend, { inTransaction, mayLeaveState }: SessionEnd): Reset | null {
    const known = this.#functions.in(database);
    const statements = [
      ...(inTransaction ? ["ROLLBACK"] : []),
      ...(mayLeaveState || known !== false ? ["DISCARD ALL"] : []),
      ...(known === null ? [leavingFunctionsQuery] : []),
    ];
    return statements.length === 0 ? null : { statements, looks: known === null };
  }

  #keep(login: string, backend: Backend): void {
    const { stream } = backend;
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
