/** A module in the style of the original goes from phase 0 to compliant, and falls back for each thing that is taken from it. */

import { beforeAll, describe, expect, test } from "vitest";
import { pythonProject } from "../fixtures/python-project.ts";
import { projectOf } from "../project.ts";
import { readFiles } from "../tree/files.ts";
import { loadPython } from "../tree/python/parser.ts";
import { currentPhase } from "./phases.ts";
import { planMarkdown } from "./plan.ts";
import { isCompliant, type PhaseReport, summaryOf } from "./report.ts";
import { judgeNamed, reportPhases } from "./run.ts";

type Texts = ReadonlyMap<string, string>;

async function textsOf(name: "before" | "after"): Promise<Texts> {
  const { files } = await readFiles(pythonProject(name));
  return new Map([...files.values()].map(({ path, text }) => [path, text]));
}

let before: Texts;
let after: Texts;
beforeAll(async () => {
  [before, after] = await Promise.all([textsOf("before"), textsOf("after"), loadPython()]);
});

const judge = (texts: Texts) => {
  const files = new Map([...texts].map(([path, text]) => [path, { path, text }] as const));
  const project = projectOf({ root: "/project", workspaces: [], paths: new Set(files.keys()), files });
  return judgeNamed(project, "booking", null, { today: "2026-01-01" });
};
const look = (texts: Texts): PhaseReport => reportPhases(judge(texts), null);

/** Ids of what the current phase lacks. */
const missing = (report: PhaseReport) =>
  (currentPhase(report.phases)?.lines ?? []).filter(({ state }) => state === "fail").map(({ id }) => id);

const folder = "backend/modules/booking";
const textOf = (texts: Texts, path: string) => {
  const text = texts.get(path);
  if (text === undefined) throw new Error(`The fixture has no ${path}.`);
  return text;
};

/** What the team made of the generated list: names by its own words, and who consumes. */
const agreedPlan = () => {
  const [, events = ""] =
    /## Events Published by booking\n([\s\S]*?)\n## /.exec(textOf(after, `${folder}/EVENTS.md`)) ?? [];
  return [
    "# Planned events of booking",
    "",
    "**Purpose:** Reserves seats in courses on site.",
    "",
    "## Planned events, published by booking",
    events,
  ].join("\n");
};

test("a module of the original becomes compliant step by step, and each step leads to the next phase", () => {
  let texts = before;
  const step = (...changes: readonly [path: string, text: string | null][]) => {
    const next = new Map(texts);
    for (const [path, text] of changes) text === null ? next.delete(path) : next.set(path, text);
    texts = next;
    return look(texts);
  };
  const taken = (...paths: readonly string[]) =>
    paths.map((path) => [path, textOf(after, path)] as [string, string]);

  const first = look(texts);
  expect(summaryOf(first)).toBe("booking is in phase 0, Analysis: 2 things are missing");
  expect(missing(first)).toEqual(["0.1", "0.5"]);

  // As it is worked out from the code: what nobody sees there is a question, and keeps the phase open.
  const { project, facts, plan } = first.judged;
  const asked = step([`${folder}/PLAN.md`, planMarkdown(project, facts, plan, null)]);
  expect(missing(asked)).toEqual(["0.1", "0.5"]);
  expect(currentPhase(asked.phases)?.lines.find(({ id }) => id === "0.5")?.evidence).toContain(
    "leaves out consumers of",
  );

  const planned = step([`${folder}/PLAN.md`, agreedPlan()]);
  expect(currentPhase(planned.phases)?.number).toBe(1);
  expect(missing(planned)).toEqual(["1.2", "1.3"]);

  const registered = step(...taken("backend/mission_control_core/core/event_stream.py"));
  expect(missing(registered)).toEqual(["1.3"]);

  const designed = step(...taken(`${folder}/EVENTS.md`), [`${folder}/PLAN.md`, null]);
  expect(currentPhase(designed.phases)?.number).toBe(0);
  expect(missing(designed)).toEqual(["0.1"]);

  const described = step([`${folder}/PLAN.md`, agreedPlan()]);
  expect(currentPhase(described.phases)?.number).toBe(2);

  const producing = step(...taken(`${folder}/service.py`, `${folder}/events.py`, `${folder}/router.py`));
  expect(currentPhase(producing.phases)?.number).toBe(3);
  expect(missing(producing)).toEqual(expect.arrayContaining(["3.1", "3.3"]));

  const consuming = step(...taken(`${folder}/consumer.py`));
  expect(currentPhase(consuming.phases)?.number).toBe(3);
  expect(missing(consuming)).toEqual(["3.3", "C-7"]);

  const running = step(...taken("backend/main.py"));
  expect(currentPhase(running.phases)?.number).toBe(4);
  expect(missing(running)).toEqual(["T-1", "T-2", "T-3", "T-4", "T-4b"]);

  const tested = step(...taken("backend/tests/test_booking_events.py"), [
    "backend/tests/test_booking.py",
    null,
  ]);
  expect(currentPhase(tested.phases)?.number).toBe(5);
  expect(missing(tested)).toContain("5.1");

  const done = step(...taken(`${folder}/README.md`));
  expect(summaryOf(done)).toBe("booking is compliant");
  expect(isCompliant(done)).toBe(true);
});

