#!/usr/bin/env bash
# install.sh VERSION -- installs a real Python client of FiftyOne below $FIFTYONE_REAL_HOME (default ~/.cache/fiftyone-real)
#
# An old client gets its dependencies as of its day (versions.txt), the current one those of constraints-VERSION.txt.
# Takes a minute and up to 1 GB; does nothing if the client is there. Exit code: 0 ready, 1 failed, 2 wrong usage,
# 3 not available, because this machine lacks the Python that the client needs (looked for under ~/.pyenv and on the PATH).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
[ $# = 1 ] || die 2 "usage: install.sh VERSION"
VERSION=$1
look_up "$VERSION"
CLIENT=$FIFTYONE_REAL_HOME/clients/$VERSION
INSTALLER=$FIFTYONE_REAL_HOME/installer
LOG=$FIFTYONE_REAL_HOME/install-$VERSION.log

# what the client needs for its temporal tags, and does not ask for
EXTRAS=()
case $VERSION in 1.22.*) EXTRAS=(protobuf) ;; esac
DONE=$CLIENT/.done${EXTRAS:+-with-${EXTRAS[0]}}

[ -e "$DONE" ] && exit
INTERPRETER=$(find_python "$PYTHON") || die 3 "not available: fiftyone $VERSION needs Python $PYTHON"

# Releases before 0.15 hard-code the name of the database and take the port of the mongod that they start themselves.
# This makes them read both from the environment; all else is the real client.
read_environment() {
  local package
  package=$(echo "$CLIENT"/lib/python3*/site-packages/fiftyone)
  sed -i 's/^DEFAULT_DATABASE *=.*/DEFAULT_DATABASE = __import__("os").environ["FIFTYONE_DATABASE_NAME"]/' "$package/constants.py"
  sed -i -e 's/^_DEFAULT_DATABASE *=.*/_DEFAULT_DATABASE = __import__("os").environ["FIFTYONE_DATABASE_NAME"]/' \
    -e 's/^_default_port *=.*/_default_port = int(__import__("os").environ["FIFTYONE_REAL_PORT"])/' "$package/core/odm/database.py"
}

install() {
  local options=(--exclude-newer "$DATE")
  [ "$DATE" = - ] && options=(--constraints "$REAL_TOOLS/constraints-$VERSION.txt")
  if [ ! -e "$INSTALLER/.done" ]; then
    rm -rf "$INSTALLER"
    "$(find_python 3.11 || command -v python3)" -m venv "$INSTALLER"
    "$INSTALLER/bin/pip" -q install uv
    "$INSTALLER/bin/python" "$REAL_TOOLS/build_stubs.py" "$FIFTYONE_REAL_HOME/stubs"
    touch "$INSTALLER/.done"
  fi
  if [ -e "$CLIENT/.done" ]; then
    "$INSTALLER/bin/uv" pip install --python "$CLIENT/bin/python" "${options[@]}" "${EXTRAS[@]}"
    touch "$DONE"
    return
  fi
  rm -rf "$CLIENT"
  "$INSTALLER/bin/uv" venv -q --python "$INTERPRETER" "$CLIENT"
  # copies, because read_environment changes files that would otherwise be shared through uv's cache
  "$INSTALLER/bin/uv" pip install --link-mode copy --python "$CLIENT/bin/python" \
    --overrides "$FIFTYONE_REAL_HOME/stubs/overrides.txt" "${options[@]}" "fiftyone==$VERSION" "${EXTRAS[@]}"
  case $VERSION in 0.14.*) read_environment ;; esac
  touch "$CLIENT/.done" "$DONE"
}

mkdir -p "$FIFTYONE_REAL_HOME/clients"
echo "installing the real fiftyone $VERSION with $INTERPRETER ..." >&2
exec 9> "$FIFTYONE_REAL_HOME/lock"
flock 9
[ -e "$DONE" ] && exit
# in a subshell of its own: `install || ...` would switch off `set -e` inside of it
(set -e; install) > "$LOG" 2>&1 &
wait $! || { tail -20 "$LOG" >&2; die 1 "cannot install fiftyone $VERSION, see $LOG"; }
