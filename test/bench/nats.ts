import { once } from "node:events";
import { connect } from "node:net";

/*
 * As much of NATS as a bridge needs: publishing to JetStream and reading it back, over one connection. The protocol is a
 * few lines of text: https://docs.nats.io/reference/reference-protocols/nats-protocol
 */

export interface StoredMessage {
  readonly subject: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly data: string;
}

export interface Nats {
  /** Of JetStream's API. @throws {Error} what it refuses */
  api<T>(subject: string, body: object): Promise<T>;
  /** Resolves when the message is stored. A `Nats-Msg-Id` that is known already is not stored again. */
  publish(
    subject: string,
    headers: Readonly<Record<string, string>>,
    data: string,
  ): Promise<{ readonly duplicate?: boolean }>;
  read(stream: string, sequence: number): Promise<StoredMessage>;
  close(): void;
}

interface ApiError {
  readonly error?: { readonly description: string };
}

const endOfLine = "\r\n";

export async function connectNats(port: number): Promise<Nats> {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const waiting = new Map<string, (text: string) => void>();
  let failure: Error | null = null;
  let next = 0;
  let rest = Buffer.alloc(0);
  const send = (text: string) => socket.write(text);
  const fail = (error: Error) => {
    failure ??= error;
    for (const resolve of waiting.values())
      resolve(JSON.stringify({ error: { description: error.message } }));
    waiting.clear();
  };
  socket.on("error", fail);
  socket.on("close", () => fail(new Error("NATS closed the connection")));
  /** Takes one operation from what has come; false: it is not whole yet. */
  const take = (): boolean => {
    const end = rest.indexOf(endOfLine);
    if (end < 0) return false;
    const words = rest.subarray(0, end).toString("utf8").split(" ");
    const [operation = "", subject = ""] = words;
    let used = end + 2;
    if (operation === "MSG" || operation === "HMSG") {
      const total = Number(words.at(-1));
      if (rest.length < used + total + 2) return false;
      const skipped = operation === "HMSG" ? Number(words.at(-2)) : 0;
      const resolve = waiting.get(subject);
      waiting.delete(subject);
      resolve?.(rest.subarray(used + skipped, used + total).toString("utf8"));
      used += total + 2;
    } else if (operation === "PING") send(`PONG${endOfLine}`);
    else if (operation === "-ERR") fail(new Error(`NATS says ${words.slice(1).join(" ")}`));
    rest = rest.subarray(used);
    return true;
  };
  socket.on("data", (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (take()) {
      // Until the rest is no whole operation.
    }
  });
  send(`CONNECT {"verbose":false,"headers":true,"no_responders":true}${endOfLine}SUB _INBOX.* 1${endOfLine}`);
  const ask = async <T>(write: (inbox: string) => void): Promise<T> => {
    if (failure !== null) throw failure;
    next += 1;
    const inbox = `_INBOX.${next}`;
    const answer = new Promise<string>((resolve) => waiting.set(inbox, resolve));
    write(inbox);
    const text = await answer;
    const parsed = (
      text === "" ? { error: { description: "nobody answers; is JetStream on?" } } : JSON.parse(text)
    ) as T & ApiError;
    if (parsed.error !== undefined) throw new Error(parsed.error.description);
    return parsed;
  };
  const nats: Nats = {
    api: (subject, body) =>
      ask((inbox) => {
        const text = JSON.stringify(body);
        send(`PUB $JS.API.${subject} ${inbox} ${Buffer.byteLength(text)}${endOfLine}${text}${endOfLine}`);
      }),
    publish: (subject, headers, data) =>
      ask((inbox) => {
        const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}${endOfLine}`);
        const head = `NATS/1.0${endOfLine}${lines.join("")}${endOfLine}`;
        const length = Buffer.byteLength(head);
        send(
          `HPUB ${subject} ${inbox} ${length} ${length + Buffer.byteLength(data)}${endOfLine}${head}${data}${endOfLine}`,
        );
      }),
    async read(stream, sequence) {
      const { message } = await nats.api<{
        readonly message: { readonly subject: string; readonly hdrs?: string; readonly data?: string };
      }>(`STREAM.MSG.GET.${stream}`, { seq: sequence });
      const plain = (text = "") => Buffer.from(text, "base64").toString("utf8");
      const lines: string[] = plain(message.hdrs).split(endOfLine).slice(1);
      const headers = lines.flatMap((line) => {
        const at = line.indexOf(":");
        return at < 0 ? [] : [[line.slice(0, at), line.slice(at + 1).trim()] as const];
      });
      return { subject: message.subject, headers: new Map(headers), data: plain(message.data) };
    },
    close: () => socket.destroy(),
  };
  return nats;
}
