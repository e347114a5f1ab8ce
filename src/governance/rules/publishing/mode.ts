import ts from "typescript";
import type { Project } from "../../project.ts";
import { callsInside } from "../../tree/flow/reach.ts";
import { functionOf } from "../../tree/names/scope.ts";
import { rawPublished } from "../../tree/product/publishers.ts";
import { bare, resultOf } from "../../tree/syntax/source.ts";
import type { Report, Rule } from "../rule.ts";
import { moduleSourcesWith } from "../scope-of-rules.ts";
import { modes } from "./mode-values.ts";
import { isFlag } from "./switches.ts";

/** What says whether there are events. */
export const mode: readonly Rule[] = [
  {
    id: "M-1",
    title: "BRAIN_EVENTSTREAM_MODE is required or degraded",
    severity: "error",
    why: "Any other value stops the start; a module that reads the mode goes on without events.",
    mend: "Use `required`, or `degraded` for development, and leave the reading of it to the engine.",
    caughtBy: ["start"],
    check: modes,
  },
  {
    id: "11.8",
    title: "No flag chooses between an event and the old way",
    severity: "error",
    why: "Of two ways one is tested, and the other one runs; whoever listens hears of half of what happens.",
    mend: "Delete the old way and its flag; to go back is to deploy the release before.",
    caughtBy: [],
    check: parallelPaths,
  },
];

function parallelPaths(project: Project, report: Report): void {
  const { typescript } = project;
  const published = new Set<ts.Node>(typescript.published.map(({ call }) => call));
  const publishes = (node: ts.Node): boolean =>
    callsInside(node).some((call) => {
      if (published.has(call) || rawPublished(typescript, call.getSourceFile().fileName, call) !== null)
        return true;
      const called = functionOf(typescript, call.expression);
      return called !== null && callsInside(called).some((inner) => published.has(inner));
    });
  // Also by a function of the project that asks for nothing else: `viaEvents()`.
  const asksFlag = (condition: ts.Expression): boolean => {
    const value = bare(condition);
    if (isFlag(value)) return true;
    if (ts.isPrefixUnaryExpression(value)) return asksFlag(value.operand);
    const called =
      ts.isCallExpression(value) && value.arguments.length === 0
        ? functionOf(typescript, value.expression)
        : null;
    const result = called === null ? null : resultOf(called);
    return result !== null && isFlag(result);
  };
  const isWork = (node: ts.Node) => callsInside(node).some((call) => !isLog(call)) && !isRefusal(node);
  for (const { nodes } of moduleSourcesWith(project, /publish|emit/i)) {
    for (const node of nodes.binaries)
      if (isOr(node) && asksFlag(node.left) && publishes(node.right) && !isInCondition(node))
        report({
          at: node.left,
          message: `${node.left.getText().slice(0, 60)} says whether there is an event.`,
        });
    for (const branch of nodes.branches) {
      if (ts.isWhileStatement(branch) || ts.isDoStatement(branch) || ts.isForStatement(branch)) continue;
      const condition = ts.isConditionalExpression(branch) ? branch.condition : branch.expression;
      if (!asksFlag(condition)) continue;
      const [yes, no] = sidesOf(branch);
      if (no.length === 0) continue;
      const isYes = yes.some(publishes);
      const isNo = no.some(publishes);
      if (isYes === isNo || !(isYes ? no : yes).some(isWork)) continue;
      report({
        at: condition,
        message: `${condition.getText().slice(0, 60)} chooses between an event and another way.`,
      });
    }
  }
}

/** `flag && publish(…)` */
const isOr = ({ operatorToken: { kind } }: ts.BinaryExpression) =>
  kind === ts.SyntaxKind.AmpersandAmpersandToken || kind === ts.SyntaxKind.BarBarToken;

const isInCondition = ({ parent }: ts.Node) => ts.isIfStatement(parent) || ts.isWhileStatement(parent);

const isLog = (call: ts.CallExpression) =>
  /(?:^|\.)(?:console|log|logger)\.\w+$/.test(call.expression.getText());

const isRefusal = (node: ts.Node) =>
  ts.isThrowStatement(node) || (ts.isBlock(node) && node.statements.some(ts.isThrowStatement));

/** What is done when it holds, and when it does not: behind a way that ends with `return`, that is the rest. */
function sidesOf(
  branch: ts.IfStatement | ts.ConditionalExpression | ts.SwitchStatement,
): readonly [readonly ts.Node[], readonly ts.Node[]] {
  if (ts.isSwitchStatement(branch)) {
    const [first, ...others] = branch.caseBlock.clauses;
    return [first === undefined ? [] : [first], others];
  }
  if (ts.isConditionalExpression(branch)) return [[branch.whenTrue], [branch.whenFalse]];
  const { thenStatement, elseStatement, parent } = branch;
  if (elseStatement !== undefined) return [[thenStatement], [elseStatement]];
  const last = ts.isBlock(thenStatement) ? thenStatement.statements.at(-1) : thenStatement;
  if (last === undefined || !ts.isReturnStatement(last) || !ts.isBlock(parent)) return [[thenStatement], []];
  return [[thenStatement], parent.statements.slice(parent.statements.indexOf(branch) + 1)];
}
