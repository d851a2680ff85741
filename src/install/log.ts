/** TensorFlow's own log output. */

/**
 * TensorFlow prints these lines on every start, and no setting silences them (TF_CPP_MIN_LOG_LEVEL is read too late for those printed
 * while its libraries load). In the last output of a process that died they would look like the cause.
 */
const information =
  /^(WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR|I\d{4} \d\d:\d\d:.*)$/;

/** The text without TensorFlow's informational lines. */
export function withoutInformation(text: string): string {
  return text
    .split('\n')
    .filter((line) => !information.test(line))
    .join('\n');
}
