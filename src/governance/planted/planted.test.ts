/**
 * Violations that are planted in this project's own files, several in each, all at once: every one is found in its line,
 * and nothing else is. No file on the disk is touched.
 */

import { beforeAll, expect, test } from "vitest";
import { root } from "../../../tools/root.ts";
import { checkProject } from "../check/check.ts";
import { type Project, projectOf, readProject } from "../project.ts";
import { rules } from "../rules/index.ts";

/** Text of a file that is there once, what stands in its place, and what is found in which line of that (from 0). */
type Plant = readonly [find: string, put: string, found: Readonly<Record<string, readonly number[]>>];

interface Bed {
  readonly name: string;
  /** Ids of the rules that look at it. */
  readonly rules: RegExp;
  readonly files: Readonly<Record<string, readonly Plant[]>>;
}

const event = (name: string, type: string, fields: readonly string[]) =>
  `\nexport const ${name} = defineEvent("${type}", {\n  version: 1,\n  module,\n  criticality: "INFO",\n  when: "It happened",\n  payload: z.strictObject({\n${fields.map((field) => `    ${field},\n`).join("")}  }),\n});\n`;

/** The line of the first field in {@link event}. */
const first = 7;
const learnerEnd = `export const coursePackCreated = `;
const purposes = "Payments: an intent says who is asked for how much";

