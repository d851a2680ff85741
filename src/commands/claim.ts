/** `emergence claim`: what a run will show, sealed before it starts, and whether it did. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { commandLine } from '../machine/installation.js';
import { examples } from './examples.js';
import { at, axis, drawCount, induced, json, probe, repeatable, standard, where } from './options.js';
import { print, printJson, terminal } from './print.js';

export function registerClaim(program: CommandUnknownOpts): void {
  const group = program
    .command('claim')
    .description('write down what a run will show before it is trained, and check it afterwards')
    .helpCommand(false)
    .addHelpText('after', examples('claim seal pilot --experiment lenet-mnist --induced subset-accuracy:k=20'));
  group
    .command('seal <pilot>')
    .description('write claims about a run that has not started, based on a pilot run, to a tamper-evident file')
    .requiredOption(
      '--experiment <experiment>',
      'the experiment to be trained: a file, or a name that `experiments` lists',
    )
    .option('--run <name>', "the run's name (default: the experiment's)")
    .addOption(standard("the pilot's"))
    .addOption(induced('the one chosen on the pilot'))
    .addOption(axis)
    .addOption(where)
    .addOption(at)
    .addOption(probe)
    .addOption(
      repeatable(
        '--claim <claim>',
        'such as "ratio.lower > 3" or "standard.first < 0.2"; may be given again (default: "ratio.lower > 3")',
      ),
    )
    .option('--name <name>', "the claims' name (default: the run's)")
    .addOption(drawCount(2000, 'bootstrap draws of the intervals'))
    .addOption(json)
    .addHelpText(
      'after',
      examples('claim seal pilot --experiment lenet-mnist --induced subset-accuracy:k=20 --claim "ratio.lower > 3"'),
    )
    .action(async (pilot, { claim: claims, ...options }) => {
      const { sealClaims } = await import('../library/claims.js');
      const { claimedScales } = await import('../report/tables/claim.js');
      const { claim, file } = await sealClaims(pilot, { ...options, claims, ...terminal });
      if (options.json === true) {
        printJson(claim);
        return;
      }
      const { experiment, run } = claim;
      const lines = [
        `${claim.induced} against ${claim.standard}, on ${run}: ${claimedScales(claim)}, seeds ${experiment.seeds.join(',')}`,
        ...claim.claims.map((each) => `  ${each}`),
        '',
        `sealed  ${file}`,
        `digest  ${claim.digest}`,
        'Publish the digest (in a commit or with a timestamping service), then train:',
        `        ${commandLine(`train --experiment ${options.experiment} --run ${run}`)}`,
        `        ${commandLine(`claim score ${claim.name}`)}`,
      ];
      print(lines.join('\n'));
    });
  group
    .command('score <name>')
    .description('check sealed claims against the run, once it is trained')
    .addOption(json)
    .addHelpText('after', examples('claim score lenet-mnist'))
    .action(async (name, options) => {
      const { scoreClaims } = await import('../library/claims.js');
      const { judgedText } = await import('../report/tables/claim.js');
      const { claim, judged, sharpness } = await scoreClaims(name, terminal);
      const { sealed, digest, run, view } = claim;
      if (options.json === true) printJson({ claims: claim.name, sealed, digest, run, view, judged, sharpness });
      else print(judgedText(judged, claim));
    });
  group
    .command('quantities')
    .description('list the quantities that claims can use')
    .addOption(json)
    .addHelpText('after', examples('claim quantities'))
    .action(async (options) => {
      const { listClaimQuantities } = await import('../library/claims.js');
      const quantities = listClaimQuantities();
      if (options.json === true) {
        printJson(quantities);
        return;
      }
      const width = Math.max(...Object.keys(quantities).map((key) => key.length));
      const lines = Object.entries(quantities).map(([key, what]) => `${key.padEnd(width)}  ${what}`);
      const ends = 'Scores (all but .first and .last) have .lower and .upper too, the ends of their 95 % intervals.';
      print([...lines, '', ends].join('\n'));
    });
}
