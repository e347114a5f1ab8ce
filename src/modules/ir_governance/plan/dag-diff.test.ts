import { describe, expect, test } from "vitest";
import { cutHash, diffDag, mismatchDetails, readNode } from "./dag-diff.ts";

const [hashA, hashB, hashX] = ["a".repeat(64), "b".repeat(64), "f".repeat(64)];
const steps = [
  { id: "0", hash: hashA },
  { id: "publish", hash: hashB },
];
const node = (ir_step_id: string, ir_step_hash: string) => ({ ir_step_id, ir_step_hash });
const good = [node("0", hashA), node("publish", hashB)];

describe("a graph and its plan", () => {
  test("agree when each step has its node, in any order", () => {
    expect(diffDag(steps, [...good].reverse())).toEqual({
      success: true,
      missing_ir_steps: [],
      extra_dag_nodes: [],
      hash_mismatches: [],
    });
    expect(diffDag([], []).success).toBe(true);
  });

  test("differ by a step that no node carries out", () => {
    expect(diffDag(steps, [node("0", hashA)])).toMatchObject({
      success: false,
      missing_ir_steps: ["publish"],
    });
  });

  test("differ by a node that is no step", () => {
    expect(diffDag(steps, [...good, node("extra", hashA)])).toMatchObject({
      success: false,
      extra_dag_nodes: ["extra"],
    });
  });

  test("differ by a node with another hash", () => {
    expect(diffDag(steps, [node("0", hashX), node("publish", hashB)])).toMatchObject({
      success: false,
      hash_mismatches: [{ step_id: "0", expected_hash: hashA, actual_hash: hashX }],
    });
  });

  test.each([
    ["first, before the good one", [node("0", hashX), ...good]],
    ["last, behind the good one", [...good, node("0", hashX)]],
    ["and is the same", [...good, node("0", hashA)]],
  ])("differ when a step has a second node that comes %s", (_name, nodes) => {
    expect(diffDag(steps, nodes)).toMatchObject({ success: false, extra_dag_nodes: ["0"] });
  });

  test("control: an index by id forgets the first of two nodes, so a bad one in front would pass", () => {
    const nodes = [node("0", hashX), ...good];
    const byId = new Map(nodes.map(({ ir_step_id, ir_step_hash }) => [ir_step_id, ir_step_hash]));
    expect(steps.every(({ id, hash }) => byId.get(id) === hash) && byId.size === steps.length).toBe(true);
    expect(diffDag(steps, nodes).success).toBe(false);
  });

  test("differ by a node that is none", () => {
    expect(diffDag(steps, [...good, null])).toMatchObject({
      success: false,
      extra_dag_nodes: ["malformed node 2"],
    });
  });

  test("never agree on a step that cannot be hashed", () => {
    expect(diffDag([{ id: "0", hash: null }], [node("0", hashA)])).toEqual({
      success: false,
      missing_ir_steps: ["0"],
      extra_dag_nodes: ["0"],
      hash_mismatches: [],
    });
  });

  test("are not confused by ids that objects inherit", () => {
    expect(diffDag(steps, [...good, node("__proto__", hashA)]).extra_dag_nodes).toEqual(["__proto__"]);
  });
});

describe("reading a node", () => {
  test("takes its two fields and leaves the others alone", () => {
    expect(readNode({ ...node("0", hashA), label: "x" })).toEqual(node("0", hashA));
    expect(readNode(node("0", `sha256:${hashA}`))).toEqual(node("0", hashA));
  });

  test.each([
    null,
    "node",
    [],
    {},
    { ir_step_id: "0" },
    { ir_step_hash: hashA },
    { ir_step_id: 0, ir_step_hash: hashA },
    node("", hashA),
    node("0", ""),
    node("a\u0000", hashA),
    node("x".repeat(101), hashA),
    node("0", "a b"),
  ])("refuses %j", (value) => {
    expect(readNode(value)).toBeNull();
  });
});

describe("what an event tells of differences", () => {
  test("cuts hashes, redacts ids and bounds its lists", () => {
    const nodes = Array.from({ length: 60 }, (_, index) =>
      node(index === 0 ? "anna@example.org" : `n${index}`, hashA),
    );
    const details = mismatchDetails(diffDag([{ id: "a", hash: hashA }], [...nodes, node("a", hashX)]));
    expect(details.extra_dag_nodes).toHaveLength(41);
    expect(details.extra_dag_nodes[0]).toBe("[redacted]");
    expect(details.extra_dag_nodes.at(-1)).toBe("and 20 more");
    expect(details.hash_mismatches).toEqual([
      { step_id: "a", expected_hash: `${"a".repeat(16)}...`, actual_hash: `${"f".repeat(16)}...` },
    ]);
    expect(cutHash(hashB)).toHaveLength(19);
  });
});
