/** B-1 in classes: what changes rows by a field of `this` was made before the transaction. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

const imports = `import type { Database, Publish, Transact, Transaction } from "@brain/engine";
import { books } from "./tables.ts";`;
const booksClass = `class Books {
  constructor(private readonly db: Database) {}
  add(id: string) { return this.db.insert(books).values({ id }); }
}`;

test("rows that change by a field, a method or a part of the class, beside the transaction of the event", () => {
  const { found, expected } = judge(
    "B-1",
    `${imports}
${booksClass}
class Client {
  async charge(id: string) { return this.send(id); }
  private send = async (id: string) => fetch("https://pay.example/charges", { method: "POST", body: id });
}
export class Shelf {
  readonly #db: Database;
  constructor(own: Database, private readonly db: Database, private readonly books: Books, private readonly client: Client, private readonly transact: Transact, private readonly publish: Publish) { this.#db = own; }
  private async store(id: string) { await this.db.insert(books).values({ id }); }
  private tell(id: string) { return this.transact(async ({ publish }) => { await publish(bookShelved, { book_id: id }); }); } //! B-1
  private async told(publish: Publish, id: string) { await publish(bookShelved, { book_id: id }); }
  async before(id: string) {
    await this.db.insert(books).values({ id });
    await this.transact(async ({ publish }) => { await publish(bookShelved, { book_id: id }); }); //! B-1
  }
  async beforeByMethod(id: string) {
    await this.store(id);
    await this.transact(async ({ publish }) => { await publish(bookShelved, { book_id: id }); }); //! B-1
  }
  async byTeller(id: string) { await this.db.insert(books).values({ id }); await this.tell(id); }
  async apart(id: string) {
    await this.db.insert(books).values({ id });
    await this.publish(bookShelved, { book_id: id }); //! B-1
  }
  async inside(id: string) {
    await this.transact(async ({ publish }) => {
      await this.db.insert(books).values({ id }); //! B-1
      await this.#db.update(books).set({ id }); //! B-1
      await this.db.execute(\`UPDATE shelf_books SET id = '1'\`); //! B-1
      await this.store(id); //! B-1
      await this.books.add(id); //! B-1
      await publish(bookShelved, { book_id: id });
    });
  }
  async outside(id: string) {
    await this.transact(async ({ tx, publish }) => {
      await tx.insert(books).values({ id });
      await publish(bookShelved, { book_id: id });
      await this.client.charge(id); //! B-1
    });
  }
  dropped = (id: string) => this.transact(async ({ tx, publish }) => {
    await tx.insert(books).values({ id });
    this.told(publish, id); //! B-1
  });
}`,
  );
  expect(found).toEqual(expected);
});

test("classes that are given the transaction, or ask for it, are left alone", () => {
  const { found, expected } = judge(
    "B-1",
    `${imports}
${booksClass}
class Stored {
  constructor(private readonly tx: Transaction) {}
  add(id: string) { return this.tx.insert(books).values({ id }); }
}
class Work {
  constructor(private readonly db: Transaction, private readonly own: Stored) {}
  add(id: string) { return this.db.insert(books).values({ id }); }
}
class Current {
  get db() { return current.getStore(); }
  add(id: string) { return this.db.insert(books).values({ id }); }
}
export class Shelf {
  readonly #transact: Transact;
  readonly #db: Database;
  readonly #now = new Current();
  constructor(transact: Transact, db: Database) { this.#transact = transact; this.#db = db; }
  private async store(tx: Transaction, id: string) { await tx.insert(books).values({ id }); }
  private async tell(publish: Publish, id: string) { await publish(bookShelved, { book_id: id }); }
  private async read() { return this.#db.select().from(books); }
  private async notify(id: string) { await fetch("https://pay.example/charges", { method: "POST", body: id }); }
  async lend(id: string) {
    const found = await this.read();
    await this.#transact(async ({ tx, publish }) => {
      await this.store(tx, id);
      await new Books(tx).add(id);
      const own = new Books(tx);
      await own.add(id);
      await new Work(tx, new Stored(tx)).add(id);
      await this.#now.add(id);
      await this.read();
      await this.tell(publish, id);
    });
    await this.notify(id);
    return found;
  }
  async forget() { await this.#db.delete(books); }
}`,
  );
  expect(found).toEqual(expected);
});

test("classes that work the transaction out, or may inherit it, are left alone", () => {
  const { found, expected } = judge(
    "B-1",
    `${imports}
import { AsyncLocalStorage } from "node:async_hooks";
import { Inherited } from "@shop/base";
import type { TransactionHost } from "@nestjs-cls/transactional";
const store = new AsyncLocalStorage<Transaction>();
class Store {
  constructor(private readonly db: Database) {}
  with(tx: Transaction) { return new Store(tx); }
  add(id: string) { return this.db.insert(books).values({ id }); }
}
interface Parts { readonly own: Transaction; }
class Unit {
  get db() { return store.getStore(); }
  readonly rows: Transaction = store.getStore();
}
abstract class Base {
  constructor(protected readonly transact: Transact, protected readonly fixed: Database) {}
  protected get db() { return store.getStore(); }
}
abstract class Middle extends Base {}
export class Shelf extends Middle {
  private readonly txHost: TransactionHost;
  private readonly host: TransactionHost<Adapter>;
  private readonly uow: { readonly tx: Transaction };
  private readonly unit: Unit;
  private readonly parts: Parts;
  private readonly store: Store;
  private readonly currentTx = store.getStore();
  private in(tx: Transaction) { return tx; }
  private current() { return store.getStore(); }
  private insert(table: unknown) { return this.current().insert(table); }
  private add(id: string) { return this.in(this.currentTx).insert(books).values({ id }); }
  async lend(id: string) {
    await this.transact(async ({ tx, publish }) => {
      await this.in(tx).insert(books).values({ id });
      await this.current().insert(books).values({ id });
      await this.current().execute(\`UPDATE shelf_books SET id = '1'\`);
      await this.store.with(tx).add(id);
      await this.txHost.tx.insert(books).values({ id });
      await this.host.insert(books).values({ id });
      await this.uow.tx.insert(books).values({ id });
      await this.unit.db.insert(books).values({ id });
      await this.unit.rows.insert(books).values({ id });
      await this.parts.own.insert(books).values({ id });
      await this.currentTx.insert(books).values({ id });
      await this.db.insert(books).values({ id });
      await this.add(id);
      await this.insert(books).values({ id });
      await publish(bookShelved, { book_id: id });
    });
  }
  async fixedOne(id: string) {
    await this.transact(async ({ publish }) => {
      await this.fixed.insert(books).values({ id }); //! B-1
      await publish(bookShelved, { book_id: id });
    });
  }
}
export class Desk extends Inherited {
  constructor(private readonly transact: Transact) { super(); }
  async lend(id: string) {
    await this.transact(async ({ publish }) => {
      await this.db.insert(books).values({ id });
      await publish(bookShelved, { book_id: id });
    });
  }
}`,
  );
  expect(found).toEqual(expected);
});

test("a change behind several methods is found in whatever order they are looked at", () => {
  const { found, expected } = judge(
    "B-1",
    `${imports}
const far = (db: Database, id: string) => near(db, id);
const near = (db: Database, id: string) => last(db, id);
const last = (db: Database, id: string) => db.insert(books).values({ id });
const first = (db: Database, id: string) => far(db, id);
export class Shelf {
  constructor(private readonly db: Database, private readonly transact: Transact) {}
  private async a(id: string) { await this.b(id); }
  private async b(id: string) { await this.c(id); }
  private async c(id: string) { await this.d(id); }
  private async d(id: string) { await this.db.insert(books).values({ id }); }
  async farFirst(id: string) {
    await this.transact(async ({ publish }) => {
      await this.a(id);
      await publish(bookShelved, { book_id: id });
    });
  }
  async lend(id: string) {
    await this.transact(async ({ publish }) => {
      await this.b(id); //! B-1
      await this.c(id); //! B-1
      await publish(bookShelved, { book_id: id });
    });
  }
}
export const lend = (db: Database, transact: Transact, id: string) =>
  transact(async ({ publish }) => {
    await first(db, id);
    await far(db, id); //! B-1
    await near(db, id); //! B-1
    await publish(bookShelved, { book_id: id });
  });`,
  );
  expect(found).toEqual(expected);
});

test("connections that something opens, and what may give back the transaction", () => {
  const { found, expected } = judge(
    "B-1",
    `${imports}
import { AsyncLocalStorage } from "node:async_hooks";
import { drizzle } from "drizzle-orm/node-postgres";
import type { Engine } from "@brain/engine";
import { pool } from "../lib/pool.ts";
const main = drizzle(url);
const getDb = () => main;
const storage = new AsyncLocalStorage<Transaction>();
const current = () => storage.getStore() ?? main;
const repository = (tx: Transaction) => tx;
const scope = { current: () => storage.getStore() };
const store = (db: Database, id: string) => db.insert(books).values({ id });
export class Shelf {
  constructor(private readonly engine: Engine, private readonly scoped: { open(): Database }) {}
  private db() { return storage.getStore(); }
  async lend(id: string) {
    await this.engine.transact({ source: "shelf" }, async (tx, publish) => {
      await this.engine.open().db.insert(books).values({ id }); //! B-1
      await this.engine.open().db.execute(\`UPDATE shelf_books SET id = '1'\`); //! B-1
      await this.db().insert(books).values({ id });
      await this.scoped.open().insert(books).values({ id });
      await publish(bookShelved, { book_id: id });
    });
  }
  async before(id: string) {
    await this.engine.open().db.insert(books).values({ id });
    await this.engine.transact({ source: "shelf" }, (_tx, publish) => publish(bookShelved, { book_id: id })); //! B-1
  }
}
export const lend = (engine: Engine, transact: Transact, id: string) =>
  transact(async ({ tx, publish }) => {
    await engine.open().db.insert(books).values({ id }); //! B-1
    await getDb().insert(books).values({ id }); //! B-1
    await pool.connect().insert(books).values({ id }); //! B-1
    await main.with(cte).insert(books).values({ id }); //! B-1
    await store(getDb(), id); //! B-1
    const opened = engine.open();
    await opened.db.insert(books).values({ id }); //! B-1
    const { db } = engine.open();
    await db.insert(books).values({ id }); //! B-1
    await current().insert(books).values({ id });
    await storage.getStore().insert(books).values({ id });
    await scope.current().insert(books).values({ id });
    await repository(tx).insert(books).values({ id });
    await store(current(), id);
    await store(repository(tx), id);
    const own = current();
    await own.insert(books).values({ id });
    const inner = storage.getStore();
    await store(inner, id);
    const limited = tx.withTimeout(1_000);
    await limited.insert(books).values({ id });
    await publish(bookShelved, { book_id: id });
  });`,
    { "src/lib/pool.ts": `import { Pool } from "pg";\nexport const pool = new Pool();` },
  );
  expect(found).toEqual(expected);
});
