/** Completion scripts for shells: data from `completed.ts`, and the little that a shell does with them. */
import type { CompletedCommand, Looked, Values } from './completed.js';

/** A text as one word in a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The words in quotes, or the name of what to look up. */
function shown(values: Values): string {
  return quoted(typeof values === 'string' ? `@${values}` : (values ?? []).join(' '));
}

/** For bash 3 or later, and for zsh with bashcompinit. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const paths = commands.filter(({ path }) => path !== '').map(({ path }) => quoted(` ${path}`));
  const places = commands.map(({ path, commands: parts, options, argument }) => {
    const words = parts.length > 0 ? parts.map(({ name }) => name) : argument;
    const at = path === '' ? '' : ` ${path}`;
    const flags = options.map(({ flag }) => flag).join(' ');
    return `    ${quoted(at)}) flags=${quoted(flags)} values=${shown(words)} ;;`;
  });
  const values = commands.flatMap(({ path, options }) =>
    options
      .filter(({ takesValue }) => takesValue)
      .map(
        ({ flag, values: of }) =>
          `    ${quoted(`${path === '' ? '' : ` ${path}`} ${flag}`)}) values=${shown(of)} flags= ;;`,
      ),
  );
  return `# Completes emergence: source this, from ~/.bashrc or ~/.zshrc.
_emergence() {
  local cur=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} at= word flags= values= file prefix=
  for word in "\${COMP_WORDS[@]:1:\$((COMP_CWORD-1))}"; do
    case "$at $word" in
      ${paths.join('|')}) at="$at $word" ;;
    esac
  done
  # The two sides of a colon are words of their own, and the colon is one.
  case "$before" in :) prefix=\${COMP_WORDS[COMP_CWORD-2]}: before=\${COMP_WORDS[COMP_CWORD-3]} ;; esac
  case "$cur" in :) prefix=$before: before=\${COMP_WORDS[COMP_CWORD-2]} cur= ;; esac
  case "$at" in
${places.join('\n')}
  esac
  case "$at $before" in
${values.join('\n')}
  esac
  local found=
  case "$values" in
    @files) COMPREPLY=($(compgen -f -- "$cur")); return ;;
    @runs) for file in checkpoints/*/run.json; do [ -e "$file" ] && file=\${file%/run.json} && found="$found \${file##*/}"; done ;;
    @forecasts) for file in checkpoints/*/forecasts/*.json; do [ -e "$file" ] && file=\${file%.json} && found="$found \${file##*/}"; done ;;
    @claims) for file in checkpoints/*/claims/*.json; do [ -e "$file" ] && file=\${file%.json} && found="$found \${file##*/}"; done ;;
    *) found=$values ;;
  esac
  case "$cur" in -*) found=$flags ;; esac
  COMPREPLY=($(compgen -W "$found" -- "$prefix$cur"))
  COMPREPLY=("\${COMPREPLY[@]#"$prefix"}")
}
complete -F _emergence emergence
`;
}

const fishLists: Readonly<Record<Looked, string>> = {
  files: '(__fish_complete_path)',
  runs: '(__emergence_names checkpoints/*/run.json)',
  forecasts: '(__emergence_names checkpoints/*/forecasts/*.json)',
  claims: '(__emergence_names checkpoints/*/claims/*.json)',
};

export function fishScript(commands: readonly CompletedCommand[]): string {
  const word = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const list = (values: Values) =>
    typeof values === 'string' ? quoted(fishLists[values]) : word((values ?? []).join(' '));
  const paths = commands.filter(({ path }) => path !== '').map(({ path }) => word(` ${path}`));
  const lines = commands.flatMap(({ path, commands: parts, options, argument }) => {
    const start = `complete -c emergence -n ${word(`__emergence_is '${path === '' ? '' : ` ${path}`}'`)}`;
    return [
      ...parts.map(({ name, description }) => `${start} -a ${word(name)} -d ${word(description)}`),
      ...(argument === undefined ? [] : [`${start} -a ${list(argument)}`]),
      ...options.map(({ flag, description, takesValue, values }) =>
        [
          ...[start, '-l', flag.replace(/^--/, ''), '-d', word(description)],
          ...(takesValue ? ['-x', '-a', list(values)] : []),
        ].join(' '),
      ),
    ];
  });
  return `# Completes emergence: put it into ~/.config/fish/completions/emergence.fish.
function __emergence_is
  set -l at ''
  for word in (commandline -opc)[2..]
    contains -- "$at $word" ${paths.join(' ')}; and set at "$at $word"
  end
  test "$at" = "$argv"
end
function __emergence_names
  for file in $argv
    switch $file
      case '*/run.json'
        basename (dirname $file)
      case '*'
        basename $file .json
    end
  end
end
complete -c emergence -f
${lines.join('\n')}
`;
}
