# Sourced by install.sh and run.sh: where clients are kept, and which Python a version needs.
REAL_TOOLS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
FIFTYONE_REAL_HOME=${FIFTYONE_REAL_HOME:-$HOME/.cache/fiftyone-real}

die() { # die EXIT_CODE TEXT...
  local code=$1
  shift
  echo "$(basename "$0"): $*" >&2
  exit "$code"
}

look_up() { # look_up VERSION: sets PYTHON and DATE from versions.txt
  read -r _ PYTHON DATE < <(grep "^${1//./\\.} " "$REAL_TOOLS/versions.txt") ||
    die 2 "no such client here: '$1'; there are: $(grep -v '^#' "$REAL_TOOLS/versions.txt" | cut -d' ' -f1 | xargs)"
}

find_python() { # find_python 3.8: prints the path of an interpreter
  local candidate
  for candidate in "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python "$(command -v "python$1")"; do
    if [ -x "$candidate" ]; then
      echo "$candidate"
      return
    fi
  done
  return 1
}
