import type { FunnelAnswer } from "../../http/kit/product-answers.ts";
import type { Visit } from "../page.ts";
import { analyticsWords } from "../words/analytics.ts";
import { Table } from "./table.tsx";

type Stage = FunnelAnswer["rows"][number]["stages"][number];

/** Courses and people are counted in different numbers: each has a scale of its own. */
const ofCourses: ReadonlySet<string> = new Set(["requested", "completed", "distributed"]);

/** Stages one below the other, each with its number and a bar. */
export function Funnel({ visit, stages }: { readonly visit: Visit; readonly stages: readonly Stage[] }) {
  const w = visit.words(analyticsWords);
  const names: Readonly<Record<string, string>> = w as unknown as Readonly<Record<string, string>>;
  const largest = (isOfCourses: boolean) =>
    Math.max(
      1,
      ...stages.filter(({ stage }) => ofCourses.has(stage) === isOfCourses).map(({ count }) => count),
    );
  return (
    <div class="funnel">
      <Table
        label={w.funnel}
        columns={[
          { name: w.stage },
          { name: w.count, kind: "number" },
          { name: w.ofPrevious, kind: "number" },
          { name: w.size, kind: "wide" },
        ]}
      >
        {stages.map(({ stage, count, of_previous }) => {
          const isOfCourses = ofCourses.has(stage);
          const share = count / largest(isOfCourses);
          return (
            <tr>
              <th scope="row">{names[stage] ?? stage}</th>
              <td class="number">{visit.format.number(count)}</td>
              <td class="number">
                {of_previous === null || of_previous > 1 ? "–" : visit.format.percent(of_previous)}
              </td>
              <td class="wide">
                <svg class="share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
                  <rect
                    class={`bar c${isOfCourses ? 2 : 1}`}
                    width={count === 0 ? 0 : Math.max(0.5, share * 100)}
                    height="10"
                  />
                </svg>
              </td>
            </tr>
          );
        })}
      </Table>
    </div>
  );
}
