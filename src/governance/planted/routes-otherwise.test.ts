/** Apps of Hono in the forms in which people write them: a route beside the guard is told, and one that asks itself is not. */

import { expect, test } from "vitest";
import { judge } from "../fixtures/judge-forms.ts";

const head = `import { Hono } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { engine } from "./engine.ts";
import { books } from "../shelf/tables.ts";
const rows = async (c: any) => engine.transact({ source: "shelf" }, async (tx) => tx.insert(books).values({}));
const look = async (c: any) => c.json(await engine.db.select().from(books));
const still = (c: any) => c.text("up");
`;

const apps: Readonly<Record<string, string>> = {
  on: `const app = new Hono();
app.use("/api/*", bearerAuth({ token: "k" }));
app.on("GET", "/b", look); //! RT-1
app.on(["GET", "POST"], "/c", rows); //! RT-1
app.on("PURGE", ["/api/x", "/d"], rows); //! RT-1
app.on("GET", "/api/b", look);`,
  "template-and-const-and-loop": `const app = new Hono();
const base = "/open";
app.use("/api/*", bearerAuth({ token: "k" }));
app.get(\`\${base}/b\`, look); //! RT-1
for (const path of ["/api/d", "/e"]) app.get(path, look); //! RT-1
["/f", "/g"].forEach((path) => app.post(path, rows)); //! RT-1
for (const path of ["/api/d", "/api/e"]) app.get(path, look);`,
  aliases: `import { bearerAuth as auth } from "hono/bearer-auth";
const app = new Hono();
const guard = (token: string) => auth({ token });
app.use("/api/*", guard("k"));
app.get("/b", look); //! RT-1
app.get("/api/b", look);
const web = app;
web.get("/c", look); //! RT-1
const handlers = { list: look, async add(c: any) { return rows(c); } };
app.get("/d", handlers.list); //! RT-1
app.post("/e", handlers.add); //! RT-1
app.get("/f", (c) => look(c)); //! RT-1`,
  "method-computed": `const app = new Hono();
app.use("/api/*", bearerAuth({ token: "k" }));
app["get"]("/b", look); //! RT-1
const method = "post" as const;
app[method]("/c", rows); //! RT-1`,
  "sub-app": `const app = new Hono();
const orders = new Hono();
orders.get("/", look);
const made = new Hono().get("/", look);
const quiet = new Hono().get("/", still);
const own = new Hono();
own.use(bearerAuth({ token: "k" }));
own.get("/", look);
app.use("/api/*", bearerAuth({ token: "k" }));
app.route("/api/orders", orders);
app.route("/orders", orders); //! RT-1
app.route("/made", made); //! RT-1
app.route("/quiet", quiet);
app.route("/own", own);
app.route("/far", far); //! RT-1
app.route("/in", new Hono().get("/", look)); //! RT-1
import { far } from "./far.ts";`,
  far: `export const far = new Hono();
far.get("/", look);`,
  class: `export class Server {
  readonly app = new Hono();
  constructor() {
    this.app.use("/api/*", bearerAuth({ token: "k" }));
    this.app.get("/api/a", look);
    this.app.get("/b", look); //! RT-1
  }
}
export class Other {
  private app: Hono;
  constructor(private readonly db: any) {
    this.app = new Hono();
    this.app.use("/api/*", bearerAuth({ token: "k" }));
    this.app.get("/c", (c) => this.list(c)); //! RT-1
    this.app.get("/d", this.list); //! RT-1
  }
  async list(c: any) { return c.json(await this.db.select().from(books)); }
}`,
  "function-given-app": `const app = new Hono();
app.use("/api/*", bearerAuth({ token: "k" }));
add(app);
function add(web: Hono) {
  web.get("/api/x", look);
  web.get("/b", look); //! RT-1
}
export function makeApp() {
  const inner = new Hono();
  inner.use("/api/*", bearerAuth({ token: "k" }));
  inner.get("/b", look); //! RT-1
  return inner;
}`,
  basepath: `const app = new Hono().basePath("/api");
app.use("/v1/*", bearerAuth({ token: "k" }));
app.get("/v1/b", look);
app.get("/v2/b", look); //! RT-1`,
  "basepath-chain": `const app = new Hono();
app.use("/api/*", bearerAuth({ token: "k" }));
const api = app.basePath("/api");
api.get("/b", look);
const open = app.basePath("/open");
open.get("/b", look); //! RT-1`,
  combine: `import { every, some, except } from "hono/combine";
const app = new Hono();
app.use("/api/*", every(bearerAuth({ token: "k" })));
app.get("/api/b", look);
app.get("/c", look); //! RT-1`,
  except: `import { except } from "hono/combine";
const app = new Hono();
app.use("*", except(["/up", "/open/*"], bearerAuth({ token: "k" })));
app.get("/b", look);
app.get("/up", still);
app.get("/open/b", look); //! RT-1`,
  "spread-handlers": `const app = new Hono();
app.use("/api/*", bearerAuth({ token: "k" }));
const list = [look] as const;
app.get("/b", ...list); //! RT-1
app.get("/c", bearerAuth({ token: "k" }), look);
const guarded = [bearerAuth({ token: "k" }), look] as const;
app.get("/d", ...guarded);`,
  "routes-object": `const app = new Hono();
app.use("/api/*", bearerAuth({ token: "k" }));
const routes = [{ path: "/api/x", run: look }, { path: "/b", run: look }];
for (const { path, run } of routes) app.get(path, run); //! RT-1`,
  "named-import-star": `import * as hono from "hono";
import * as auth from "hono/bearer-auth";
const app = new hono.Hono({ strict: false });
app.use("/api/*", auth.bearerAuth({ token: "k" }));
app.get("/b", look); //! RT-1`,
  "guard-by-hand-beside": `const app = new Hono();
app.use("/api/*", bearerAuth({ token: "k" }));
app.use("/hooks/*", async (c, next) => { if (c.req.header("x") !== "y") return c.text("no", 401); await next(); });
app.post("/hooks/a", rows);
app.post("/x", async (c) => { if (c.req.header("authorization") !== "k") return c.text("no", 401); return rows(c); });`,
  mount: `const app = new Hono();
app.use("/api/*", bearerAuth({ token: "k" }));
app.mount("/m", async (request: Request) => Response.json(await engine.db.select().from(books))); //! RT-1`,
};

test("routes that ask for no key, where an app keeps others behind one", () => {
  const files = Object.entries(apps).map(([name, lines]) => [`src/lib/${name}.ts`, head + lines]);
  const { found, expected } = judge("RT-1", "", Object.fromEntries(files));
  expect(found).toEqual(expected);
});
