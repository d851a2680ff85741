/** What TensorFlow prints. */

/**
 * TensorFlow says some things on every start, and no setting silences them (TF_CPP_MIN_LOG_LEVEL is read too late for what
 * is said while its libraries load). In the last words of a process that died they would pass for the cause.
 */
const information =
  /^(WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR|I\d{4} \d\d:\d\d:.*)$/;

/** The text without TensorFlow's own lines of information. */
export function withoutInformation(text: string): string {
  return text
    .split('\n')
    .filter((line) => !information.test(line))
    .join('\n');
}
