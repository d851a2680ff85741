/** The cluster's jobs for a run's members, as shown to the user; src/launch/ asks the cluster. */

export interface MemberJob {
  /** Number of the job, with the task's if it belongs to an array: `12_3`. */
  readonly job: string;
  /** `lost`: no job has the member any more; `unknown`: the state cannot be determined. */
  readonly state: 'queued' | 'running' | 'lost' | 'unknown';
  /** Where it is running, or was. */
  readonly node: string | null;
  /** Why it is waiting or lost. */
  readonly reason: string | null;
}

/** Whether the member is waiting for its turn, or running. */
export function isLiving({ state }: MemberJob): boolean {
  return state === 'queued' || state === 'running';
}

/** `queued (Priority)`, `running as job 12_3 on node2`, `lost: its job ended as TIMEOUT`. */
export function jobText({ job, state, node, reason }: MemberJob): string {
  switch (state) {
    case 'queued':
      return reason === null ? `queued as job ${job}` : `queued as job ${job} (${reason})`;
    case 'running':
      return node === null ? `running as job ${job}` : `running as job ${job} on ${node}`;
    case 'lost':
      return `lost: job ${job}, ${reason ?? 'ended'}${node === null ? '' : ` on ${node}`}`;
    case 'unknown':
      return `launched as job ${job}; ${reason ?? 'its state is not known'}`;
  }
}

/** Members by the state of their jobs: `4 queued, 2 running on node1, node3, 1 lost`. Empty if there are none. */
export function jobsText(jobs: Iterable<MemberJob>): string {
  const all = [...jobs];
  const texts = (['queued', 'running', 'lost', 'unknown'] as const).flatMap((state) => {
    const alike = all.filter((each) => each.state === state);
    if (alike.length === 0) return [];
    const nodes = [...new Set(alike.flatMap(({ node }) => node ?? []))].sort();
    const where = state === 'running' && nodes.length > 0 ? ` on ${nodes.join(', ')}` : '';
    return [`${alike.length} ${state === 'unknown' ? 'launched' : state}${where}`];
  });
  return texts.join(', ');
}
