import { describe, expect, it } from "vitest";
import { classify } from "../core/classify.ts";
import { ConflictError, NotFoundError, PermanentError, TransientError } from "../core/errors.ts";
import { sqlState, translateDatabaseError, violatedConstraint } from "./errors.ts";

const secret = "postgres://brain:hunter2-planted@db.example/brain";

/** An error as the driver throws it. */
function postgres(code: string, fields: object = {}): Error {
  return Object.assign(new Error(`statement with ${secret} failed`), {
    name: "NeonDbError",
    code,
    ...fields,
  });
}

const wrap = (inner: Error) =>
  Object.assign(new Error("Failed query", { cause: inner }), { name: "DrizzleQueryError" });

describe("SQLSTATE", () => {
  it.each([
    ["08006", "connection failure"],
    ["08001", "cannot connect"],
    ["40001", "serialization failure"],
    ["40P01", "deadlock"],
    ["53300", "too many connections"],
    ["53200", "out of memory"],
    ["55P03", "lock not available"],
    ["55006", "object in use"],
    ["57P01", "admin shutdown"],
    ["57P03", "cannot connect now"],
    ["57014", "query cancelled"],
    ["58030", "I/O error"],
    ["25P02", "transaction aborted by an error that was not passed on"],
  ])("%s (%s) is transient", (code) => {
    const error = translateDatabaseError(postgres(code), "caller");
    expect(error).toBeInstanceOf(TransientError);
    expect(classify(error).kind).toBe("transient");
  });

  it.each([
    ["22P02", "invalid text representation"],
    ["23502", "not null violation"],
    ["23503", "foreign key violation"],
    ["23514", "check violation"],
    ["42P01", "undefined table"],
    ["42601", "syntax error"],
    ["55000", "object not in prerequisite state"],
    ["28P01", "wrong password"],
  ])("%s (%s) is permanent", (code) => {
    const error = translateDatabaseError(postgres(code), "caller");
    expect(error).toBeInstanceOf(PermanentError);
    expect(classify(error)).toEqual({ kind: "permanent", reason: "permanent_error" });
  });

  it("23505 is a conflict that names the constraint", () => {
    const error = translateDatabaseError(postgres("23505", { constraint: "courses_slug_key" }), "caller");
    expect(error).toBeInstanceOf(ConflictError);
    expect((error as Error).message).toContain("courses_slug_key");
    expect((translateDatabaseError(postgres("23505"), "caller") as Error).message).not.toContain(
      "constraint",
    );
  });

  it("is found below the wrappers of the driver and of drizzle", () => {
    expect(sqlState(wrap(wrap(postgres("40001"))))).toBe("40001");
    expect(sqlState({ sourceError: postgres("40001") })).toBe("40001");
    expect(violatedConstraint(wrap(postgres("23503", { constraint: "fk" })))).toBe("fk");
  });

  it.each([new Error("plain"), "text", null, undefined, { code: "ECONNRESET" }, { code: 23505 }])(
    "is not read from %o",
    (error) => {
      expect(sqlState(error)).toBeNull();
      expect(violatedConstraint(error)).toBeNull();
    },
  );

  it("is not sought for ever in a circle of causes", () => {
    const round: { cause?: unknown } = {};
    round.cause = round;
    expect(sqlState(round)).toBeNull();
  });

  it("an empty constraint name is none", () => {
    expect(violatedConstraint(postgres("23505", { constraint: "" }))).toBeNull();
  });
});

describe("errors without a SQLSTATE", () => {
  it("are a lost connection when only the driver can have thrown them", () => {
    for (const error of [new Error("Connection terminated"), { type: "error" }, "closed"]) {
      expect(translateDatabaseError(error, "driver")).toBeInstanceOf(TransientError);
    }
    expect(translateDatabaseError(wrap(new Error("socket")), "caller")).toBeInstanceOf(TransientError);
  });

  it("stay what they are when the code inside the transaction threw them", () => {
    const own = new RangeError("own");
    expect(translateDatabaseError(own, "caller")).toBe(own);
    expect(translateDatabaseError("text", "caller")).toBe("text");
    expect(translateDatabaseError(null, "caller")).toBeNull();
  });

  it("stay what they are when they are in the taxonomy already", () => {
    const known = new NotFoundError("no such course", { cause: postgres("40001") });
    expect(translateDatabaseError(known, "caller")).toBe(known);
    expect(translateDatabaseError(wrap(known), "caller")).toBe(known);
  });
});

it("lets no statement, parameter or connection string into a message, and keeps the original as the cause", () => {
  for (const code of ["40001", "23505", "42P01"]) {
    const original = postgres(code, { detail: `Key (email)=(${secret})` });
    const error = translateDatabaseError(original, "caller") as Error;
    expect(error.message).not.toContain("hunter2");
    expect(error.message).toContain(code);
    expect(error.cause).toBe(original);
  }
  const lost = translateDatabaseError(new Error(secret), "driver") as Error;
  expect(lost.message).not.toContain("hunter2");
});
