import { describe, expect, test } from "vitest";
import { ScaffoldError } from "./errors.ts";
import { checkEvent, checkName, domainsOf, plural } from "./names.ts";
import { fillIn } from "./templates.ts";

describe("a name", () => {
  test.each([
    "Reading",
    "reading-room",
    "1st",
    "reading__room",
    "_room",
    "raum_ä",
    "",
    "../etc",
    "a".repeat(37),
  ])("%j is refused, with what was received, what is expected and what to do", (name) => {
    expect(() => checkName("module", name)).toThrow(ScaffoldError);
    expect(() => checkName("module", name)).toThrow(
      /^Received .* as the name of the module.*; expected .+\. \S.+\.$/s,
    );
  });

  test.each([
    ["library.book.lend", /"lend" is not in the past tense/],
    ["library.books.lent", /looks like a plural/],
    ["LibraryBookLent", /upper case letters/],
    ["library.lent", /2 segment\(s\)/],
    ["payment.book.lent", /expected one of library_desk, library\./],
  ])("of an event, %s, is refused by the charter's rules", (type, reason) => {
    expect(() => checkEvent(type, domainsOf("library_desk"))).toThrow(reason);
  });

  test("of an event may begin with the module's name, with its first words, or as its others do", () => {
    for (const type of ["library_desk.book.lent", "library.book.lent", "shelf.book.lent"]) {
      const event = checkEvent(type, domainsOf("library_desk", ["shelf"]));
      expect(event.type).toBe(type);
    }
    expect(checkEvent("library.book_copy.sent", ["library"]).constant).toBe("libraryBookCopySent");
  });

  test.each([
    ["parcels", "parcel.scan.recorded", "parcels.scan.recorded"],
    ["booking_desks", "booking_desk.seat.taken", "booking_desks.seat.taken"],
    ["deliveries", "delivery.stop.reached", "deliveries.stop.reached"],
    ["analytics", "analytics.day.counted", "analytic.day.counted"],
  ])("of an event of %s begins as the rule N-2 wants it: %s, not %s", (module, right, wrong) => {
    expect(checkEvent(right, domainsOf(module)).type).toBe(right);
    expect(() => checkEvent(wrong, domainsOf(module))).toThrow(`"${right}"`);
  });

  test.each([
    ["book", "books"],
    ["copy", "copies"],
    ["key", "keys"],
    ["box", "boxes"],
    ["branch", "branches"],
  ])("%s is %s when there are many", (one, many) => expect(plural(one)).toBe(many));
});

test("every form of a name in a template becomes the same form of another", () => {
  const values = {
    name: "library_desk",
    event: checkEvent("library.old_copy.set", ["library"]),
    purpose: "Lends.",
    owner: "Ada",
    date: "2026-11-27",
  };
  const forms = [
    ["sampleRoomPaperSlips", "libraryDeskOldCopies"],
    ["sample_room_paper_slips", "library_desk_old_copies"],
    ["/api/sample-room/paper-slips", "/api/library-desk/old-copies"],
    ["SAMPLE_ROOM SampleRoom", "LIBRARY_DESK LibraryDesk"],
    ["A paper slip was newly added", "An old copy was set"],
    ["sampleRoomPaperSlipNewlyAdded", "libraryOldCopySet"],
    ["sample_room.paper_slip.newly_added", "library.old_copy.set"],
  ];
  for (const [template = "", filled] of forms) expect(fillIn(template, values)).toBe(filled);
});
