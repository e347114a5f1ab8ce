/**
 * The keys by which sessions cancel what they run. A connection to Postgres serves one session after the other, and its
 * own key is the same for all of them: so each session gets a secret of its own, as at Neon, which ends with it.
 *
 * Source: https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-CANCELING-REQUESTS
 */

import { randomInt } from "node:crypto";
import { connect } from "node:net";
import { postgresSettings } from "./database.ts";
import { CANCEL_REQUEST, int32, message } from "./wire.ts";

/** A secret is a signed integer of four bytes. */
const SECRETS = 2 ** 31;

/** By which Postgres itself knows a connection; with it, it cancels what runs there, whoever it serves. */
export interface BackendKey {
  readonly processId: number;
  readonly secretKey: number;
}

export interface SessionKey {
  /** BackendKeyData with the secret of this session. */
  readonly message: Buffer;
  /** Postgres has been asked to cancel: that may reach it when the statement is over, and so hit the next one. */
  readonly isUsed: boolean;
  /** Whoever has the key cancels nothing with it any more. */
  end(): void;
}

interface KnownKey {
  readonly backend: BackendKey;
  isUsed: boolean;
}

export class SessionKeys {
  readonly #known = new Map<string, KnownKey>();
  readonly #databaseUrl: string;

  constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl;
  }

  /** A key for one session on this connection. */
  issue(backend: BackendKey): SessionKey {
    const secret = randomInt(SECRETS);
    const name = `${backend.processId} ${secret}`;
    const entry: KnownKey = { backend, isUsed: false };
    this.#known.set(name, entry);
    return {
      message: message("K", int32(backend.processId, secret)),
      get isUsed() {
        return entry.isUsed;
      },
      end: () => this.#known.delete(name),
    };
  }

  /** Passes a cancel request on when its session is there; like Postgres, answers nothing either way. */
  cancel(packet: Buffer): void {
    if (packet.length < 16) return;
    const entry = this.#known.get(`${packet.readInt32BE(8)} ${packet.readInt32BE(12)}`);
    if (entry === undefined) return;
    entry.isUsed = true;
    const { processId, secretKey } = entry.backend;
    const server = connect(addressOf(this.#databaseUrl));
    server.on("error", () => server.destroy());
    server.end(int32(16, CANCEL_REQUEST, processId, secretKey));
  }
}

/** Where Postgres is, as pg reads it from the URL: a host may stand in the query, too, and may be the folder of a socket. */
function addressOf(
  databaseUrl: string,
): { readonly path: string } | { readonly host: string; readonly port: number } {
  const { host = "localhost", port = 5432 } = postgresSettings(databaseUrl);
  return host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}
