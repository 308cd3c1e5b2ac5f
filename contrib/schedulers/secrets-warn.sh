#!/bin/sh
# Brings a clone of a repository to what its remote has now, and runs `secrets warn` in it. For systemd, Kubernetes and cron.
#
#   SECRETS_REPOSITORY   the address that git fetches from, and pushes the ledger to; required
#   SECRETS_BRANCH       the branch that is deployed from; main where nothing is said. Commands of its policy are run, and
#                        credentials sent to its addresses
#   SECRETS_CLONE_DIR    where the clone is kept between runs; STATE_DIRECTORY (systemd), else ~/.local/state/secrets-warn
#   GIT_TOKEN            for addresses that begin with https://, a token that may read and push; GIT_USER where the forge
#                        wants a name beside it (GitLab: oauth2)
#
# The identity and the credentials of the channels come in the environment too, as policy names them. Arguments are handed
# on to `secrets warn`.
#
# Exit code: that of `secrets warn`; 2 too where the repository could not be had.
set -eu

die() {
  printf 'secrets-warn: %s\n' "$1" >&2
  exit 2
}

[ -n "${SECRETS_REPOSITORY:-}" ] || die 'SECRETS_REPOSITORY is not set: give it the address of the repository'
branch=${SECRETS_BRANCH:-main}
state=${SECRETS_CLONE_DIR:-${STATE_DIRECTORY:-${XDG_STATE_HOME:-${HOME:-}/.local/state}/secrets-warn}}
clone=$state/clone
umask 077
mkdir -p "$state" || die "$state can't be made: set SECRETS_CLONE_DIR to a folder that this user may write"

# systemd keeps the identity in a file that only this service can read.
if [ -f "${CREDENTIALS_DIRECTORY:-}/identity" ]; then
  SECRETS_IDENTITY=$(cat "$CREDENTIALS_DIRECTORY/identity")
  export SECRETS_IDENTITY
fi

# By environment: the token is in no file and in no argument.
if [ -n "${GIT_TOKEN:-}" ]; then
  basic=$(printf '%s:%s' "${GIT_USER:-x-access-token}" "$GIT_TOKEN" | base64 | tr -d '\n')
  export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0="http.$SECRETS_REPOSITORY.extraHeader"
  export GIT_CONFIG_VALUE_0="Authorization: Basic $basic"
  unset GIT_TOKEN basic
fi
export GIT_TERMINAL_PROMPT=0

# Depth 1 is enough: `secrets warn` reads what the branch has now.
update() {
  git init --quiet "$clone" &&
    git -C "$clone" config remote.origin.url "$SECRETS_REPOSITORY" &&
    git -C "$clone" fetch --quiet --no-tags --depth=1 origin "+refs/heads/$branch:refs/remotes/origin/$branch" &&
    git -C "$clone" checkout --quiet --force --no-track -B "$branch" "refs/remotes/origin/$branch" &&
    git -C "$clone" clean --quiet -ffdx
}

# A run that was killed may have left a lock in the clone; nothing in it is worth more than the next warning.
if ! update; then
  rm -rf "$clone"
  update || die "$SECRETS_REPOSITORY: the branch $branch could not be fetched: git says why above"
fi

cd "$clone"
exec secrets warn --deploy-ref "origin/$branch" "$@"
