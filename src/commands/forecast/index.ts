/** `emergence forecast`: predictions of larger members, sealed before they are trained and scored afterwards. */
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { examples } from '../examples.js';
import { registerList } from './list.js';
import { registerMethods } from './methods.js';
import { registerScore } from './score.js';
import { registerSeal } from './seal.js';
import { registerStudy } from './study.js';
import { registerVerify } from './verify.js';

export function registerForecast(program: CommandUnknownOpts): void {
  const group = program
    .command('forecast')
    .description('predict larger members before they are trained, and score the predictions afterwards')
    .helpCommand(false)
    .addHelpText('after', examples('forecast seal lenet-mnist --widths 24,32 --metric accuracy'));
  registerSeal(group);
  registerScore(group);
  registerVerify(group);
  registerList(group);
  registerStudy(group);
  registerMethods(group);
}
