/** The lab's terms: docs/glossary.md is made from them, and every report explains them. */
export interface GlossaryTerm {
  readonly term: string;
  readonly meaning: string;
  /** A page of docs/ with more detail, including the anchor. */
  readonly page?: string;
  /** Says nothing about members that were imported. */
  readonly ofTraining?: boolean;
}

/** In alphabetical order. */
export const glossary: readonly GlossaryTerm[] = [
  {
    term: 'architecture, width',
    meaning:
      'a kind of model, and its main size: channels of a cnn, units of the bottleneck of an autoencoder, the embedding dimension of a transformer',
    page: 'architectures.md',
    ofTraining: true,
  },
  {
    term: 'bow',
    meaning:
      'how far the parabola fitted in log scale (or over an axis that is drawn linear because its scales do not suit a logarithmic one) sags below the line between its ends, divided by the range: above 0 the curve improves late, below 0 early',
  },
  {
    term: 'branch',
    meaning: 'a part of each batch that has a thread of its own; the gradients of all branches are added',
    page: 'performance.md#two-threads',
    ofTraining: true,
  },
  {
    term: 'burstiness',
    meaning:
      "the share of a transformer's training sequences in which the class of the last image appears up to three times before",
    page: 'in-context.md#with-and-without-bursts',
    ofTraining: true,
  },
  {
    term: 'claim',
    meaning: 'a statement about what a whole run will show, sealed before it starts',
    page: 'forecasts.md#claims',
  },
  {
    term: 'coin flips',
    meaning: 'what independent flips with the accuracy of each member would show, for comparison with the turns',
    page: 'quanta.md#turns',
  },
  {
    term: 'coordinate',
    meaning: 'a number that describes an imported member: parameters, tokens, any numeric column of its table',
    page: 'import.md#tables',
  },
  {
    term: 'CRPS',
    meaning:
      "continuous ranked probability score, in the metric's unit: how far a predictive distribution lies from the measured value, on average over its quantiles; 0 is perfect",
    page: 'forecasts.md#methods',
  },
  {
    term: 'direct, detour',
    meaning:
      "kinds of forecasting methods: a direct one extrapolates the metric's own curve; one by a detour extrapolates something smoother, such as the errors of single examples, and computes the metric from it",
    page: 'forecasts.md#methods',
  },
  {
    term: 'Eq 1 / ramp',
    meaning: 'Eq 1 divided by that of a straight ramp over the same number of scales: 1 means an even rise',
  },
  {
    term: 'Eq 1, emergence score',
    meaning:
      "range of a curve divided by the root of the median squared step between neighbouring scales (Schaeffer et al. 2023, Eq 1; BIG-bench's breakthroughness)",
    page: 'emergence.md#the-scores-and-which-to-trust-when',
  },
  {
    term: 'experiment',
    meaning: 'everything that decides what a run trains: options, or a YAML file of them; run.json keeps it',
    page: '../experiments/README.md',
    ofTraining: true,
  },
  {
    term: 'factor',
    meaning:
      'an option, besides the seed, in which the members of a family differ: size, depth, training examples, steps, ...',
  },
  {
    term: 'family, run',
    meaning: 'members that differ only in their factors and seeds; a run is the folder that holds a family',
  },
  {
    term: 'induced metric',
    meaning:
      'a metric chosen to make a curve look emergent: the same outcomes under a threshold (all K of K images right, error below c, all L images of a sequence right)',
    page: 'emergence.md#compare-natural-standard-induced',
  },
  {
    term: 'largest step / range',
    meaning:
      'the largest rise between neighbouring scales as a share of the range: 1 means that one step makes the whole rise',
  },
  {
    term: 'left',
    meaning:
      "in compare: a score of the induced curve minus what the metric alone makes of the standard curve's best smooth fit",
    page: 'emergence.md#is-it-sharp-three-questions',
  },
  { term: 'member', meaning: 'one trained model of a family: one seed at one value of each factor' },
  {
    term: 'metric, curve',
    meaning: 'a function of outcomes, such as accuracy; its mean over seeds at each scale of a family',
    page: 'metrics.md',
  },
  {
    term: 'model of seeds',
    meaning:
      "draws of what a curve would be over all possible seeds, given the few that were trained; an interval of a score covers both its own and the bootstrap's",
    page: 'emergence.md#the-scores-and-which-to-trust-when',
  },
  {
    term: 'moment',
    meaning: 'a step of training at which outcomes of a member were taken',
    ofTraining: true,
  },
  {
    term: 'natural curve',
    meaning: 'a published curve of other models, for comparison',
    page: '../datasets/natural-curves/README.md',
  },
  {
    term: 'outcome',
    meaning:
      'the result of one member on one test example: right or wrong, probability of the true class, squared error, ...',
    page: 'metrics.md',
  },
  {
    term: 'paired interval',
    meaning:
      'an interval of a difference or ratio of two curves, computed in the same draws of test examples and seeds',
  },
  {
    term: 'passage',
    meaning:
      'of a single example: the scales between the last at which all seeds fail and the first from which all solve it',
    page: 'quanta.md#turns',
  },
  {
    term: 'pilot',
    meaning: 'a run used to make the choices for another one: sizes, training length, K or cutoff',
    page: 'design.md',
  },
  {
    term: 'plan',
    meaning: 'the members of an experiment that are still to be trained, with their cost, workers, threads and device',
    page: 'performance.md#what-the-plan-assumes',
    ofTraining: true,
  },
  {
    term: 'probe',
    meaning: 'sequences that test one ability of a transformer, whatever its training sequences are like',
    page: 'in-context.md',
    ofTraining: true,
  },
  {
    term: 'reconstruction, c',
    meaning: 'the share of images with a squared error per pixel below the cutoff c',
    page: 'metrics.md',
  },
  {
    term: 'resolution',
    meaning: 'the smallest value above 0 that a metric can show on a test set of this size',
    page: 'metrics.md#what-an-interval-is-over',
  },
  {
    term: 'scale',
    meaning:
      'the size that a curve is drawn over: parameters, FLOPs, or a coordinate of imported models such as tokens',
    page: 'import.md#tables',
  },
  {
    term: 'score',
    meaning:
      'of a curve: a number for how suddenly or late it rises, such as Eq 1 or bow; of a forecast: how close it came, CRPS and skill; the metric `score`: the mean of the numbers that another tool gave its examples',
    page: 'emergence.md#the-scores-and-which-to-trust-when',
  },
  {
    term: 'seal',
    meaning: 'a file written before training, whose digest reveals any later change',
    page: 'forecasts.md#what-a-seal-is',
  },
  {
    term: 'sequence accuracy, L',
    meaning: 'the share of sequences whose first L images are all right',
    page: 'metrics.md',
  },
  {
    term: 'sharp',
    meaning: 'of the turn of a single example: its passage takes one step between neighbouring scales',
    page: 'quanta.md#turns',
  },
  {
    term: 'skill',
    meaning: "a forecast's CRPS divided by that of the best simple baseline: below 1 is better",
    page: 'forecasts.md#methods',
  },
  {
    term: 'smooth growth',
    meaning:
      'the null hypothesis for a curve: a line, a power law with offset, a saturating exponential or a gentle logistic curve',
    page: 'emergence.md#is-it-sharp-three-questions',
  },
  {
    term: 'stack',
    meaning: 'members that differ in seed or learning rate alone and are trained as one program (--stack)',
    page: 'gpu.md#many-members-as-one-program',
    ofTraining: true,
  },
  {
    term: 'standard metric',
    meaning: 'the usual metric of the field: accuracy, mean squared error, accuracy per image',
    page: 'metrics.md',
  },
  {
    term: 'study',
    meaning: 'a backtest: every set of smaller scales predicts the larger ones',
    page: 'forecasts.md#in-hindsight-from-how-far-below',
  },
  {
    term: 'subset accuracy, K',
    meaning:
      'the chance that K images drawn at random from the test set are all right: close to accuracy to the power K',
    page: 'metrics.md',
  },
  {
    term: 'surrogate',
    meaning:
      'a continuous metric that orders members as a thresholded one does: it shows progress where that is still 0',
    page: 'emergence.md#search-which-metric-is-most-emergent',
  },
  {
    term: 'tuned twin',
    meaning: 'a run that differs from another in nothing but --tune: an option was chosen for each member',
    page: 'fair-widths.md#compare---tuned',
    ofTraining: true,
  },
  {
    term: 'turn',
    meaning: 'of a single example and seed: the smallest scale from which it is solved at every larger scale',
    page: 'quanta.md#turns',
  },
  {
    term: 'worker',
    meaning: 'a process that trains members, one after another or a stack at a time, for the command that started it',
    page: 'performance.md#memory-start',
    ofTraining: true,
  },
];
