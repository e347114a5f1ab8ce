/** B-2: clients whose class is chosen or handed on: each is found in its line, and what only names one is not. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

const forms: Readonly<Record<string, string>> = {
  "handed to a function, in place, in an object or a list, and to Reflect": `
const make = <T>(Client: new (url: string) => T) => new Client("redis://one");
const open = ({ client: Client }: { client: typeof Redis }) => new Client({ url: "" });
export const a = make(Redis); //! B-2
export const b = open({ client: Redis }); //! B-2
export const c = open({ Redis }); //! B-2
export const d = Reflect.construct(Redis, []); //! B-2
export const e = build([Redis, 1]); //! B-2
export const f = make(Shelf);
export const g = Reflect.construct(Shelf, []);`,
  "chosen, a default, a member, and behind a constant": `
const clients = { redis: Redis, shelf: Shelf };
const Own = Redis;
export const a = new (flag ? Redis : Shelf)(); //! B-2
export const b = (Client = Redis) => new Client(); //! B-2
export const c = new clients.redis(); //! B-2
export const d = new Own(); //! B-2
export const e = new (other ?? Redis)(); //! B-2
export const f = new clients.shelf();
export const g = (Client = Shelf) => new Client();
export const h = new (flag ? Shelf : Map)();`,
  "only asked for by its type": `
export const isOurs = (one: unknown) => one instanceof Redis;
export const name = (one: { redis: Redis }) => String(one);
export const told = (list: readonly Redis[]) => list.length;`,
};

const head = `import { Redis } from "@upstash/redis";
class Shelf { constructor(readonly url = "") {} }
declare const flag: boolean, other: typeof Redis | undefined, build: (list: unknown[]) => unknown;`;

test.each(Object.entries(forms))("%s", (_, lines) => {
  const { found, expected } = judge("B-2", `${head}\n${lines.trim()}`);
  expect(found).toEqual(expected);
});
