/** Python trees as whole projects: a module before and after its migration, many faults in one file, and files that are none. */

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkProject } from "../check/check.ts";
import { applyFixes } from "../check/fix.ts";
import type { Finding } from "../finding.ts";
import { pythonProject } from "../fixtures/python-project.ts";
import { type Project, projectOf, readProject } from "../project.ts";
import { rules } from "../rules/index.ts";
import { findRoot } from "../tree/files.ts";
import { loadPython } from "../tree/python/parser.ts";

beforeAll(loadPython);

const judge = (project: Project) => checkProject(project, rules, "2026-11-26").findings;

/** `54:B-1`, by line. */
const told = (findings: readonly Finding[], file: string) =>
  findings.filter((finding) => finding.file === file).map(({ line, rule }) => `${line}:${rule}`);

function project(files: Readonly<Record<string, string>>, root = "/"): Project {
  const texts = Object.entries(files).map(([path, text]) => ({ path, text }));
  return projectOf({
    root,
    workspaces: [],
    paths: new Set(Object.keys(files)),
    files: new Map(texts.map((file) => [file.path, file])),
  });
}

describe("a module of the original", () => {
  test("after its migration breaks no rule", async () => {
    expect(judge(await readProject(pythonProject("after")))).toEqual([]);
  });

  test("before its migration breaks many, each in its line", async () => {
    const findings = judge(await readProject(pythonProject("before")));
    const folder = "backend/modules/booking";
    const expected = {
      "README.md": "1:R-1 1:R-1 1:R-1 1:R-1 1:R-2 1:R-3 1:R-4 1:R-5 1:R-6 1:R-7",
      "consumer.py": "22:C-1 22:T-2 22:T-3 22:T-4 22:T-4b 26:B-7 31:C-5 36:C-8",
      "router.py": "17:B-6",
      "service.py":
        "20:11.1 21:11.1 29:C1b 31:C1b 36:B-6 53:B-6 54:11.6 54:B-1 55:EV-1 55:T-1 56:E-2 57:E-3 57:N-1 60:P-7 " +
        "61:P-5 63:P-2 64:P-4 66:E-4 67:11.5 67:E-5 72:11.8 72:C1b 75:11.4 76:L-2 77:L-1 83:11.6 83:E-8 88:11.2 89:11.4 " +
        "101:11.4 110:B-5 110:N-9 113:B-2 118:11.5 120:E-3 123:P-5 126:11.6",
    };
    for (const [name, places] of Object.entries(expected))
      expect(told(findings, `${folder}/${name}`), name).toEqual(places.split(" "));
    const count = Object.values(expected).join(" ").split(" ").length;
    expect(findings.length, "nothing is found elsewhere").toBe(count);
  });
});

const core = `from enum import Enum


class EventType(str, Enum):
    SEAT_SEATS_RESERVE = "seat.seats.reserve"
    SEAT_PLACE_TAKEN = "seat.place.taken"
`;

/** Several faults of several rules, also behind constants, helpers and other files. */
const service = `import json
import uuid
from datetime import datetime
from backend.mission_control_core.core.event_stream import Event as Fact, EventStream, EventType as T
from .facts import META, body

KIND = T.SEAT_PLACE_TAKEN


class Seats:
    def __init__(self, stream: "EventStream | None") -> None:
        self.stream = stream

    def _fact(self, kind, payload):
        return Fact(str(uuid.uuid4()), kind, "seat", None, payload, datetime.now(), META)

    async def take(self, session, seat):
        await self._tell(self._fact(KIND, {"seat_id": seat.seat_id, "holder": {"email": seat.mail}}))
        await session.commit()

    async def leave(self, session, seat):
        await session.commit()
        payload = body(seat)
        payload["card_number"] = "4111 1111 1111 1111"
        await self._tell(self._fact(T.SEAT_PLACE_TAKEN, payload))
        await self._tell({"type": "seat.place.left"})

    async def _tell(self, fact):
        if not self.stream:
            return
        try:
            await self.stream.publish_event(fact)
        except:
            pass
`;

test("many faults of one file are found, through helpers, constants and other names", () => {
  const findings = judge(
    project({
      "backend/mission_control_core/core/event_stream.py": core,
      "backend/modules/seat/service.py": service,
      "backend/modules/seat/facts.py": `META = {"schema_version": 2, "source_module": "chair"}


def body(seat):
    return {"seat_id": seat.seat_id}
`,
    }),
  );
  const inFile = (name: string) => told(findings, name).filter((one) => !/:(?:T|EV|R)-/.test(one));
  expect(inFile("backend/mission_control_core/core/event_stream.py")).toEqual(["5:N-3", "5:N-4", "5:N-6"]);
  expect(inFile("backend/modules/seat/facts.py")).toEqual(["1:11.5", "1:E-5", "1:E-6", "5:P-7"]);
  expect(inFile("backend/modules/seat/service.py")).toEqual([
    "1:L-3",
    "11:B-6",
    "15:E-4",
    "18:B-1",
    "18:P-7",
    "18:P-2",
    "24:P-3",
    "29:B-6",
    "32:E-8",
    "33:B-3",
  ]);
});

