# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Completion for bash: commands, and the options and files of each. It is installed as
# share/bash-completion/completions/roomkey, and needs nothing of the package bash-completion.

_roomkey() {
  local words word before command='' offered='' i
  # Readline cuts words at = and : too, and both are common in our values; so the line is cut anew,
  # at blanks alone. What is completed is still the piece after the last of them.
  read -ra words <<<"${COMP_LINE:0:COMP_POINT}"
  if [[ ${COMP_LINE:COMP_POINT-1:1} == ' ' ]]; then words+=(''); fi
  word=${words[-1]}
  before=${words[-2]}
  COMPREPLY=()

  case $before in
    --policy)
      # Policies are JSON files; the installed ones are offered along with the files at hand.
      mapfile -t COMPREPLY < <(compgen -f -X '!*.json' -- "$word"; compgen -d -- "$word")
      if [[ -z $word ]]; then COMPREPLY+=(/usr/share/roomkey/policies/); fi
      compopt -o filenames
      return ;;
    --secret-file | --rooms | --previous)
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      compopt -o filenames
      return ;;
    --socket)
      if [[ $word == unix:* ]]; then
        mapfile -t COMPREPLY < <(compgen -f -- "${word#unix:}")
        compopt -o filenames
      else
        mapfile -t COMPREPLY < <(compgen -W 'unix: 127.0.0.1:' -- "$word")
        compopt -o nospace
      fi
      return ;;
    --form) offered='clientID=' ;;
    --server) offered='ROOMKEY_USER= ROOMKEY_ROLE=' ;;
    --threads | --name | --room) return ;;
  esac
  if [[ -n $offered ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
    compopt -o nospace
    return
  fi

  # The command is the first word that is neither an option nor an option's value.
  for ((i = 1; i < ${#words[@]} - 1; i++)); do
    case ${words[i]} in
      --policy | --secret-file | --socket | --threads | --name | --form | --server | --previous | --room | --rooms) i=$((i + 1)) ;;
      -*) ;;
      *) command=${words[i]}; break ;;
    esac
  done
  case $command in
    '') offered='serve check mint explain --policy --secret-file --socket --threads --help --version' ;;
    serve) offered='--policy --secret-file --socket --threads' ;;
    check) offered='--policy --secret-file --json' ;;
    mint) offered='--policy --secret-file --name --form --server --previous --decode --json' ;;
    explain) offered='--policy --secret-file --name --form --server --previous --room --rooms --json' ;;
    *) return ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}

complete -F _roomkey roomkey
