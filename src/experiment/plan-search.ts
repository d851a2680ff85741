/**
 * The search for each member's threads on a CPU. More threads make a member faster, but less than in proportion, so many members do best
 * on one thread each, and a wide one at the end should have them all. The search simulates the pool for candidate assignments of threads
 * and takes the best; it is pure and deterministic.
 */
import { bisector, group } from 'd3-array';
import { lastOf, nth, present } from '../machine/present.js';
import { cpuSpeed, secondsPerStep, type StepCost } from './step-seconds.js';

export interface PlanMember extends StepCost {
  readonly id: string;
  /** Training steps that are left, and those in whose time it is evaluated. */
  readonly steps: number;
}

export interface PlannedMember extends PlanMember {
  readonly threads: number;
  readonly estimatedSeconds: number;
}

export interface ThreadOptions {
  readonly members: readonly PlanMember[];
  readonly cores: number;
  /** Members at once, from `--jobs`. */
  readonly jobs?: number | undefined;
  /** Threads of each member, from `--threads`. */
  readonly threads?: number | undefined;
  /** Threads by member id from a run's record: kept, since the last bits of results depend on them. */
  readonly fixedThreads?: Readonly<Record<string, number>> | undefined;
}

export interface PoolLimits {
  readonly maxThreads: number;
  readonly maxJobs: number;
}

/** Threads for each member, in the order in which they will start, and the seconds until the last one ends. */
export function bestAssignment(options: ThreadOptions, limits: PoolLimits): ReturnType<Search['best']> {
  return new Search(options, limits).best();
}

/** Highest first; ties keep their order. */
export function inOrder<T>(members: readonly T[], key: (member: T) => number): T[] {
  return [...members].sort((a, b) => key(b) - key(a));
}

interface Schedule {
  /** When the last member finishes. */
  readonly seconds: number;
  /** Sum of the members' finishing times: of two plans that take equally long, the lower one shows results earlier. */
  readonly waiting: number;
}

/** Up to this many assignments of threads, all are tried; beyond, local improvement from good starts. */
const exhaustiveLimit = 2000;

/**
 * Members looked at in all assignments together before the improvement of one ends: about a second. With a few hundred
 * members all steps are tried.
 */
const mostWork = 2e7;
/** The cost of a simulation per member, in units of a lower bound's. */
const simulationWork = 5;

/**
 * Members of equal cost form a class and get the same threads (`fixedThreads` may split a class). An assignment is the
 * threads of each class, most expensive first.
 */
class Search {
  readonly #classes: readonly (readonly PlanMember[])[];
  /** Thread counts to choose from, for each class. */
  readonly #choices: readonly (readonly number[])[];
  readonly #limits: PoolLimits;
  readonly #slowdown: number;
  /** For each class, by the number of threads. */
  readonly #known: readonly Map<number, PlannedClass>[];
  #work = 0;

