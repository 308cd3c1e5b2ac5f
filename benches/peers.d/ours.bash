# secrets itself, by one command each.
#
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # backticks are Markdown's, variables those of benches/peers

make_ours() {
  local number accept
  git init -q
  "$SECRETS" init --person alice --key "$alice" --deploy-ref none
  "$SECRETS" people add bob --key "$bob" --group team
  # They are known, and read nothing yet.
  "$SECRETS" people add carol --key "$carol"
  "$SECRETS" people add dave --key "$dave"
  mapfile -t accept < <(accept_all)
  for ((number = 0; number < count; number++)); do
    value "$number" | "$SECRETS" add "app/secret-$number" --never 'a measurement' --owner team --no-commit "${accept[@]}"
  done
  commit_all
  git repack -a -d -q
}

accept_all() {
  "$SECRETS" people list --format json | grep -o 'SHA256:[A-Za-z0-9+/]*' | sort -u | sed 's/^/--accept-key=/'
}

ours_open() { "$SECRETS" get "app/secret-$1"; }

ours_store() {
  value "$count" | "$SECRETS" add "app/secret-$count" --never 'a measurement' --owner team
}

# The fingerprints that a person would have compared.
before_exchange_ours() { accept_all >"$work/accept"; }

ours_policy() { sed -i 's/^team = .*/team = ["carol", "dave"]/' secrets/policy.toml; }

# ours_reseal THREADS OPTION…
ours_reseal() {
  local accept
  mapfile -t accept <"$work/accept"
  RAYON_NUM_THREADS=$1 "$SECRETS" reseal --all "${@:2}" "${accept[@]}"
}

# Each takes the number of threads. A policy that was changed by hand is committed by hand.
ours_exchange() { ours_policy && git commit -q -a -m 'Change' && ours_reseal "$1"; }
ours_exchange_files() { ours_policy && ours_reseal "$1" --no-commit; }

read_as_ours() { SECRETS_IDENTITY_FILE=$work/$1.txt "$SECRETS" get "app/secret-$2"; }

threads=$(nproc)
versions+=("$("$SECRETS" --version)")
contest open ours 1 '`secrets get`' ours_open
contest store ours 1 '`secrets add`' ours_store
contest exchange ours "$count" '`secrets reseal --all --no-commit`, 1 thread' ours_exchange_files 1
contest exchange ours "$count" "\`secrets reseal --all --no-commit\`, $threads threads" ours_exchange_files "$threads"
contest exchange ours "$count" "\`git commit\` of the policy, \`secrets reseal --all\`, $threads threads" \
  ours_exchange "$threads"
ours open '`secrets get`'
ours store '`secrets add`'
ours exchange "\`git commit\` of the policy, \`secrets reseal --all\`, $threads threads"
