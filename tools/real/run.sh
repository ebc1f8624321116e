#!/usr/bin/env bash
# run.sh VERSION PORT DB script.py [ARGS...] -- runs a script with a real client against a database of the mongod at 127.0.0.1:PORT
#
# The client is one that install.sh has installed. It is an admin unless FIFTYONE_DATABASE_ADMIN says otherwise, and has an
# empty home of its own.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
[ $# -ge 4 ] || die 2 "usage: run.sh VERSION PORT DB script.py [ARGS...]"
VERSION=$1 PORT=$2 DATABASE=$3
shift 3
look_up "$VERSION"
CLIENT=$FIFTYONE_REAL_HOME/clients/$VERSION
[ -e "$CLIENT/.done" ] || die 1 "fiftyone $VERSION is not installed: run install.sh $VERSION"

mkdir -p "$FIFTYONE_REAL_HOME/homes/$VERSION"
export HOME=$FIFTYONE_REAL_HOME/homes/$VERSION PYTHONPATH=$REAL_TOOLS/modules PYTHONWARNINGS=ignore MPLBACKEND=Agg
export FIFTYONE_DATABASE_URI=mongodb://127.0.0.1:$PORT FIFTYONE_DATABASE_NAME=$DATABASE FIFTYONE_REAL_PORT=$PORT
export FIFTYONE_DATABASE_ADMIN=${FIFTYONE_DATABASE_ADMIN:-true} FIFTYONE_DATABASE_VALIDATION=false FIFTYONE_DO_NOT_TRACK=1
# with its own migrations on, a client before 0.15 sets a feature version that a mongod 6 refuses
case $VERSION in 0.14.*) export FIFTYONE_DISABLE_MIGRATIONS=1 ;; esac
exec "$CLIENT/bin/python" "$@"