const beds: readonly Bed[] = [
  {
    name: "tables of tenants",
    rules: /^TR-/,
    files: {
      "src/modules/tasks/tables.ts": [
        [
          `export const taskStats = pgTable(\n  "task_stats",`,
          `export const taskStats = pgTable(\n  "task_stats",`,
          { "TR-1": [1] },
        ],
        [`    ...tenantRows(),\n    unique("task_stats_day_key")`, `    unique("task_stats_day_key")`, {}],
      ],
    },
  },
  {
    name: "names",
    rules: /^N-/,
    files: {
      "schemas/events/course.ts": [
        [`defineEvent("course.outline.created"`, `defineEvent("course.outline.create"`, { "N-4": [0] }],
        [`defineEvent("course.lesson.generated"`, `defineEvent("course.lessons.generated"`, { "N-3": [0] }],
        [`defineEvent("course.quiz.created"`, `defineEvent("CourseQuizCreated"`, { "N-1": [0], "N-5": [0] }],
        [`defineEvent("course.landing_page.created"`, `defineEvent("course.created"`, { "N-1": [0] }],
      ],
      "schemas/events/course-learning.ts": [
        [`defineEvent("course.progress.recorded"`, `defineEvent("course.progress.noted"`, { "N-7": [0] }],
        [
          `defineEvent("course.completion.recorded"`,
          `defineEvent("course_completion_recorded"`,
          { "N-1": [0], "N-5": [0] },
        ],
        [
          learnerEnd,
          `${event("courseImportStarted", "course.import.started", [])}${learnerEnd}`,
          { "N-6": [1], "N-8": [1, 1] },
        ],
      ],
      "schemas/events/payment.ts": [
        [
          `defineEvent("payment.refund.requested"`,
          `defineEvent("agent.refund.requested"`,
          { "N-2": [0], "N-7": [0] },
        ],
        [
          `paymentRefundCompleted = defineEvent("payment.refund.completed"`,
          `paymentRefundCompleted = defineEvent("payments.refund.completed"`,
          { "N-2": [0], "N-7": [0] },
        ],
        [`defineEvent("payment.refund.failed"`, `defineEvent("task.created"`, { "N-1": [0], "N-6": [0] }],
      ],
      "src/modules/course_access/index.ts": [
        [
          `events: [courseAccessGranted, courseAccessRevoked]`,
          `events: [courseAccessGranted, courseAccessGranted]`,
          { "N-6": [0] },
        ],
      ],
      "src/modules/payment/model.ts": [
        [
          `export type Refund =`,
          `export const streamKey = "brain_events";\nexport const mark = (redis: { set(key: string): void }) => redis.set("payments:seen");\nexport type Refund =`,
          { "N-9": [0, 1] },
        ],
      ],
      "schemas/events/course-delivery.ts": [
        [
          `export const courseAccessRevoked =`,
          `// The list of the module does not name it any more.\nexport const courseAccessRevoked =`,
          { "N-6": [1] },
        ],
      ],
    },
  },
  {
    name: "envelopes",
    rules: /^(?:E-[1-7]|11\.5)$/,
    files: {
      "src/modules/course_access/announce.ts": [
        [
          `/** Producer of all events of this module. */`,
          `export const one = {\n  id: \`evt_\${Date.now()}\`,\n  type: "course.access.grantet",\n  source: "a",\n  payload: {},\n  timestamp: new Date().toString(),\n  meta: { schema_version: "1.0", producer: "", source_module: "payment" },\n};\nexport const two = { id: "7", type: "course.access.granted", source: "a", target: null, payload: {}, timestamp: "2026-11-27" };`,
          { "E-1": [0], "E-2": [1, 8], "E-3": [2], "E-4": [5, 8], "E-5": [6], "E-6": [6, 6], "11.5": [8] },
        ],
        [
          `        granted_at: row.grantedAt.toISOString(),`,
          `        granted_at: new Date().toLocaleString(),`,
          { "E-4": [0] },
        ],
        [
          `      { ...fields, reason: row.revokeReason, revoked_at: row.revokedAt.toISOString() },\n      options,`,
          `      { ...fields, reason: row.revokeReason, revoked_at: row.revokedAt.toISOString() },\n      { ...options, mission_id: row.courseId },`,
          { "E-7": [1] },
        ],
      ],
      "src/modules/webhooks/service.ts": [
        [
          `    meta: { schema_version: 1, producer: "webhooks", source_module: "webhooks" },`,
          `    meta: { schema_version: 1, producer: "webhooks", tenant_id: "default" },`,
          { "11.5": [0], "E-7": [0] },
        ],
      ],
    },
  },
  {
    name: "payloads",
    rules: /^P-/,
    files: {
      "schemas/events/course-learning.ts": [
        [
          learnerEnd,
          `${event("courseOneTried", "course.one.tried", [
            "email: z.email().max(200).describe('E-mail.')",
            "learner_name: z.string().max(80).describe('Who.')",
            "api_key: z.string().max(80).describe('Key.')",
            "stripe_customer_id: z.string().max(80).describe('At Stripe.')",
            "course: z.any().describe('All of it.')",
            "extra: z.record(z.string().max(9), z.string().max(9)).describe('More.')",
            "lesson_id: z.int().describe('Number.')",
            "title: z.string().describe('Title.')",
            "tags: z.array(z.string().max(20)).describe('Tags.')",
            "shelf: z.object({ row: z.int().describe('Row.') }).describe('Shelf.')",
            "at: z.date().describe('When.')",
            "count: z.int()",
          ])}${learnerEnd}`,
          {
            "P-1": [first + 9, first + 10],
            "P-2": [first, first, first + 1],
            "P-3": [first + 2],
            "P-4": [first + 3],
            "P-5": [first + 4, first + 5, first + 6],
            "P-6": [first + 7, first + 8],
            "P-7": [first + 11],
          },
        ],
        [
          `    recorded_at: isoTime.describe("When the progress was reported."),`,
          `    recorded_at: isoTime,`,
          { "P-7": [0] },
        ],
      ],
      "src/modules/course_access/announce.ts": [
        [
          `        reason: paymentId === null ? row.grantReason : null,`,
          `        reason: paymentId === null ? null : "pi_3MtwBwLkdIwHu7ix",`,
          { "P-4": [0] },
        ],
        [
          `      { ...fields, reason: row.revokeReason, revoked_at: row.revokedAt.toISOString() },`,
          `      { ...row, reason: "token: 8fK2mQ9xLp31" },`,
          { "P-3": [0], "P-5": [0] },
        ],
      ],
      "src/modules/tasks/announce.ts": [
        [
          `publish(taskItemCreated, { task_id, title, priority, status }, options)`,
          `publish(taskItemCreated, { task_id, title: "Call erika@muster.de", priority, status }, options)`,
          { "P-2": [0] },
        ],
      ],
    },
  },
  {
    name: "documents",
    rules: /^(?:R|EV)-/,
    files: {
      "src/modules/payment/README.md": [
        ["**Version:** 1.0.0 (EventStream Migration)", "**Version:** one", { "R-1": [0] }],
        [purposes, `?\n\n${purposes}`, { "R-2": [-2] }],
        ["### 2. payment.transaction.completed", "### 2. payment.transaction.complete", {}],
        ["## Events Published\n", "## Events Published\n", { "R-3": [0] }],
        ["**Wann:** A payment failed.", "**Wann:** ?", { "R-3": [0] }],
        [
          "**Aktion:** Creates the payment of the course",
          "**Handlung:** Creates the payment of the course",
          { "R-4": [-6] },
        ],
        [
          "| Redis | none of its own; only the EventStream's, and the limits per minute |\n",
          "| Memory | none of its own |\n",
          {},
        ],
        ["## Dependencies\n", "## Dependencies\n", { "R-5": [0] }],
        ["## Betriebs-Hinweise\n", "## Betriebs-Hinweise\n", { "R-6": [0] }],
        ["### Monitoring", "### Watching", {}],
        ["**To:** `payment.*` events recorded", "**Zum Ziel:** `payment.*` events recorded", { "R-7": [-4] }],
      ],
      "src/modules/payment/EVENTS.md": [
        ["## Events Published by payment\n", "## Events Published by payment\n", { "EV-1": [0] }],
        ["### 4. payment.transaction.cancelled", "### 4. payment.transaction.canceled", { "EV-1": [0] }],
        [
          "**When:** A payment was received.\n\n**Criticality:** CRITICAL",
          "**When:** A payment came.\n\n**Criticality:** URGENT",
          { "EV-5": [0], "EV-3": [2] },
        ],
        [
          "| `refund_id` | text | no | The refund; left out: the producer did not say. 1–100 characters; no control characters |\n| `reason` | text | no | Why, in the words of who asked for it, without personal data; left out: they gave none, or it was made at the provider. 1–500 characters |\n| `was_completed` |",
          "| `refund_number` | text | no | The refund. |\n| `reason` | text | no | Why. |\n| `was_completed` |",
          { "EV-2": [0, -13] },
        ],
        ["- outside: alerting", "- `alarming`", { "EV-4": [0] }],
      ],
    },
  },
  {
    name: "consumers of events",
    rules: /^EV-6$/,
    files: {
      "schemas/events/course-delivery.ts": [
        [`consumers: ["payment"],`, `consumers: ["analytics"],`, {}],
        // A near miss: one that handles nothing of it is another rule's.
        [`consumers: ["course_distribution"],`, `consumers: ["course_distribution", "payment"],`, {}],
      ],
      "src/modules/payment/consumer.ts": [
        ["on(coursePaymentRequired, (event", "on(coursePaymentRequired, (event", { "EV-6": [0] }],
      ],
      "src/modules/course_factory/EVENTS.md": [
        ["**Consumers:**\n\n- `payment`\n", "**Consumers:**\n\n- outside: `payment`\n", { "EV-6": [0] }],
      ],
    },
  },
];

