import { expect, test } from "vitest";
import { nodesOf, within } from "./nodes.ts";
import { isInside, parseSource } from "./source.ts";

const text = `@one(a()) class Shelf {
  @two(b()) lend(@three(c()) id = d()) { return [e(f(g())), () => h(() => i())]; }
  static { j(); }
}
${Array.from({ length: 500 }, (_, at) => `export const f${at} = (x) => { g${at}(h(x)); return k(() => x); };`).join("\n")}
`;
const { ast } = parseSource({ path: "a.ts", text });
const { calls, names } = nodesOf(ast);

test("what stands in a node is what a look at all nodes says", () => {
  for (const outer of [ast, ...ast.statements, ...calls])
    expect(within(calls, outer)).toEqual(calls.filter((call) => isInside(call, outer)));
  const [shelf] = ast.statements;
  if (shelf === undefined) throw new Error("The class is there.");
  expect(within(names, shelf)).toEqual(names.filter((name) => isInside(name, shelf)));
});

test("it looks at few of the others, however many there are", () => {
  let looks = 0;
  const counted = new Proxy(calls, {
    get(target, key) {
      if (typeof key === "string" && /^\d+$/.test(key)) looks++;
      return Reflect.get(target, key);
    },
  });
  const last = ast.statements.at(-1);
  if (last === undefined) throw new Error("The file has statements.");
  const found = within(counted, last);
  expect(found).toHaveLength(3);
  // Halves of the list, and what was found.
  expect(looks).toBeLessThan(Math.log2(calls.length) + 2 + found.length);
});
