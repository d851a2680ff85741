/** Which files in a run's folder the lab has written, by their names. Everything else there belongs to the user. */
import { probeNames } from '../datasets/probes.js';
import { isTemporary } from '../machine/temporary.js';
import { examplesFile, importedId } from './imported.js';
import { isLockName, isMemberLockName, memberLocksName } from './lock.js';
import { checkpointFiles } from './run.js';
import { memberIdSchema } from './record.js';

const picture =
  /^(curve|error|reconstructions|compare|theory|scaling|collapse|quanta|seeds|forecast-study|sweep-.+|diff-.+)(-[A-Za-z]+[0-9][0-9.e-]*)?\.(svg|png|pdf)$/;
const forecast = /^[A-Za-z0-9][A-Za-z0-9._-]*\.(json|svg|png|pdf)$/;
const table = /^quanta(-[A-Za-z]+[0-9][0-9.e-]*)?\.csv$/;
const launchFile = /^(tasks\.json|submitted\.json|job\.sh|summary\.sh)$/;
const launchLog = /^(\d+_\d+|summary)\.txt$/;
const isTrained = (name: string) => memberIdSchema.safeParse(name).success;

const moment = new RegExp(`^(moment-\\d+|probe-(${probeNames.join('|')})(-\\d+)?)\\.parquet$`);

/** In a run's own folder. */
const runFiles: readonly string[] = ['run.json', examplesFile];
/** In a member's. */
const memberFiles: readonly string[] = [
  'member.json',
  'weights.safetensors',
  ...checkpointFiles,
  'history.jsonl',
  'outcomes.parquet',
  'reconstructions.png',
];

/** Whether the lab owns the file or folder at this path, relative to the run's folder and split into parts. */
export function isOfRun(parts: readonly string[], isFolder: boolean): boolean {
  const [first = '', second, third, ...deeper] = parts;
  if (first === 'launch') return isOfLaunch(parts.slice(1), isFolder);
  if (deeper.length > 0) return false;
  if (first === 'tuning' && second !== undefined)
    return (
      third === undefined &&
      !isFolder &&
      (isTrained(second.replace(/\.(json(\.lock)?|safetensors)$/, '')) || isTemporary(second))
    );
  if (second === undefined) {
    if (isLockName(first)) return true;
    if (isFolder)
      return ['', 'members', 'tuning', 'tensorboard', 'forecasts', 'claims', memberLocksName].includes(first);
    return runFiles.includes(first) || table.test(first) || picture.test(first) || isTemporary(first);
  }
  if (first === 'forecasts' || first === 'claims')
    return third === undefined && !isFolder && (forecast.test(second) || isTemporary(second));
  if (first === memberLocksName)
    return third === undefined && !isFolder && (isMemberLockName(second) || isTemporary(second));
  if (first === 'tensorboard' && third === undefined && !isFolder) return second.startsWith('events.out.tfevents.');
  const isMember = isTrained(second) || (first === 'members' && importedId.test(second));
  if (!isMember) return false;
  if (third === undefined) return isFolder && (first === 'members' || first === 'tensorboard');
  if (isFolder) return false;
  if (first === 'members') return memberFiles.includes(third) || moment.test(third) || isTemporary(third);
  return first === 'tensorboard' && third.startsWith('events.out.tfevents.');
}

/** In `launch`, with one folder per launch: `launch/20261127-051400/log/12_3.txt`. */
function isOfLaunch([id, name, log, ...deeper]: readonly string[], isFolder: boolean): boolean {
  if (id === undefined) return isFolder;
  if (isLockName(id)) return name === undefined && !isFolder;
  if (!/^\d{8}-\d{6}(-\d+)?$/.test(id) || deeper.length > 0) return false;
  if (name === undefined) return isFolder;
  if (name === 'log') return log === undefined ? isFolder : !isFolder && launchLog.test(log);
  return log === undefined && !isFolder && (launchFile.test(name) || isTemporary(name));
}
