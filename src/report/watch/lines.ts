/** A run in training, as lines for a terminal or a log. */
import type { MemberProgress, RunProgress } from '../../runs/progress.js';
import { counted, formatDuration, formatRate } from '../../terminal/format.js';
import { inSeriesColour } from '../../terminal/colour.js';
import { commandLine } from '../../machine/installation.js';
import { jobText, jobsText } from '../../runs/jobs.js';
import { heldOutTexts, scoresText } from '../../terminal/scores.js';

export interface WatchView {
  /** Size of the terminal, in cells. */
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
}

const statusWords: Readonly<Record<RunProgress['status'], string>> = {
  complete: 'the run is complete',
  training: 'training now',
  queued: 'waiting for the cluster',
  stopped: 'stopped: no process is training it',
  damaged: `damaged: ${commandLine('runs')} shows where`,
};

/** `lenet: cnn on mnist, 3 of 8 members complete, training now, about 1 min 34 s left`. */
export function headline({ run, arch, dataset, complete, members, status, etaSeconds }: RunProgress): string {
  const eta = etaSeconds === null ? '' : `, about ${formatDuration(etaSeconds)} left`;
  const jobs = jobsText(members.flatMap(({ job }) => job ?? []));
  return `${run}: ${arch} on ${dataset}, ${complete} of ${members.length} members complete, ${statusWords[status]}${jobs === '' ? '' : ` (${jobs})`}${eta}`;
}

/** As many lines as fit the terminal: members in training come before waiting and complete ones. */
export function viewLines(progress: RunProgress, { columns, rows, colour }: WatchView): string[] {
  const { members, epochs } = progress;
  // Less the headline and the cursor's line.
  const room = Math.max(1, rows - 2);
  const shown = members.length <= room ? new Set(members) : mostUrgent(members, room - 1);
  const hidden = members.filter((member) => !shown.has(member));
  const nameWidth = Math.max(...members.map(({ id }) => id.length));
  const lines = members
    .filter((member) => shown.has(member))
    .map((member) => memberLine(member, { epochs, nameWidth, colour, columns }));
  return [
    headline(progress).slice(0, columns),
    ...lines,
    ...(hidden.length === 0 ? [] : [hiddenLine(hidden).slice(0, columns)]),
  ];
}

function mostUrgent(members: readonly MemberProgress[], count: number): Set<MemberProgress> {
  const urgency = ({ status }: MemberProgress) => ['training', 'damaged', 'no epoch done', 'complete'].indexOf(status);
  return new Set(members.toSorted((a, b) => urgency(a) - urgency(b)).slice(0, Math.max(0, count)));
}

function hiddenLine(hidden: readonly MemberProgress[]): string {
  const complete = hidden.filter(({ status }) => status === 'complete').length;
  const parts = [
    ...(complete > 0 ? [`${complete} complete`] : []),
    ...(complete < hidden.length ? [`${hidden.length - complete} more`] : []),
  ];
  return `... ${parts.join(', ')}`;
}

interface Look {
  readonly epochs: number;
  readonly nameWidth: number;
  readonly columns: number;
  readonly colour: boolean;
}

const barWidth = 20;
const green = 2;

function memberLine(member: MemberProgress, { epochs, nameWidth, columns, colour }: Look): string {
  const done = member.status === 'complete' ? barWidth : Math.floor((barWidth * member.epochsDone) / epochs);
  const bar = '█'.repeat(done) + '░'.repeat(barWidth - done);
  const name = `${member.id.padEnd(nameWidth)} `;
  const rest = ` ${stateText(member, epochs)}`;
  // Cut before colouring, as colour codes have no width.
  const [shownName, shownBar] = [name.slice(0, columns), bar.slice(0, Math.max(0, columns - name.length))];
  const shownRest = rest.slice(0, Math.max(0, columns - name.length - bar.length));
  const isDone = member.status === 'complete';
  return shownName + (colour && isDone ? inSeriesColour(shownBar, green) : shownBar) + shownRest;
}

function stateText(member: MemberProgress, epochs: number): string {
  const { status, epochsDone, etaSeconds, problem } = member;
  if (problem !== null) return problem;
  const scores = progressText(member);
  const eta = status === 'complete' ? '  complete' : etaSeconds === null ? '' : `  ETA ${formatDuration(etaSeconds)}`;
  const job = member.job === null ? [] : [jobText(member.job)];
  const trials = member.trials === null ? '' : `  ${member.trials.made} of ${counted(member.trials.of, 'trial')} made`;
  if (epochsDone === 0) return [`no epoch done${trials}${eta}`, ...job].join('  ');
  // Last, so that a narrow terminal cuts this off first.
  return [`epoch ${epochsDone}/${epochs}`, scores + eta, ...job, ...heldOutTexts(member)].join('  ');
}

function progressText({ loss, accuracy, examplesPerSecond }: MemberProgress): string {
  return [
    ...(loss === null ? [] : [scoresText(loss, accuracy)]),
    ...(examplesPerSecond === null ? [] : [formatRate(examplesPerSecond)]),
  ].join('  ');
}

/** What has happened since the previous progress, one line each; everything known if there is no previous one. */
export function newsLines(progress: RunProgress, before: RunProgress | undefined): string[] {
  const { members, epochs, status } = progress;
  const nameWidth = Math.max(...members.map(({ id }) => id.length));
  const earlier = new Map(before?.members.map((member) => [member.id, member]));
  const changed = members.filter((member) => {
    const last = earlier.get(member.id);
    const isNew = last === undefined ? member.job !== null : last.job?.state !== member.job?.state;
    return (
      isNew ||
      (last?.trials?.made ?? 0) !== (member.trials?.made ?? 0) ||
      (last?.epochsDone ?? 0) !== member.epochsDone ||
      (last?.status ?? 'no epoch done') !== member.status
    );
  });
  const lines = changed.map((member) => `${member.id.padEnd(nameWidth)}  ${stateText(member, epochs)}`);
  return before?.status === status ? lines : [headline(progress), ...lines];
}