  constructor({ members, cores, jobs, threads, fixedThreads = {} }: ThreadOptions, limits: PoolLimits) {
    const classes = new Map<string, PlanMember[]>();
    for (const member of inOrder(members, workOf)) {
      const key = `${workOf(member)} ${fixedThreads[member.id] ?? 'free'}`;
      const known = classes.get(key);
      if (known === undefined) classes.set(key, [member]);
      else known.push(member);
    }
    this.#classes = [...classes.values()];
    // With more jobs than cores, each gets one thread and its share of a core.
    const free = threads === undefined ? threadChoices(jobs !== undefined && jobs > cores ? 1 : cores) : [threads];
    this.#choices = this.#classes.map(([member]) => {
      const fixed = fixedThreads[present(member).id];
      return fixed === undefined ? free : [fixed];
    });
    this.#known = this.#classes.map(() => new Map());
    this.#limits = limits;
    this.#slowdown = Math.max(1, Math.min(limits.maxThreads, limits.maxJobs * Math.max(1, ...free)) / cores);
  }

  best(): { readonly order: readonly PlannedMember[]; readonly seconds: number } {
    const combinations = this.#choices.reduce((product, { length }) => product * length, 1);
    const exhaustive = combinations <= exhaustiveLimit;
    let best: ScheduledAssignment | undefined;
    for (const assignment of exhaustive ? product(this.#choices) : this.#starts()) {
      best = this.#better(assignment, best);
    }
    if (best === undefined) return { order: [], seconds: 0 };
    const { assignment, schedule } = exhaustive ? best : this.#improve(best);
    return { order: this.#order(assignment), seconds: schedule.seconds };
  }

  /** The most expensive classes get one number of threads, the others another, no larger. */
  *#starts(): Generator<readonly number[]> {
    const counts = [...new Set(this.#choices.flat())].sort((a, b) => a - b);
    const cuts = evenly(this.#classes.length, 16);
    for (const many of counts) {
      for (const few of counts.filter((count) => count <= many)) {
        for (const cut of few === many ? [0] : cuts) {
          yield this.#choices.map((choices, i) => closest(choices, i < cut ? many : few));
        }
      }
    }
  }

  /** Moves one class at a time a little up or down, as long as that helps, for a few rounds at most. */
  #improve(start: ScheduledAssignment): ScheduledAssignment {
    let best = start;
    for (let round = 0; round < 4; round++) {
      const before = best;
      for (const [i, choices] of this.#choices.entries()) {
        const at = choices.indexOf(nth(best.assignment, i));
        for (const count of [choices[at - 1], choices[at + 1]]) {
          if (this.#work > mostWork) return best;
          if (count !== undefined) best = this.#better(best.assignment.with(i, count), best);
        }
      }
      if (best === before) break;
    }
    return best;
  }

  /**
   * The new assignment if it is better than the best so far. Most are rejected without a simulation, by two lower
   * bounds.
   */
  #better(assignment: readonly number[], best: ScheduledAssignment | undefined): ScheduledAssignment {
    const classes = assignment.map((threads, i) => this.#planned(i, threads));
    this.#work += classes.length;
    if (best !== undefined && lowerBound(classes, this.#limits) > best.schedule.seconds) return best;
    const inTurn = inOrder(classes, ({ estimatedSeconds }) => estimatedSeconds);
    this.#work += simulationWork * inTurn.reduce((sum, { count }) => sum + count, 0);
    const schedule = simulate(inTurn, { ...this.#limits, startSeconds: cpuSpeed.workerSeconds * this.#slowdown });
    return best === undefined || isBetter(schedule, best.schedule) ? { assignment, schedule } : best;
  }

  /** A class with this many threads for each of its members, which take equally long. */
  #planned(index: number, threads: number): PlannedClass {
    const known = nth(this.#known, index).get(threads);
    if (known !== undefined) return known;
    const { [0]: member, length: count } = nth(this.#classes, index);
    const working = present(member).steps * secondsPerStep(present(member), threads);
    const estimatedSeconds = (cpuSpeed.memberSeconds + working) * this.#slowdown;
    const area = count * Math.min(threads, this.#limits.maxThreads) * estimatedSeconds;
    const planned = { index, threads, count, estimatedSeconds, area };
    nth(this.#known, index).set(threads, planned);
    return planned;
  }

  /** All members, in the order in which they will start. */
  #order(assignment: readonly number[]): PlannedMember[] {
    const classes = assignment.map((threads, i) => this.#planned(i, threads));
    return inOrder(classes, ({ estimatedSeconds }) => estimatedSeconds).flatMap(
      ({ index, threads, estimatedSeconds }) =>
        nth(this.#classes, index).map((member) => ({ ...member, threads, estimatedSeconds })),
    );
  }
}

/** Members that take equally long, consecutive in the starting order. */
interface Batch {
  readonly threads: number;
  readonly count: number;
  /** Per member. */
  readonly estimatedSeconds: number;
}

interface PlannedClass extends Batch {
  /** Its index among the classes. */
  readonly index: number;
  /** Thread-seconds of all its members. */
  readonly area: number;
}

interface ScheduledAssignment {
  readonly assignment: readonly number[];
  readonly schedule: Schedule;
}

/** No schedule is shorter than its longest member, nor than all members packed without a gap. */
function lowerBound(classes: readonly PlannedClass[], { maxThreads }: PoolLimits): number {
  let longest = 0;
  let area = 0;
  // A plain loop: a large family has thousands of classes, and thousands of assignments are evaluated.
  for (const planned of classes) {
    longest = Math.max(longest, planned.estimatedSeconds);
    area += planned.area;
  }
  return Math.max(longest, area / maxThreads) * (1 - 1e-9);
}

/** Seconds on one thread. */
function workOf(member: PlanMember): number {
  return member.steps * secondsPerStep(member, 1);
}

/** All counts up to 8, then in ever larger steps: between 40 and 48 threads there is little difference. */
function threadChoices(cores: number): number[] {
  const counts = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 40, 48, 64, 96, 128, 192, 256];
  return [...counts.filter((count) => count < cores), cores];
}

function* product(choices: readonly (readonly number[])[]): Generator<readonly number[]> {
  const [first, ...rest] = choices;
  if (first === undefined) yield [];
  else for (const count of first) for (const others of product(rest)) yield [count, ...others];
}

/** At most `count` numbers from 1 to n, evenly spread. */
function evenly(n: number, count: number): number[] {
  return [
    ...new Set(Array.from({ length: Math.min(n, count) }, (_, i) => Math.round(((i + 1) * n) / Math.min(n, count)))),
  ];
}

function closest(choices: readonly number[], wanted: number): number {
  return choices.reduce((best, choice) => (Math.abs(choice - wanted) < Math.abs(best - wanted) ? choice : best));
}

/** Earlier; or equally early, but with results earlier. Rounding differences do not count. */
function isBetter(a: Schedule, b: Schedule): boolean {
  const same = (x: number, y: number) => Math.abs(x - y) <= 1e-9 * Math.max(x, y);
  return same(a.seconds, b.seconds) ? a.waiting < b.waiting && !same(a.waiting, b.waiting) : a.seconds < b.seconds;
}

/**
 * Applies the pool's rules to estimated times: `firstThatFits` at every step, and a worker that has finished trains the next member with
 * as many threads, if one starts at once. A queue for each number of threads and the running members in order of their ends, as families
 * may have ten thousand members.
 *
 * @param startSeconds of a worker
 */
function simulate(
  order: readonly Batch[],
  { maxThreads, maxJobs, startSeconds }: PoolLimits & { readonly startSeconds: number },
): Schedule {
  const queues: Queue[] = [...group(order.keys(), (place) => nth(order, place).threads)].map(([threads, places]) => {
    return { threads, places, next: 0, started: 0 };
  });
  // Those that finish first are last.
  const running: { readonly threads: number; readonly end: number }[] = [];
  /** Workers that have just finished, by their threads. */
  const idle = new Map<number, number>();
  let [now, waiting, busy] = [0, 0, 0];
  const finish = ({ threads }: { readonly threads: number }) => {
    busy -= threads;
    idle.set(threads, (idle.get(threads) ?? 0) + 1);
  };
  for (;;) {
    const room = running.length === 0 ? Infinity : running.length >= maxJobs ? 0 : maxThreads - busy;
    const queue = nextQueue(queues, room);
    if (queue !== undefined) {
      const { estimatedSeconds, threads, count } = nth(order, nth(queue.places, queue.next));
      queue.started += 1;
      if (queue.started === count) [queue.next, queue.started] = [queue.next + 1, 0];
      const workers = idle.get(threads) ?? 0;
      if (workers > 0) idle.set(threads, workers - 1);
      const end = now + (workers > 0 ? 0 : startSeconds) + estimatedSeconds;
      running.splice(byEnd.right(running, -end), 0, { threads, end });
      busy += threads;
      waiting += end;
    } else {
      const first = running.pop();
      if (first === undefined) return { seconds: now, waiting };
      now = first.end;
      idle.clear();
      finish(first);
      while (running.length > 0 && lastOf(running).end <= now) finish(present(running.pop()));
    }
  }
}

const byEnd = bisector(({ end }: { readonly end: number }) => -end);

interface Queue {
  readonly threads: number;
  /** Places of its batches in the starting order. */
  readonly places: readonly number[];
  next: number;
  /** Members of the next batch that have already started. */
  started: number;
}

/** The queue whose next member comes first, among those that need no more threads than are free. */
function nextQueue(queues: readonly Queue[], room: number): Queue | undefined {
  let best: Queue | undefined;
  for (const queue of queues) {
    if (queue.threads > room || queue.next === queue.places.length) continue;
    if (best === undefined || nth(queue.places, queue.next) < nth(best.places, best.next)) best = queue;
  }
  return best;
}
