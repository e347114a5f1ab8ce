import type { Job } from "../../http/kit/answers/operations.ts";
import type { PageModule, Visit } from "../page.ts";
import { jobWords } from "../words/jobs.ts";
import { ConsumerLink } from "./consumer-link.tsx";
import { ActionForm, ReasonField } from "./form.tsx";
import { Table } from "./table.tsx";
import { Badge, Facts, Time, type Tone } from "./text.tsx";

/** Redrives, or replays with the backfills of new consumers. */
export type JobKind = "redrives" | "replays";

const routes: Readonly<Record<JobKind, string>> = {
  redrives: "/api/dead-letters/redrives",
  replays: "/api/replays",
};

const tones: Readonly<Record<Job["status"], Tone>> = {
  running: "info",
  paused: "warn",
  stopped: "bad",
  completed: "good",
  cancelled: "quiet",
};

/** How far a job has come, in a word. */
function JobBadge({ visit, job }: JobProps) {
  return <Badge tone={tones[job.status]}>{visit.words(jobWords)[job.status]}</Badge>;
}

interface JobProps {
  readonly visit: Visit;
  readonly job: Job;
}

/** A bar with its numbers. */
function Progress({ visit, job }: JobProps) {
  const done = job.succeeded + job.failed + job.skipped;
  const text = `${visit.format.number(done)} / ${visit.format.number(job.total)}`;
  return (
    <span class="progress">
      <progress max={Math.max(1, job.total)} value={job.total === 0 ? 1 : done} aria-label={text} /> {text}
    </span>
  );
}

interface JobTableProps {
  readonly visit: Visit;
  readonly kind: JobKind;
  readonly jobs: readonly Job[];
}

export function JobTable({ visit, kind, jobs }: JobTableProps) {
  const w = visit.words(jobWords);
  return (
    <Table
      label={w[kind]}
      columns={[
        { name: w.name, kind: "wide" },
        { name: w.status },
        { name: w.progress },
        { name: w.failed, kind: "number" },
        { name: w.begun },
      ]}
    >
      {jobs.map((job) => (
        <tr>
          <td>
            <a href={visit.href(`/jobs/${kind}/${job.id}`)}>{job.name}</a>
            <p class="quiet">
              {job.subscriber ?? w.several}
              {job.reason === null ? "" : ` · ${job.reason}`}
            </p>
          </td>
          <td>
            <JobBadge visit={visit} job={job} />
          </td>
          <td>
            <Progress visit={visit} job={job} />
          </td>
          <td>{visit.format.number(job.failed)}</td>
          <td>
            <Time visit={visit} at={job.created_at} as="ago" />
          </td>
        </tr>
      ))}
    </Table>
  );
}

/** The page of one job: its progress, which renews itself while it runs, and what can be done with it. */
export function jobPage(kind: JobKind): PageModule {
  const routeOf = (visit: Visit) => `${routes[kind]}/${encodeURIComponent(visit.param("id"))}`;
  const steer =
    (
      change: "pause" | "resume" | "cancel",
      told: (visit: Visit) => string,
    ): NonNullable<PageModule["actions"]>[string] =>
    async (visit, form) => {
      const { requestId } = await visit.api.change(`${routeOf(visit)}/${change}`, {
        body: { reason: form.text("reason") },
        idempotencyKey: form.idempotencyKey,
      });
      return { goTo: visit.href(`/jobs/${kind}/${visit.param("id")}`), told: told(visit), requestId };
    };
  return {
    async show(visit) {
      const w = visit.words(jobWords);
      const job = await visit.api.get<Job>(routeOf(visit));
      return {
        title: job.name,
        trail: [{ href: visit.href("/jobs"), text: w.title }],
        main: (
          <>
            <h1>{job.name}</h1>
            <JobFacts visit={visit} job={job} />
            {visit.can("operate") ? <Changes visit={visit} kind={kind} job={job} /> : null}
          </>
        ),
      };
    },
    actions: {
      pause: steer("pause", (visit) => visit.words(jobWords).donePaused),
      resume: steer("resume", (visit) => visit.words(jobWords).doneResumed),
      cancel: steer("cancel", (visit) => visit.words(jobWords).doneCancelled),
    },
  };
}

function JobFacts({ visit, job }: JobProps) {
  const w = visit.words(jobWords);
  const n = (value: number) => visit.format.number(value);
  const isMoving = job.status === "running" || job.in_flight > 0;
  return (
    <div id="progress" {...(isMoving ? { "data-refresh": "2" } : {})}>
      <Facts
        of={[
          [w.status, <JobBadge visit={visit} job={job} />],
          [w.why, job.status_reason],
          [w.progress, <Progress visit={visit} job={job} />],
          [w.total, n(job.total)],
          [w.queued, n(job.queued)],
          [w.inFlight, n(job.in_flight)],
          [w.succeeded, n(job.succeeded)],
          [
            w.failed,
            job.failed === 0 ? (
              n(job.failed)
            ) : (
              <a
                href={visit.href("/dead-letters/list", { job_id: job.id, status: "all" })}
                title={w.deadLetters}
              >
                {n(job.failed)}
              </a>
            ),
          ],
          [w.skipped, n(job.skipped)],
          [w.step, job.status === "running" ? n(job.step) : null],
          [w.rate, job.rate_per_second === null ? w.unlimited : w.perSecond(n(job.rate_per_second))],
          [w.mode, job.mode === "force" || job.mode === "only_missing" ? w[job.mode] : null],
          [
            w.consumer,
            job.subscriber === null ? w.several : <ConsumerLink visit={visit} subscriber={job.subscriber} />,
          ],
          [w.reason, job.reason],
          [w.by, job.actor_id ?? w.nobody],
          [w.begun, <Time visit={visit} at={job.created_at} as="dateTime" />],
          [
            w.finished,
            job.finished_at === null ? null : <Time visit={visit} at={job.finished_at} as="dateTime" />,
          ],
        ]}
      />
    </div>
  );
}

function Changes({ visit, kind, job }: JobProps & { readonly kind: JobKind }) {
  const w = visit.words(jobWords);
  const { status } = job;
  const mayResume = status === "paused" || (status === "stopped" && kind === "replays");
  const mayCancel = status === "running" || mayResume;
  if (!mayCancel) return null;
  return (
    <section class="actions">
      {status === "running" ? (
        <ActionForm visit={visit} action="pause" button={w.pause} tone="plain">
          <p class="quiet">{w.pauseWhy}</p>
          <ReasonField visit={visit} action="pause" />
        </ActionForm>
      ) : null}
      {mayResume ? (
        <ActionForm visit={visit} action="resume" button={w.resume}>
          <p class="quiet">{w.resumeWhy}</p>
          <ReasonField visit={visit} action="resume" />
        </ActionForm>
      ) : null}
      <ActionForm visit={visit} action="cancel" button={w.cancel} tone="danger">
        <p class="quiet">{w.cancelWhy}</p>
        <ReasonField visit={visit} action="cancel" />
      </ActionForm>
    </section>
  );
}