let project: Project;

beforeAll(async () => {
  project = await readProject(root);
});

function plant(bed: Bed): { readonly planted: Project; readonly expected: readonly string[] } {
  const files = new Map(project.files.files);
  const expected: string[] = [];
  for (const [path, plants] of Object.entries(bed.files)) {
    let text = files.get(path)?.text ?? "";
    for (const [find, put] of plants) {
      expect(text.split(find), `${path} has it once: ${find}`).toHaveLength(2);
      text = text.replace(find, () => put);
    }
    for (const [, put, found] of plants) {
      const line = text.slice(0, text.indexOf(put)).split("\n").length;
      for (const [rule, lines] of Object.entries(found))
        expected.push(...lines.map((behind) => `${rule} ${path}:${line + behind}`));
    }
    files.set(path, { path, text });
  }
  return { planted: projectOf({ ...project.files, files }), expected };
}

const foundIn = (given: Project, ids: RegExp): readonly string[] =>
  checkProject(
    given,
    rules.filter(({ id }) => ids.test(id)),
    "2026-01-01",
  )
    .findings.filter(({ rule }) => ids.test(rule))
    .map(({ rule, file, line }) => `${rule} ${file}:${line}`);

test.each(beds)("$name: what is planted is found in its line, and nothing else", (bed) => {
  const { planted, expected } = plant(bed);
  expect(foundIn(planted, bed.rules).toSorted()).toEqual(expected.toSorted());
  // The control: without what is planted nothing is found.
  expect(foundIn(project, bed.rules)).toEqual([]);
});
