/** 11.2: what looks again and again, by whatever it waits and however it may end. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

type Form = readonly [ids: string, lines: string, more: Readonly<Record<string, string>>];

const forms: Readonly<Record<string, Form>> = {
  "a throw ends a loop by what was read, by a clock, a signal, an error or a refusal": [
    "11.2",
    `
import { books } from "./tables.ts";
import { sleep } from "../lib/sleep.ts";
export async function one(db: Db, id: string) {
  while (true) { //! 11.2
    const [row] = await db.select().from(books);
    if (row === undefined) throw new Error("gone");
    if (row.done) return row;
    await sleep(100);
  }
}
export async function two(db: Db, id: string) {
  for (;;) { //! 11.2
    const answer = await fetch("https://x.example/status");
    if (!answer.ok) throw new Error("refused");
    if ((await answer.json()).done) break;
    await sleep(100);
  }
}
export async function three(db: Db, id: string) {
  while (true) { //! 11.2
    try {
      const [row] = await db.select().from(books);
      if (!row.done) throw new Error("not yet");
      return row;
    } catch { await sleep(100); }
  }
}
export async function four(db: Db) {
  do { //! 11.2
    const rows = await db.query("SELECT id FROM shelf_books WHERE status = 'new'");
    for (const row of rows) if (row.bad) throw new Error("bad");
    await sleep(100);
  } while (true);
}
export async function five(db: Db, until: number) {
  while (true) {
    const [row] = await db.select().from(books);
    if (row.done) return row;
    if (Date.now() > until) throw new Error("too late");
    await sleep(100);
  }
}
export async function six(until: number) {
  for (;;) {
    try {
      return await fetch("https://x.example");
    } catch (error) {
      if (!isBusy(error)) throw error;
      await sleep(100);
    }
  }
}
export async function seven(until: number) {
  for (let tries = 0; ; tries++) {
    const answer = await fetch("https://x.example");
    if (answer.ok) return answer;
    if (tries > 3) throw new Error("refused");
    await sleep(100);
  }
}
export async function eight(db: Db, signal: AbortSignal) {
  for (;;) {
    const [row] = await db.select().from(books);
    if (row.done) return row;
    if (signal.aborted) throw signal.reason;
    await sleep(100);
  }
}
export async function nine(db: Db, clock: Clock) {
  for (;;) {
    const [row] = await db.select().from(books);
    if (row.done) return row;
    if (clock.isOver()) throw new Error("over");
    await sleep(100);
  }
}
export async function ten(db: Db) {
  for (;;) {
    const answer = await fetch("https://x.example");
    if (answer.status === 429) { await sleep(100); continue; }
    if (!answer.ok) throw new Error("refused");
    return answer;
  }
}
const isBusy = (error: unknown) => error instanceof Error;
`,
    {
      "src/lib/sleep.ts":
        "export const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));",
    },
  ],
  "timers of methods, loops over a generator that waits, and functions that call themselves": [
    "11.2",
    `
import { books } from "./tables.ts";
import { setTimeout as rest } from "node:timers/promises";
import { readAll as look } from "../lib/index.ts";
class Watcher {
  #timer: unknown;
  constructor(private readonly repo: Repo) {}
  start() { this.#timer = setInterval(() => this.tick(), 1_000); } //! 11.2
  begin() { setInterval(this.tick.bind(this), 1_000); } //! 11.2
  async tick() { await this.repo.find(); }
  async run() {
    while (!this.stopped) { //! 11.2
      await this.repo.find();
      await rest(100);
    }
  }
}
class Repo { constructor(private readonly db: Db) {} find() { return this.db.select().from(books); } }
const jobs = { every: async () => { await look(); } };
export function start(db: Db) {
  setInterval(jobs.every, 1_000); //! 11.2
  setInterval(() => { void look(); }, 1_000); //! 11.2
  globalThis.setInterval(() => look(), 1_000); //! 11.2
  const again = async () => { await look(); setTimeout(again, 1_000); }; //! 11.2
  const table = books;
  setInterval(() => db.query.books.findFirst(), 5_000); //! 11.2
  setInterval(() => console.log("x"), 5_000);
}
export async function loop(db: Db) {
  for await (const _ of ticks()) { //! 11.2
    await db.select().from(books);
  }
}
async function* ticks() { while (true) { yield 1; await rest(100); } }
export async function tried(tries: number): Promise<void> {
  try {
    await look();
  } catch {
    await rest(100);
    return tried(tries);
  }
}
export async function pages(page: number): Promise<void> {
  await fetch(\`https://x.example/\${page}\`);
  await rest(100);
  return pages(page + 1);
}
export async function until(signal: AbortSignal): Promise<void> {
  await look();
  await rest(100);
  if (signal.aborted) return;
  return until(signal);
}
export async function each(db: Db) {
  for await (const id of ids()) await db.select().from(books).where(id);
}
async function* ids() { await rest(100); yield "x"; }
export async function again(db: Db): Promise<void> {
  await look();
  await rest(100);
  return again(db); //! 11.2
}
`,
    {
      "src/lib/index.ts": `export { readAll } from "./read.ts";`,
      "src/lib/read.ts": `export async function readAll() { return fetch("https://x.example/status"); }`,
    },
  ],
};

test.each(Object.entries(forms))("%s", (_, [ids, lines, more]) => {
  const { found, expected } = judge(ids, lines, more);
  expect(found).toEqual(expected);
});
