/** B-5 and 11.4 in the forms that hosts offer for a second bus; near ones are no bus. Each is found in its line, and nothing else is. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type Form = readonly [ids: string, lines: string, more?: Readonly<Record<string, string>>];

const desk = {
  "src/desk/index.ts": `import { defineModule } from "@brain/engine";
export const desk = defineModule({ name: "desk", events: [] });`,
};

const forms: Readonly<Record<string, Form>> = {
  "an append by a part of the client, a pipeline, a list or a script with a name, a function elsewhere": [
    "B-5",
    `
import { append, script } from "../lib/append.ts";
const commandNames = ["XADD", "XREAD", "XDEL"];
export async function shelve(redis: Redis, url: string, id: string) {
  const { xadd: add } = redis;
  const bound = redis.xadd.bind(redis);
  const command = ["XADD", "brain:x", "*", "id", id];
  const pipe = redis.multi();
  await append(redis, id);
  await add("brain:x", "*", { id }); //! B-5
  await bound("brain:x", "*", { id }); //! B-5
  pipe.xadd("brain:x", "*", { id }); //! B-5
  await redis.command(command); //! B-5
  await redis.pipeline([command]); //! B-5
  await fetch(url, { method: "POST", body: JSON.stringify(command) }); //! B-5
  await redis.eval(script, ["brain:x"], [id]); //! B-5
  check(url, commandNames);
  const { xlen } = redis;
  await xlen("brain:x");
}`,
    {
      "src/lib/append.ts": `export const append = (redis: Redis, id: string) => redis.xadd("brain:x", "*", { id }); //! B-5
export const script = "return redis.call('XADD', KEYS[1], '*', 'id', ARGV[1])";`,
    },
  ],
  "channels of Redis": [
    "B-5",
    `
const script = "redis.call('PUBLISH', KEYS[1], ARGV[1])";
const lua = "return redis.call('INCR', KEYS[1])";
export async function tell(redis: Redis, deps: Deps, blog: Blog, url: string, redisUrl: string, id: string) {
  const { publish } = redis;
  await redis.publish("brain:x", id); //! B-5
  await deps.redis.spublish("brain:x", id); //! B-5
  await publish("brain:x", id); //! B-5
  await redis.subscribe("brain:x"); //! B-5
  await redis.command(["PUBLISH", "brain:x", id]); //! B-5
  await redis.eval(script, ["brain:x"], [id]); //! B-5
  await fetch(url, { method: "POST", body: JSON.stringify(["publish", "brain:x", id]) }); //! B-5
  await fetch(\`\${url}/publish/brain:x/\${id}\`); //! B-5
  await fetch(\`\${redisUrl}/publish/x/\${id}\`); //! B-5
  await redis.eval(lua, ["brain:x"], []);
  await blog.publish("brain:x", id);
  await blog.subscribe(id);
  await fetch(\`\${url}/posts/\${id}/publish\`, { method: "POST" });
  await fetch(url, { method: "POST", body: JSON.stringify({ state: ["PUBLISH", "DRAFT"] }) });
  return ["PUBLISH", "DRAFT", "ARCHIVE"].includes(id);
}`,
  ],
  "queues of hosts and of services": [
    "B-5",
    `
import { enqueue } from "../lib/enqueue.ts";
export async function shelve(env: Env, c: Context, queue: Queue<Book>, kv: Deno.Kv, list: string[], id: string) {
  const { BOOKS: books } = env;
  await enqueue(env, id);
  await env.BOOKS.send({ id }); //! B-5
  await c.env.LOANS.send({ id }); //! B-5
  await env.ANY.sendBatch([{ body: id }]); //! B-5
  await books.send({ id }); //! B-5
  await queue.send({ id }); //! B-5
  await kv.enqueue({ id }); //! B-5
  await fetch(\`https://qstash.upstash.io/v2/publish/\${id}\`, { method: "POST" }); //! B-5
  await env.MAIL.send({ to: id });
  await c.env.CACHE.put(id, "1");
  const own = await Deno.openKv();
  await own.enqueue({ id }); //! B-5
  await own.set([id], 1);
  list.push(id);
}`,
    {
      "wrangler.toml": `[[queues.producers]]\nbinding = "BOOKS"\nqueue = "books"\n\n[[send_email]]\nname = "MAIL"\n`,
      "src/env.ts": "export interface Env { readonly LOANS: Queue<Loan>; readonly MAIL: SendEmail }",
      "src/lib/enqueue.ts":
        "export const enqueue = (env: Env, id: string) => env.BOOKS.send({ id }); //! B-5",
      "src/lib/unused.ts": "export const images = (env: Env, id: string) => env.BOOKS.send({ id });",
    },
  ],
  "listeners of the isolate": [
    "B-5",
    `
import * as events from "node:events"; //! B-5
import { once } from "events";
import { bus } from "../lib/bus.ts";
const Channel = BroadcastChannel;
export const channel = new Channel("books"); //! B-5
export const other = new globalThis.BroadcastChannel("books"); //! B-5
export const target = new EventTarget(); //! B-5
export class Shelf extends EventTarget {} //! B-5
export const emitter = new events.EventEmitter();
(globalThis as Registry).bookListeners ??= []; //! B-5
globalThis["bookHandlers"] = new Map(); //! B-5
globalThis.bookCache ??= new Map();
globalThis.onBookHandler = () => bus;
export const lazy = async () => new (await import("node:events")).EventEmitter(); //! B-5
export function wait(socket: EventTarget) {
  const own = new EventTarget();
  own.addEventListener("done", () => undefined);
  return socket instanceof EventTarget ? once(socket, "open") : own;
}`,
    {
      "src/lib/bus.ts":
        'import { EventEmitter } from "node:events"; //! B-5\nexport const bus = new EventEmitter();',
      "src/lib/host.ts":
        'import { EventEmitter } from "node:events";\nexport const host = new EventEmitter();',
    },
  ],
  "another module by a binding of the host": [
    "11.4",
    `
import { hc } from "hono/client";
export async function lend(env: Env, c: Context, id: string) {
  const { DESK: desk } = c.env;
  await env.DESK.lend(id); //! 11.4
  await desk.fetch("https://desk/loans"); //! 11.4
  const stub = env.DESK_DO.get(env.DESK_DO.idFromName(id)); //! 11.4
  await stub.lend(id);
  const client = hc<Desk>("/api/desk"); //! 11.4
  await client.loans.$post({ id });
  await env.SHELF.lend(id);
  await env.PRINTER.fetch("https://printer/");
}
export const ofDesk = (env: { readonly DESK: KVNamespace }) => env;`,
    {
      ...desk,
      "src/env.ts":
        "export interface Env { DESK: Service<Desk>; SHELF: Fetcher; PRINTER: Fetcher; DESK_DO: DurableObjectNamespace<Desk> }",
    },
  ],
  "a store that is called like another module is none": [
    "11.4",
    "export const read = (env: Env, id: string) => env.DESK.get(id);",
    {
      ...desk,
      "wrangler.jsonc":
        '{ "kv_namespaces": [{ "binding": "DESK" }], /* no */ "services": [{ "binding": "LAMP" }] }',
    },
  ],
  "a program that the settings of wrangler name is one": [
    "11.4",
    "export const read = (env: Env, id: string) => env.DESK.get(id); //! 11.4",
    { ...desk, "wrangler.jsonc": '{ "services": [{ "binding": "DESK", "service": "desk" }] } // a remark' },
  ],
};

test.for(Object.entries(forms))("%s", ([, [ids, lines, more]]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});