/** Texts with one of them changed; throws when nothing was. */
function changed(path: string, change: (text: string) => string): Texts {
  const text = textOf(after, path);
  const next = change(text);
  if (next === text) throw new Error(`Nothing was changed in ${path}.`);
  return new Map(after).set(path, next);
}

const without = (path: string) => new Map([...after].filter(([name]) => name !== path));

const tests = "backend/tests/test_booking_events.py";
const oneTest = (name: string) =>
  new RegExp(`@pytest\\.mark\\.asyncio\\nasync def ${name}\\([\\s\\S]*?(?=\\n@pytest|$(?![\\s\\S]))`);

const losses: readonly [what: string, lose: () => Texts, phase: number, id: string, says: RegExp][] = [
  [
    "its purpose",
    () => changed(`${folder}/README.md`, (text) => text.replace(/## Zweck\n\n.*\n/, "")),
    0,
    "0.1",
    /no document says/,
  ],
  [
    "a member of the enum",
    () =>
      changed("backend/mission_control_core/core/event_stream.py", (text) =>
        text.replace(/.*BOOKING_SEAT_CANCELLED.*\n/, ""),
      ),
    1,
    "1.2",
    /booking\.seat\.cancelled is not in the enum/,
  ],
  ["EVENTS.md", () => without(`${folder}/EVENTS.md`), 1, "1.3", /there is no .*EVENTS\.md/],
  [
    "the time of an event",
    () =>
      changed(`${folder}/EVENTS.md`, (text) =>
        text.replace("**When:** The booking is cancelled and its seats are free", "**When:** ?"),
      ),
    1,
    "1.3",
    /when of booking\.seat\.cancelled/,
  ],
  [
    "the consumers of an event",
    () => changed(`${folder}/EVENTS.md`, (text) => text.replace("- `analytics`: load of the courses\n", "")),
    1,
    "1.3",
    /consumers of booking\.seat\.cancelled/,
  ],
  [
    "a name in the past tense",
    () =>
      new Map(
        [...after].map(([path, text]) => [
          path,
          text.replaceAll("booking.seat.cancelled", "booking.seat.cancel"),
        ]),
      ),
    1,
    "1.1",
    /past tense/,
  ],
  [
    "a publish",
    () =>
      changed(`${folder}/service.py`, (text) =>
        text.replace(
          / {8}await self\._publish_event_safe\(self\._event\(EventType\.BOOKING_SEAT_CANCELLED, payload\)\)\n/,
          "",
        ),
      ),
    2,
    "2.1",
    /booking\.seat\.cancelled is published nowhere/,
  ],
  [
    "the shared consumer",
    () =>
      changed(`${folder}/consumer.py`, (text) =>
        text.replace("self.consumer = EventConsumer(", "self.consumer = dict("),
      ),
    3,
    "3.1",
    /no consumer is defined/,
  ],
  [
    "a handler",
    () => changed(`${folder}/consumer.py`, (text) => text.replace(/.*register_handler\(.*\n/, "")),
    3,
    "3.2",
    /payment\.transaction\.completed, and nothing handles it/,
  ],
  [
    "the start of its consumer",
    () => changed("backend/main.py", (text) => text.replace(/.*app\.state\.booking_consumer\.start.*\n/, "")),
    3,
    "3.3",
    /nothing starts/,
  ],
  [
    "the stop of its consumer",
    () => changed("backend/main.py", (text) => text.replace(/.*app\.state\.booking_consumer\.stop.*\n/, "")),
    3,
    "3.3",
    /nothing starts/,
  ],
  [
    "test 1",
    () => changed(tests, (text) => text.replace(oneTest("test_reserve_publishes_event"), "")),
    4,
    "T-1",
    /./,
  ],
  [
    "a key of meta in test 1",
    () => changed(tests, (text) => text.replace(/.*event\.meta\["producer"\].*\n/, "")),
    4,
    "T-1",
    /./,
  ],
  [
    "test 2",
    () => changed(tests, (text) => text.replace(oneTest("test_consumer_confirms_booking"), "")),
    4,
    "T-2",
    /./,
  ],
  [
    "test 3",
    () => changed(tests, (text) => text.replace(oneTest("test_same_message_twice_confirms_once"), "")),
    4,
    "T-3",
    /./,
  ],
  [
    "the same message in test 3",
    () => changed(tests, (text) => text.replace("1700000000000-0", "1700000000009-0")),
    4,
    "T-3",
    /./,
  ],
  [
    "test 4",
    () => changed(tests, (text) => text.replace(oneTest("test_permanent_error_is_acked"), "")),
    4,
    "T-4",
    /./,
  ],
  [
    "what is permanent in test 4",
    () =>
      changed(tests, (text) =>
        text.replace('raise ValueError("no booking_id")', 'raise ConnectionError("away")'),
      ),
    4,
    "T-4",
    /./,
  ],
  [
    "test 4b, skipped",
    () =>
      changed(tests, (text) =>
        text.replace(
          "@pytest.mark.asyncio\nasync def test_transient_error",
          '@pytest.mark.skip("later")\n@pytest.mark.asyncio\nasync def test_transient_error',
        ),
      ),
    4,
    "T-4b",
    /./,
  ],
  ["README.md", () => without(`${folder}/README.md`), 0, "0.1", /no document says/],
  [
    "its owner",
    () => changed(`${folder}/README.md`, (text) => text.replace(/\*\*Owner:\*\* .*/, "**Owner:** ?")),
    5,
    "5.1",
    /its owner/,
  ],
  [
    "what it consumes, in README.md",
    () =>
      changed(`${folder}/README.md`, (text) =>
        text.replace(/## Events Consumed[\s\S]*?(?=## Dependencies)/, ""),
      ),
    5,
    "5.1",
    /that it consumes payment\.transaction\.completed/,
  ],
  [
    "the state of its migration",
    () =>
      new Map(changed(`${folder}/README.md`, (text) => text.replace(/## Migration Notes[\s\S]*/, ""))).set(
        `${folder}/EVENTS.md`,
        textOf(after, `${folder}/EVENTS.md`).replace("Migration status: complete.\n", ""),
      ),
    5,
    "5.3",
    /neither README\.md nor EVENTS\.md/,
  ],
  [
    "its walls: it imports another module",
    () =>
      changed(`${folder}/service.py`, (text) =>
        text.replace(
          "from loguru import logger\n",
          "from loguru import logger\n\nfrom ..payment.service import PaymentService\n",
        ),
      ),
    5,
    "11.1",
    /code of the module payment/,
  ],
];

describe("a compliant module that loses", () => {
  test("nothing is compliant", () => {
    expect(summaryOf(look(after))).toBe("booking is compliant");
  });

  test.each(losses)("%s is no longer compliant", (_what, lose, phase, id, says) => {
    const report = look(lose());
    expect(isCompliant(report)).toBe(false);
    const current = currentPhase(report.phases);
    expect(current?.number, summaryOf(report)).toBe(phase);
    const line = current?.lines.find((one) => one.id === id);
    expect(line, JSON.stringify(current?.lines)).toMatchObject({
      state: "fail",
      evidence: expect.stringMatching(says),
    });
    expect(line?.todo).toMatch(/\w/);
  });

  test.each([
    [/^## Zweck\n\n.*\n/m, 0, "0.1", "## Purpose", "## Zweck"],
    [/^\*\*Owner:\*\* .*/m, 5, "5.1", "Purpose, Events Published", "Zweck"],
  ])("%s is told what to write in English first", (lost, phase, id, english, german) => {
    const { phases } = look(changed(`${folder}/README.md`, (text) => text.replace(lost, "")));
    const todo = phases[phase]?.lines.find((line) => line.id === id)?.todo ?? "";
    expect(todo).toContain(english);
    expect(todo.indexOf(german)).toBeGreaterThan(todo.indexOf(english));
  });
});
