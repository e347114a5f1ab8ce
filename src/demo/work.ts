import { inGroups } from "./catalogue.ts";
import { idOf } from "./choices.ts";
import { courseNamed, nameOf, onceOf, type Step, storyOf } from "./stage.ts";
import { agents, lineCourse, tasks } from "./world.ts";

/** Somebody enrols in an open course, learns it and gets a certificate; others are on their way. */
export const learning: Step = {
  name: "learners",
  async run(stage) {
    const { api } = stage;
    const course = courseNamed(stage, "verduras");
    const path = `/api/courses/${course.courseId}`;
    const story = storyOf(stage, "learner");
    const { body: lessons } = await api.send("GET", `${path}/lessons`);
    const chapters: readonly { lesson_id: string }[] = lessons.lessons ?? lessons;
    const learn = async (learner: string, share: number) => {
      const actor = nameOf(stage, learner);
      const once = (what: string) => onceOf(stage, `${what} ${learner}`);
      const { body } = await api.send("POST", `${path}/enroll`, {
        ...{ body: {}, actor, story, once: once("enrol") },
      });
      const { enrollment_id } = body;
      const done = chapters.slice(0, Math.ceil(chapters.length * share));
      for (const { lesson_id } of done) {
        const report = { enrollment_id, chapter_id: lesson_id, status: "completed" };
        await api.send("POST", `${path}/progress`, { body: report, actor, story, once: once(lesson_id) });
      }
      if (share < 1) return;
      await api.send("POST", `${path}/complete`, {
        ...{ body: { enrollment_id }, actor, story, once: once("complete") },
      });
      // Without a key that signs there are no certificates.
      await api.send("POST", `${path}/certificates/issue`, {
        ...{ body: { enrollment_id }, actor, story, once: once("certificate"), fine: [503] },
      });
    };
    await learn("learner-1", 1);
    await Promise.all([learn("learner-2", 0.3), learn("learner-3", 0.1)]);
  },
};

/** Task items in each of their states. */
export const taskItems: Step = {
  name: "tasks",
  run: (stage) =>
    inGroups(tasks, async ({ name, tenant, title, priority, end }) => {
      const { api } = stage;
      const actor = `author-${tenant}`;
      const status = end === "begun" ? "IN_PROGRESS" : "NOT_STARTED";
      const { body: task } = await api.send("POST", "/api/tasks", {
        body: { title, priority, status, tenant_id: tenant },
        actor,
        once: onceOf(stage, `task ${name}`),
      });
      if (end === "dropped") {
        await api.send("DELETE", `/api/tasks/${task.task_id}?reason=the+fair+was+cancelled`, {
          ...{ actor, fine: [404, 409] },
        });
      }
      if (end === "done") {
        await api.send("POST", `/api/tasks/${task.task_id}/complete`, {
          body: { completion_notes: "Looked at by two people." },
          actor,
          once: onceOf(stage, `complete ${name}`),
        });
      }
    }),
};

/** Missions in each state that lasts, and a template with a run of it. */
export const missions: Step = {
  name: "missions",
  async run(stage) {
    const { api } = stage;
    const enqueue = (name: string, body: object) =>
      api.send("POST", "/api/missions/enqueue", {
        ...{ body, actor: "planner-1", story: storyOf(stage, "missions"), once: onceOf(stage, name) },
      });
    const create = async (name: string, body: object) => {
      const id = idOf(stage.seed, `mission ${name}`);
      await api.send("POST", "/api/missions", {
        ...{ body: { id, ...body }, actor: "planner-1", once: onceOf(stage, name), fine: [409] },
      });
    };
    await enqueue("report", {
      name: "Weekly report to the teachers",
      type: "echo",
      payload: { report: "week", courses: 7 },
      tenant_id: "pedale",
    });
    // Its plan names production: without an approval the gate lets nobody pass.
    await enqueue("blocked", {
      name: "Write the course on the production line",
      type: "course.generate",
      payload: {
        title: "Night shift in live production",
        description: lineCourse.description,
        language: "en",
        target_audiences: ["employees"],
      },
      tenant_id: "werkstatt",
      max_retries: 1,
    });
    // Names below .example lead nowhere (RFC 2606): it is tried again, later and later.
    await enqueue("retrying", {
      name: "Tell the print shop about the new edition",
      type: "http_call",
      payload: { url: "https://print-shop.example/orders", body: { edition: 2 } },
      priority: 30,
      max_retries: 20,
      tenant_id: "werkstatt",
    });
    await create("draft", {
      name: "Translate the bicycle course",
      description: "Waits until somebody has checked the glossary.",
      data: { from: "de", to: "es" },
      tenant_id: "pedale",
    });
    const { body: template } = await api.send("POST", "/api/missions/templates", {
      body: {
        name: "New edition",
        description: "Announces the new edition of a course, then closes the old one.",
        category: "courses",
        steps: [
          { order: 1, action: "echo", config: { announce: "{{course}}" } },
          { order: 2, action: "echo", config: { close: "{{course}}" } },
        ],
        variables: { course: { type: "string", required: true } },
        tenant_id: "pedale",
      },
      actor: "planner-1",
      once: onceOf(stage, "template"),
    });
    await api.send("POST", `/api/missions/templates/${template.id}/instantiate`, {
      body: { variables: { course: "bicycle" }, tenant_id: "pedale" },
      actor: "planner-1",
      once: onceOf(stage, "template run"),
    });
  },
};

/** Agents that live, write to each other, fail and leave. */
export const agentLife: Step = {
  name: "agents",
  async run(stage) {
    const { api } = stage;
    const ask = (agent: string, what: string, body?: object) =>
      api.send("POST", `/api/agents/${agent}/${what}`, {
        ...(body === undefined ? {} : { body }),
        once: onceOf(stage, `${agent} ${what}`),
      });
    await inGroups(agents, async ({ id, tenant, done, failed }) => {
      await ask(id, "online", { heartbeat_seconds: 86_400, tenant_id: tenant });
      await ask(id, "heartbeat", {
        tasks_completed: done,
        tasks_failed: failed,
        heartbeat_seconds: 86_400,
        tenant_id: tenant,
      });
    });
    await ask("proofreader-1", "messages", {
      from: "translator-1",
      message: { text: "Chapter two is ready.", language: "fr" },
      tenant_id: "atelier",
    });
    await ask("cutter-2", "error", {
      error: "The video of lesson three has no sound.",
      error_type: "MissingTrack",
      tenant_id: "pedale",
    });
    await ask("cutter-2", "offline?tenant_id=pedale");
  },
};
