/** What a staging deployment may do; stored with it, so that an operator sees under which limits it ran. */
export interface JobContract {
  readonly job: "course.deploy_staging";
  readonly resource: string;
  readonly environment: "staging";
  readonly timeout_seconds: number;
  readonly max_iterations: number;
  readonly risk: "low" | "medium" | "high";
  readonly requires_approval: boolean;
  /** Number of systems that a failure could touch. */
  readonly blast_radius: number;
}

/** A deployment to staging touches one site, runs once and needs nobody's approval. */
export function stagingContract(courseId: string, domain: string): JobContract {
  return {
    job: "course.deploy_staging",
    resource: `course:${courseId}@${domain}`,
    environment: "staging",
    timeout_seconds: 900,
    max_iterations: 1,
    risk: "low",
    requires_approval: false,
    blast_radius: 1,
  };
}
