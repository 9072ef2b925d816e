import { anyFile, completionRequest } from './request.js';

/** Shells that completion is for. */
export const shells = ['bash', 'zsh', 'fish'] as const;
/** One of the shells. */
export type Shell = (typeof shells)[number];

/**
 * The scripts, by shell. Each hands the words over to the program and offers what comes back. The words are passed on
 * as they were typed; nothing in them is evaluated.
 */
export const completionScripts: Record<Shell, string> = { bash: bash(), zsh: zsh(), fish: fish() };

/** Bash cuts words at ":" and "=", and replaces only the piece behind the last of them. Runs on bash 3.2 too. */
function bash(): string {
  return `# bash completion for citus-scaler
_citus_scaler() {
  local words=() word glue= value description current kept
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ \${#words[@]} -gt 0 && ( -n $glue || $word == [:=]* ) ]]; then
      words[\${#words[@]}-1]+=$word
    else
      words+=("$word")
    fi
    case $word in *[:=]) glue=1 ;; *) glue= ;; esac
  done
  current=\${words[\${#words[@]}-1]}
  kept=\${current%"\${current##*[:=]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r value description; do
    if [[ $value == ${anyFile} ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "\${current#"$kept"}")
    else
      printf -v value %q "\${value#"$kept"}"
      COMPREPLY+=("$value")
    fi
  done < <("$1" ${completionRequest} "\${words[@]}" 2>/dev/null)
}
complete -F _citus_scaler citus-scaler
`;
}

function zsh(): string {
  return `#compdef citus-scaler
# zsh completion for citus-scaler
_citus_scaler() {
  local line
  local -a found
  for line in "\${(@f)$("\${words[1]}" ${completionRequest} "\${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == ${anyFile} ]]; then
      [[ $PREFIX == *=* ]] && compset -P '*='
      _files
      return
    fi
    [[ -n $line ]] && found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  _describe -t values 'citus-scaler' found
}
if [[ $funcstack[1] == _citus_scaler ]]; then
  _citus_scaler "$@"
else
  compdef _citus_scaler citus-scaler
fi
`;
}

function fish(): string {
  return `# fish completion for citus-scaler
function __citus_scaler_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l found ($words[1] ${completionRequest} $words[2..-1] "$current" 2>/dev/null)
    if test "$found" = ${anyFile}
        set -l option (string match -r -- '^-[^=]*=' "$current")
        printf "$option%s\\n" (__fish_complete_path (string replace -- "$option" '' "$current"))
    else
        printf '%s\\n' $found
    end
end
complete -c citus-scaler -f -a '(__citus_scaler_complete)'
`;
}
