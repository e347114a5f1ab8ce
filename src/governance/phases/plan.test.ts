import { beforeAll, expect, test } from "vitest";
import { projectOf } from "../project.ts";
import { loadPython } from "../tree/python/parser.ts";
import { pastOf, singular } from "./facts/past-tense.ts";
import { planMarkdown } from "./plan.ts";
import { judgeNamed } from "./run.ts";

beforeAll(loadPython);

const planOf = (module: string, texts: Readonly<Record<string, string>>) => {
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, { path, text }] as const));
  const project = projectOf({ root: "/project", workspaces: [], paths: new Set(files.keys()), files });
  const { facts, plan } = judgeNamed(project, module, null, { today: "2026-01-01" });
  const events = plan.events.map(({ type, payload, consumers }) => ({
    type,
    payload: payload.map(({ name }) => name),
    consumers,
  }));
  return { events, plan, markdown: planMarkdown(project, facts, plan, null) };
};

const shop = {
  "package.json": "{}",
  "src/modules/orders/tables.ts": `
    import { pgTable, text } from "drizzle-orm/pg-core";
    export const orders = pgTable("orders", { id: text().primaryKey(), status: text() });`,
  "src/modules/orders/service.ts": `
    import { eq, sql } from "drizzle-orm";
    import { notifyBuyer, findBuyer } from "../mail/service.ts";
    import { orders } from "./tables.ts";
    export class OrderService {
      constructor(private readonly db: Database) {}
      async placeOrder(customerId: string, email: string, status: string) {
        await findBuyer(customerId);
        await this.saveOrder(customerId);
        await notifyBuyer(customerId);
      }
      private async saveOrder(id: string) {
        await this.db.insert(orders).values({ id });
      }
      async cancelOrder(orderId: string) {
        await this.db.update(orders).set({ status: "cancelled" }).where(eq(orders.id, orderId));
      }
      async markShipped(orderId: string) {
        await this.db.execute(sql\`UPDATE orders SET status = 'shipped' WHERE id = \${orderId}\`);
        await fetch("https://carrier.example.org/", { method: "POST" });
      }
      async readOrder(orderId: string) {
        return this.db.execute(sql\`SELECT * FROM orders WHERE id = \${orderId} FOR UPDATE\`);
      }
    }`,
  "src/modules/orders/routes.ts": `
    import { Hono } from "hono";
    import { orders } from "./tables.ts";
    import { OrderService } from "./service.ts";
    export const routes = (service: OrderService, db: Database) =>
      new Hono()
        .post("/orders", async (c) => c.json(await service.placeOrder(c.req.query("c"))))
        .delete("/orders/:id/notes", async (c) => { await db.delete(orders); return c.json({}); });`,
  "src/modules/mail/service.ts": `
    import { eq } from "drizzle-orm";
    export async function notifyBuyer(id: string) {}
    export async function findBuyer(id: string) {}`,
  "src/modules/mail/index.ts": `
    import { defineModule } from "@brain/engine";
    export const mail = defineModule({ name: "mail", events: [] });`,
};

test("of TypeScript the events are planned by what changes state, and who is called today is told tomorrow", () => {
  const { events } = planOf("orders", shop);
  expect(events).toEqual([
    {
      type: "order.order.placed",
      payload: ["order_id", "customer_id", "status", "placed_at"],
      consumers: ["mail"],
    },
    { type: "order.order.cancelled", payload: ["order_id", "cancelled_at"], consumers: [] },
    { type: "order.order.shipped", payload: ["order_id", "shipped_at"], consumers: [] },
    { type: "order.order.failed", payload: ["order_id", "failed_at", "reason"], consumers: [] },
    { type: "order.note.deleted", payload: ["note_id", "deleted_at"], consumers: [] },
  ]);
});

test("the plan says what it saw, and asks for what nobody can see", () => {
  const { markdown } = planOf("orders", shop);
  expect(markdown).toContain(
    "| `OrderService.saveOrder` | src/modules/orders/service.ts:12 | inserts into orders |",
  );
  expect(markdown).toContain("| `OrderService.markShipped` | src/modules/orders/service.ts:18 | fetch |");
  expect(markdown).toContain(
    "| `OrderService.placeOrder` | src/modules/orders/service.ts:7 | mail.findBuyer, mail.notifyBuyer |",
  );
  expect(markdown).toContain("**Purpose:** ?");
  expect(markdown).not.toContain("email");
});

test("of Python the same: sessions, statements, clients and routes", () => {
  const { events } = planOf("courses", {
    "pyproject.toml": "",
    "backend/modules/courses/models.py": `
class Course(Base):
    __tablename__ = "courses"
`,
    "backend/modules/courses/service.py": `
import httpx
from sqlalchemy import text
from backend.modules.certificates.service import issue_certificate
from .models import Course


class CourseService:
    async def create_course(self, author_id: str, email: str, title: str):
        course = Course(author_id=author_id, title=title)
        self.db.add(course)
        await self.db.commit()

    async def complete_lesson(self, lesson_id: str, user_id: str, api_key: str):
        await self.db.execute(text("UPDATE lessons SET status = 'done' WHERE id = :id"), {"id": lesson_id})
        await self.db.commit()
        await issue_certificate(user_id)

    async def generate(self, course_id: str):
        async with httpx.AsyncClient() as client:
            await client.post("http://llm/")
        self.db.add(Course())
        await self.db.commit()

    async def list_courses(self):
        return await self.db.execute(text("SELECT * FROM courses"))
`,
    "backend/modules/certificates/service.py": `
async def issue_certificate(user_id: str):
    pass
`,
  });
  expect(events).toEqual([
    { type: "course.course.created", payload: ["course_id", "author_id", "created_at"], consumers: [] },
    {
      type: "course.lesson.completed",
      payload: ["lesson_id", "user_id", "completed_at"],
      consumers: ["certificates"],
    },
    { type: "course.course.generated", payload: ["course_id", "generated_at"], consumers: [] },
    { type: "course.course.failed", payload: ["course_id", "failed_at", "reason"], consumers: [] },
  ]);
});

test.each([
  ["create", "created"],
  ["cancel", "cancelled"],
  ["submit", "submitted"],
  ["apply", "applied"],
  ["send", "sent"],
  ["deploy", "deployed"],
  ["get", null],
])("the past tense of %s is %s", (verb, past) => {
  expect(pastOf(verb)).toBe(past);
});

test.each([
  ["courses", "course"],
  ["categories", "category"],
  ["status", "status"],
  ["addresses", "address"],
  ["boxes", "box"],
  ["analysis", "analysis"],
])("the singular of %s is %s", (word, one) => {
  expect(singular(word)).toBe(one);
});
