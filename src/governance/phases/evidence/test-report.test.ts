import { expect, test } from "vitest";
import { InputError } from "../../errors.ts";
import { parseTestReport } from "./test-report.ts";

const vitest = JSON.stringify({
  testResults: [
    {
      name: "/home/ada/shop/test/modules/orders.test.ts",
      assertionResults: [
        { fullName: "publishing an order is told", title: "an order is told", status: "passed" },
        {
          fullName: "after status 500 it is told again",
          title: "after status 500 it is told again",
          status: "failed",
        },
        { fullName: "later", title: "later", status: "pending" },
      ],
    },
  ],
});

test("vitest's JSON tells of each test how it ended", () => {
  const report = parseTestReport(vitest, "report.json");
  const file = "test/modules/orders.test.ts";
  expect(report.outcomeOf(file, "an order is told")).toBe("passed");
  expect(report.outcomeOf(file, "after status %d it is told again")).toBe("failed");
  expect(report.outcomeOf(file, "later")).toBe("skipped");
  expect(report.outcomeOf(file, "order is told twice")).toBeNull();
  expect(report.outcomeOf("modules/other.test.ts", "an order is told")).toBeNull();
  expect(report.failedIn([file])).toHaveLength(1);
  expect(report.failedIn(["test/modules/other.test.ts"])).toEqual([]);
});

test("JUnit's XML of pytest tells the same, by dotted names", () => {
  const report = parseTestReport(
    `<?xml version="1.0"?><testsuites><testsuite name="pytest" tests="3">
      <testcase classname="backend.tests.test_booking_events" name="test_reserve &amp; more" time="0.1" />
      <testcase classname="backend.tests.test_booking_events.TestReplay" name="test_replay[redis]"><failure message="assert 2 == 1">x &lt; y</failure></testcase>
      <testcase classname="backend.tests.test_booking_events" name="test_later"><skipped message="later"/></testcase>
    </testsuite></testsuites>`,
    "report.xml",
  );
  const file = "backend/tests/test_booking_events.py";
  expect(report.outcomeOf(file, "test_reserve & more")).toBe("passed");
  expect(report.outcomeOf(file, "test_replay")).toBe("failed");
  expect(report.outcomeOf(file, "test_later")).toBe("skipped");
  expect(report.outcomeOf("backend/tests/test_booking.py", "test_later")).toBeNull();
});

test("JUnit's XML of vitest has the file and the suites", () => {
  const report = parseTestReport(
    `<testsuites><testsuite name="test/modules/orders.test.ts"><testcase classname="test/modules/orders.test.ts" name="publishing &gt; an order is told" time="1"></testcase></testsuite></testsuites>`,
    "report.xml",
  );
  expect(report.outcomeOf("test/modules/orders.test.ts", "an order is told")).toBe("passed");
});

test.each([["not a report"], ["{}"], ["<html></html>"], ["[1]"]])("%s is no report", (text) => {
  expect(() => parseTestReport(text, "it.txt")).toThrow(InputError);
});