test("what is mended by itself is Python afterwards", () => {
  const path = "backend/modules/seat/service.py";
  const text =
    "import json\nimport os, sys\nfrom typing import (\n    Any,\n    Optional,\n)\ntry:\n    import yaml\nexcept ImportError:\n    pass\n\n\ndef f(x: Any) -> None:\n    print(x, sys.path)\n";
  const given = project({ [path]: text });
  const { texts } = applyFixes(judge(given), given.files.files);
  const mended = texts.get(path) ?? "";
  expect(mended).toBe(
    "import sys\nfrom typing import (\n    Any,\n)\ntry:\n    import yaml\nexcept ImportError:\n    pass\n\n\ndef f(x: Any) -> None:\n    print(x, sys.path)\n",
  );
});

describe("forbidden words", () => {
  test("in docstrings, comments, texts, tests and documents are no findings", () => {
    const words =
      "EVENT_STREAM_AVAILABLE USE_EVENTS redis.xadd publish_event({}) if event_stream is None TODO remove";
    const findings = judge(
      project({
        "backend/modules/seat/service.py": `"""${words}"""\n\n# Words: EVENT_STREAM_AVAILABLE and redis.xadd\nTEXT = "${words}"\n`,
        "backend/modules/seat/tests/test_seat.py":
          "EVENT_STREAM_AVAILABLE = False\nredis.xadd({})\nstream.publish_event({})\n",
        "backend/modules/seat/README.md": `# Notes\n\n${words}\n`,
        "backend/tests/test_seat.py": "import json\nEVENT_STREAM_AVAILABLE = True\n",
      }),
    );
    expect(findings).toEqual([]);
  });
});

const deep = 20_000;

describe("a file that is hardly one", () => {
  test.each<[string, string, readonly string[]]>([
    ["nothing", "", []],
    ["a mark of UTF-8", "\uFEFFimport json\nprint(json)\n", []],
    ["line ends of Windows", "import json\r\n\r\n\r\ndef f():\r\n    print(json)\r\n", []],
    ["another encoding", "# \uFFFD\nx = '\uFFFD'\n", []],
    ["UTF-16", "i\0m\0p\0o\0r\0t\0 \0o\0s\0\n\0", ["1:PY-1"]],
    ["a bracket that nobody closes", "x = 1\ny = (\n", ["2:PY-1"]],
    ["Python 2", "print 'x'\n", []],
    ["very many brackets", `x = ${"(".repeat(deep)}1${")".repeat(deep)}\n`, ["1:PY-1"]],
    ["very many dots", `x = a${".b".repeat(deep)}\n`, ["1:PY-1"]],
    ["very many conditions", `if ${Array(deep).fill("event_stream").join(" and ")}:\n    pass\n`, ["1:PY-1"]],
    [
      "names that mean themselves",
      "import a\na = a\nb = a\na = b\n\n\ndef f(x):\n    x = f(x)\n    return f(x)\n",
      [],
    ],
  ])("%s is judged or told, and nothing breaks", (_what, text, expected) => {
    const path = "backend/modules/seat/service.py";
    expect(told(judge(project({ [path]: text })), path)).toEqual(expected);
  });

  test("a file that is too large is told", () => {
    const small = project({ "backend/modules/seat/service.py": "x = 1\n" });
    const paths = new Set([...small.files.paths, "backend/modules/seat/large.py"]);
    const findings = judge(projectOf({ ...small.files, paths }));
    expect(findings.map(({ file, rule }) => `${file} ${rule}`)).toEqual([
      "backend/modules/seat/large.py PY-1",
    ]);
  });
});

describe("a tree without git and package.json", () => {
  const made: string[] = [];
  afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true }))));

  test.each(["modules/seat", "app/modules/seat", "brain/agents/seat"])(
    "is found from below backend/%s, and its neighbours with it",
    async (place) => {
      const top = await mkdtemp(join(tmpdir(), "charter-python-"));
      made.push(top);
      const file = join(top, "backend", place, "service.py");
      const other = join(top, "backend", dirname(place), "chair", "service.py");
      for (const path of [file, other]) await mkdir(dirname(path), { recursive: true });
      await writeFile(file, "from ..chair.service import Chair\n\nprint(Chair)\n");
      await writeFile(other, "class Chair:\n    pass\n");
      const { root, within } = await findRoot(dirname(file));
      expect({ root, within }).toEqual({ root: join(top, "backend"), within: place });
      expect(told(judge(await readProject(root)), `${place}/service.py`)).toEqual(["1:11.1"]);
    },
  );
});
