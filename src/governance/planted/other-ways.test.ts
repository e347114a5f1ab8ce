/**
 * The same faults by other ways: constants, members of classes and enums, defaults, what is taken out, choices, parts of a
 * whole module, helpers, what is put together. What is right in the same form stands among them.
 */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type Form = readonly [ids: string, lines: string, more?: Readonly<Record<string, string>>];

const publish = `import type { Publish, Transact } from "@brain/engine";`;

const forms: Readonly<Record<string, Form>> = {
  "a mode that is none, set and compared": [
    "M-1",
    "",
    {
      "src/lib/start.ts": `const name = "BRAIN_EVENTSTREAM_MODE";
const off = "off";
process.env[name] = "optional"; //! M-1
process.env.BRAIN_EVENTSTREAM_MODE = off; //! M-1
process.env["BRAIN_EVENTSTREAM_MODE"] = "required";
const named = { ...process.env, [name]: "none" }; //! M-1
Object.assign(process.env, { BRAIN_EVENTSTREAM_MODE: "none" }); //! M-1
vi.stubEnv(name, "none"); //! M-1
Deno.env.set(name, off); //! M-1
process.env.BRAIN_EVENTSTREAM_MODE ??= "off"; //! M-1
switch (process.env.BRAIN_EVENTSTREAM_MODE) {
  case "required": break;
  case "optional": start(); //! M-1
}
const { BRAIN_EVENTSTREAM_MODE = "optional" } = process.env; //! M-1
const { BRAIN_EVENTSTREAM_MODE: own = "none", [name]: other = "required" } = process.env; //! M-1
function start(chosen = process.env.BRAIN_EVENTSTREAM_MODE || "off") {} //! M-1
const isOff = ["off", "required"].includes(process.env.BRAIN_EVENTSTREAM_MODE); //! M-1
const set = (key: string, value: string) => { process.env[key] = value; };
set("BRAIN_EVENTSTREAM_MODE", "off"); //! M-1
set("BRAIN_EVENTSTREAM_MODE", "degraded");
set("BRAIN_DATA_DIR", "off");
const isOn = process.env[name] === "degraded";`,
    },
  ],
  "a module that reads the mode": [
    "M-1",
    `
import { modeName } from "../lib/names.ts";
const name = "BRAIN_EVENTSTREAM_MODE";
const two = process.env[name]; //! M-1
const three = process.env[modeName]; //! M-1
const four = Deno.env.get(name); //! M-1
const { BRAIN_EVENTSTREAM_MODE: five } = process.env; //! M-1
const { [name]: six } = process.env; //! M-1
const read = (key: string) => process.env[key];
const seven = read(name); //! M-1
class Mode { get on() { return this.env.BRAIN_EVENTSTREAM_MODE; } } //! M-1
throw new Error("BRAIN_EVENTSTREAM_MODE is wrong");`,
    { "src/lib/names.ts": `export const modeName = "BRAIN_EVENTSTREAM_MODE";` },
  ],
  "keys of Redis that are put together": [
    "N-9",
    `
import type { Redis as Client } from "@upstash/redis";
const prefix = "shelf";
const keyOf = (id: string) => \`shelf:\${id}\`;
const keys = { one: "shelf:one", two: (id: string) => "shelf:" + id };
enum Key { Books = "shelf:books" }
export async function keep(redis: Client, id: string, key = "shelf:key") {
  await redis.set(\`\${prefix}:\${id}\`, 1); //! N-9
  await redis.get(keyOf(id)); //! N-9
  await redis.get(keys.one); //! N-9
  await redis.get(keys.two(id)); //! N-9
  await redis.get(Key.Books); //! N-9
  await redis.del("brain:shelf:1", "shelf:2"); //! N-9
  await redis.mget(["shelf:1", "brain:shelf:2"]); //! N-9
  await redis["hset"]("shelf:4", { a: 1 }); //! N-9
  const { get } = redis;
  await get("shelf:5"); //! N-9
  const cache = redis;
  await cache.get("shelf:6"); //! N-9
  await redis.get(["shelf", id].join(":")); //! N-9
  await redis.get("shelf".concat(":", id)); //! N-9
  await redis.get(key); //! N-9
  await redis.get(id ? "shelf:7" : "brain:shelf:8"); //! N-9
  await redis.mset({ "shelf:9": 1, "brain:shelf:9": 1 }); //! N-9
  await redis.rename("brain:shelf:10", "shelf:11"); //! N-9
  await redis.get(String("shelf:12")); //! N-9
  await redis.get(id);
  await redis.get(\`brain:\${id}\`);
  await redis.get(["brain", id].join(":"));
  await redis.get("brain:".concat(id));
  await redis.mset({ [\`brain:\${id}\`]: 1 });
}
export class Cache {
  constructor(private readonly redis: Client) {}
  private key(id: string) { return \`cache:\${id}\`; }
  private static readonly all = "cache:all";
  get(id: string) { return this.redis.get(this.key(id)); } //! N-9
  all() { return this.redis.get(Cache.all); } //! N-9
  own(id: string) { return this.redis.get(\`brain:\${this.key(id)}\`); }
}`,
  ],
  "engines that are made by other names of the function": [
    "B-4",
    "",
    {
      "src/lib/a.ts": `import { createEngine } from "@brain/engine";
export const one = createEngine({});`,
      "src/lib/b.ts": `import { createEngine as make } from "@brain/engine";
import * as engine from "@brain/engine";
import { again } from "./c.ts";
export const two = make({}); //! B-4
export class Start { engine = engine.createEngine({}); } //! B-4
export const parts = { engine: () => make({}) }; //! B-4
export const { createEngine } = engine;
export const three = createEngine({}); //! B-4
export const four = again({}); //! B-4
const { createEngine: own } = await import("@brain/engine");
export const five = own({}); //! B-4
export const six = engine["createEngine"]({}); //! B-4
export const seven = (await import("@brain/engine")).createEngine({}); //! B-4
const alias = engine.createEngine;
export const eight = alias({}); //! B-4
export const test = (createEngine: () => unknown, make: () => unknown) => [createEngine(), make()];`,
      "src/lib/c.ts": `export { createEngine as again } from "@brain/engine";`,
    },
  ],
  "connections of a module's own": [
    "B-2",
    `
import { Redis } from "@upstash/redis";
import IORedis from "ioredis";
import { createClient as connect } from "redis";
import * as engine from "@brain/engine";
const a = Redis.fromEnv(); //! B-2
const b = connect(); //! B-2
class Shelf { private redis = new IORedis(); } //! B-2
const parts = { redis: () => new Redis({}) }; //! B-2
function f(redis = new Redis({})) {} //! B-2
const { Redis: R } = await import("@upstash/redis");
const c = new R({}); //! B-2
const ctor = Redis;
const d = new ctor({}); //! B-2
class Own extends Redis {}
const e = new Own({}); //! B-2
const g = new (class extends IORedis {})({}); //! B-2
const h = engine["createRedis"]({}); //! B-2
const made = (Redis: new () => unknown) => new Redis();`,
  ],
  "payloads with what no event may hold": [
    "P-2 P-3 P-4",
    `${publish}
const mail = "ada@example.org";
const stripe = { customer: "cus_9s6XKzkNRiz8i3" };
const secret = () => "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc";
enum Ids { Intent = "pi_3MtwBwLkdIwHu7ix28a3tqPa" }
const payload = (id = "cus_8s6XKzkNRiz8i3") => ({ book_id: id }); //! P-4
const base = { book_id: "bob@example.org" }; //! P-2
export class Shelf {
  private mail = "ada@example.org";
  constructor(private readonly publish: Publish) {}
  async one(publish: Publish, user: { email: string; stripe_customer_id: string }, key: string) {
    await publish(bookShelved, { book_id: this.mail }); //! P-2
    await publish(bookShelved, { book_id: stripe.customer }); //! P-4
    await publish(bookShelved, { book_id: secret() }); //! P-3
    await publish(bookShelved, base);
    await publish(bookShelved, { ...base });
    await publish(bookShelved, payload());
    await publish(bookShelved, { ...{ book_id: Ids.Intent } }); //! P-4
    await publish(bookShelved, { book_id: key ? "cus_9s6XKzkNRiz8i3" : "b" }); //! P-4
    await publish(bookShelved, { book_id: \`by \${mail}\` }); //! P-2
    await publish(bookShelved, { book_id: ["cus_", "9s6XKzkNRiz8i3"].join("") }); //! P-4
    await publish(bookShelved, { book_id: user["email"] }); //! P-2
    const { email, stripe_customer_id: customer } = user;
    await publish(bookShelved, { book_id: email }); //! P-2
    await publish(bookShelved, { book_id: customer }); //! P-4
    const own = user.email;
    await publish(bookShelved, { book_id: own }); //! P-2
    await publish(bookShelved, { book_id: String(user.email) }); //! P-2
    await publish(bookShelved, { book_id: user.email.toLowerCase() }); //! P-2
    await publish(bookShelved, Object.assign({}, { book_id: mail })); //! P-2
    await publish(bookShelved, { ["email"]: "x" }); //! P-2
    const field = "password";
    await publish(bookShelved, { [field]: "x" }); //! P-3
    const built: Record<string, string> = { book_id: "b" };
    built.email = "x"; //! P-2
    await publish(bookShelved, built);
    await publish(bookShelved, { book_id: hash(user.email) });
    await publish(bookShelved, { book_id: user.email ? "a" : "b" });
    await publish(bookShelved, { book_id: user.email.slice(-4).length });
    await this.publish(bookShelved, { book_id: mail }); //! P-2
  }
}`,
  ],
  "events that are written by hand": [
    "E-1 E-2 E-4 E-5 11.5",
    `
import { ulid } from "ulid";
const at = { source: "s", target: null, payload: {}, type: "library.book.lent" };
const meta = { schema_version: 1, producer: "shelf", source_module: "shelf" };
const base = { ...at, id: crypto.randomUUID(), timestamp: new Date().toISOString() };
const whole = { id: crypto.randomUUID(), type: "library.book.lent", source: "s", target: null, payload: {}, timestamp: new Date().toISOString() };
const one = { ...whole, meta: { ...meta, schema_version: "1.0" } }; //! E-5
const version = "2";
const two = { ...base, meta: { ...meta, schema_version: version } }; //! E-5
const stamp = () => new Date().toString();
const three = { ...at, id: crypto.randomUUID(), type: "library.book.lent", payload: {}, timestamp: stamp(), meta }; //! E-4
const now = Date.now();
const four = { ...at, id: crypto.randomUUID(), type: "library.book.lent", payload: {}, timestamp: now, meta }; //! E-4
const makeId = () => "b-" + count++;
const five = { ...at, id: makeId(), type: "library.book.lent", payload: {}, timestamp: new Date().toISOString(), meta }; //! E-2
const lacking = { producer: "shelf", source_module: "shelf" }; //! 11.5
const six = { ...base, type: "library.book.lent", payload: {}, timestamp: new Date().toISOString(), meta: lacking };
class Build {
  event(id = ulid()) {
    return { ...at, id, type: "library.book.lent", payload: {}, timestamp: new Date().toISOString(), meta }; //! E-2
  }
}
const seven = { ["id"]: crypto.randomUUID(), type: "library.book.lent", source: "s", target: null, payload: {}, timestamp: new Date().toISOString(), meta };`,
  ],
  "raw events that stand elsewhere": [
    "E-8",
    `${publish}
const raw = { type: "library.book.lent", payload: {} };
const kinds = { a: raw, b: { type: "library.book.moved", payload: {} } };
const known = { a: bookShelved };
export class Shelf {
  private raw = raw;
  get event() { return { type: "library.book.lent", payload: {} }; }
  build() { return { type: "library.book.lent", payload: {} }; }
  async one(publish: Publish, kind: "a" | "b") {
    await publish({ ...raw }); //! E-8
    await publish(kinds.a); //! E-8
    await publish(kinds["b"]); //! E-8
    await publish(kinds[kind]); //! E-8
    await publish(this.raw); //! E-8
    await publish(this.event); //! E-8
    await publish(this.build()); //! E-8
    await publish(kind ? raw : kinds.b); //! E-8
    const event = { type: "library.book.lent", payload: {} };
    await publish(Object.freeze(event)); //! E-8
    await publish(structuredClone(raw)); //! E-8
    for (const one of [raw, event]) await publish(one); //! E-8
    await Promise.all([raw, event].map((one) => publish(one))); //! E-8
    const name = "library.book.lent";
    await publish(name, { id: 1 }); //! E-8
    const { a } = kinds;
    await publish(a); //! E-8
    await publish(bookShelved, { book_id: "1" });
    await publish(known[kind], { book_id: "1" });
    await publish(JSON.parse("{}"));
  }
  two = async (publish: Publish, event = raw) => { await publish(event); }; //! E-8
}`,
  ],
  "streams that may be missing": [
    "B-6",
    `
import type { Publish, Engine } from "@brain/engine";
const none = async () => {};
const hasStream = (one: unknown) => one !== undefined;
const isNew = (id: string) => id !== undefined;
export class Shelf {
  constructor(private readonly publish?: Publish, readonly engine: Engine | null = null) {} //! B-6
  async one(id: string) {
    const { publish } = this;
    if (publish) await publish(bookShelved, { book_id: id }); //! B-6
    const has = this.publish !== undefined; //! B-6
    if (has) await this.publish(bookShelved, { book_id: id });
    if (typeof this.publish === "function") await this.publish(bookShelved, { book_id: id }); //! B-6
    if (Boolean(this.publish)) await this.publish(bookShelved, { book_id: id }); //! B-6
    await (this.publish ?? none)(bookShelved, { book_id: id }); //! B-6
    const is = isNew(id);
    if (is && isNew(id)) await this.publish!(bookShelved, { book_id: id });
  }
}
export function three(id: string, { publish = none }: { publish: Publish }) { return publish(bookShelved, { book_id: id }); } //! B-6
export function four(id: string, options: { publish?: Publish }) { return options.publish?.(bookShelved, { book_id: id }); } //! B-6
type Deps = { publish: Publish | undefined }; //! B-6
export type Maybe = Partial<{ publish: Publish }>; //! B-6
export const six = async (publish: Publish, id: string) => (publish ? publish(bookShelved, { book_id: id }) : undefined); //! B-6
export const seven = async (publish: Publish, id: string) => publish && publish(bookShelved, { book_id: id }); //! B-6
export const eight = async (publish: Publish, id: string) => { if (hasStream(publish)) await publish(bookShelved, { book_id: id }); }; //! B-6
export type Fine = Partial<{ note: string }>;`,
  ],
  "the API of another module": [
    "11.4",
    `
import { deskUrl } from "../lib/urls.ts";
import ky from "ky";
const base = "http://localhost";
const path = "/api/desk/open";
const urls = { open: \`\${base}/api/desk/open\` };
const call = (to: string) => fetch(base + to);
export const routes = (app: Hono) => app.get("/api/desk/old", handler);
export class Client {
  constructor(private base: string) {}
  private url(to: string) { return \`\${this.base}/api/desk/\${to}\`; }
  private own(to: string) { return \`\${this.base}/api/shelf/\${to}\`; }
  async one() {
    await fetch(base + path); //! 11.4
    await fetch(urls.open); //! 11.4
    await fetch(deskUrl); //! 11.4
    await fetch(this.url("open")); //! 11.4
    await fetch(new Request("/api/desk/open")); //! 11.4
    await fetch(["/api/desk", "open"].join("/")); //! 11.4
    await ky.get("/api/desk/open").json(); //! 11.4
    await call("/api/desk/open"); //! 11.4
    await Promise.all([fetch("/api/desk/open")]); //! 11.4
    void fetch("/api/desk/open"); //! 11.4
    await fetch(\`\${base}/api/\${"desk"}/open\`); //! 11.4
    await fetch(base ? "/api/shelf" : "/api/desk/open"); //! 11.4
    await axios({ url: "/api/desk/open", method: "post" }); //! 11.4
    await fetch("/api/shelf/1");
    await fetch(this.own("1"));
  }
  two = (url = "/api/desk/open") => fetch(url); //! 11.4
}`,
    {
      "src/lib/urls.ts": `export const deskUrl = "/api/desk/open";`,
      "src/desk/index.ts": `import { defineModule } from "@brain/engine";
export const desk = defineModule({ name: "desk", events: [] });`,
    },
  ],
  "a question that is sent as a body changes nothing": [
    "C-5",
    `
import { defineConsumer, on } from "@brain/engine";
export const own = defineConsumer({ subscriber: "shelf", handlers: [on(bookShelved, shelve)] });
async function shelve(event, { fetch }) {
  const init = { method: "POST", body: "x" };
  await fetch(\`\${url}/chat/completions\`, init);
  await fetch("https://x.example/v1/embeddings", init);
  await fetch(base + "/books/_search", init);
  await fetch("https://x.example/search/saved", init); //! C-5
  await fetch(\`\${url}/completions/1\`, init); //! C-5
}`,
  ],
};

test.each(Object.entries(forms))("%s", (_, [ids, lines, more]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});
