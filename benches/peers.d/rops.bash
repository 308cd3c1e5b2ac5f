# rops has the format of sops. It is measured with a file for each secret, and with all in one file, which is how its
# users have it where the readers of all are the same.
#
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # backticks are Markdown's, variables those of benches/peers

# rops takes no comments beside the keys.
for person in alice bob carol dave; do
  grep '^AGE-SECRET-KEY-' "$work/$person.txt" >"$work/$person.key"
done
export ROPS_AGE_KEY_FILE=$work/alice.key
rops_old=(--age "$alice" --age "$bob")
rops_new=(--age "$carol" --age "$dave")

rops_entry() { printf 'value-%s: "%s"\n' "$1" "$(value "$1")"; }

rops_seal() { rops encrypt "${rops_old[@]}" --format yaml; }

make_rops() {
  local number
  git init -q
  for ((number = 0; number < count; number++)); do
    rops_entry "$number" | rops_seal >"$number.yaml"
  done
  commit_all
}

make_rops_one() {
  local number
  git init -q
  for ((number = 0; number < count; number++)); do
    rops_entry "$number"
  done | rops_seal >all.yaml
  commit_all
}

rops_open() { rops decrypt --format yaml <"$1.yaml"; }
rops_open_one() { rops_open all; }

rops_store() { rops_entry "$count" | rops_seal >"$count.yaml" && commit_all; }

# The editor that adds the new value.
before_store_rops_one() {
  rops_entry "$count" >"$work/entry"
  # shellcheck disable=SC2016
  printf '#!/bin/sh\ncat "%s" >>"$1"\n' "$work/entry" >"$work/editor"
  chmod +x "$work/editor"
}

rops_store_one() {
  EDITOR=$work/editor rops edit --format yaml <all.yaml >new && mv new all.yaml && commit_all
}

# It exchanges keys of no file unless its standard input is a terminal, and removes them only with the key of somebody
# who stays.
rops_exchange() {
  SHELL=$BASH script -qefc "set -e; for file in *.yaml; do
    rops keys add ${rops_new[*]} \"\$file\"
    ROPS_AGE_KEY_FILE='$work/carol.key' rops keys remove ${rops_old[*]} \"\$file\"
  done" /dev/null && commit_all
}

read_as_rops() { ROPS_AGE_KEY_FILE=$work/$1.key rops decrypt --format yaml <"$2.yaml"; }
read_as_rops_one() { read_as_rops "$1" all; }

# The program itself doesn't say; cargo remembers what it installed.
rops_version() {
  local found
  found=$(sed -n 's/^"rops-cli \([^ ]*\) .*/\1/p' "$(dirname "$(command -v rops)")/../.crates.toml" 2>/dev/null)
  printf 'rops %s' "${found:-of unknown version}"
}

if offered rops rops && offered script '`script` of util-linux, for rops'; then
  versions+=("$(rops_version)")
  contest open rops 1 '`rops decrypt`' rops_open
  contest open rops_one "$count" '`rops decrypt`, all in one file' rops_open_one
  contest store rops 1 '`rops encrypt`, `git commit`' rops_store
  contest store rops_one 1 '`rops edit`, all in one file, `git commit`' rops_store_one
  contest exchange rops "$count" '`rops keys add`, `keys remove`, `git commit`' rops_exchange
  contest exchange rops_one "$count" '`rops keys add`, `keys remove`, all in one file, `git commit`' rops_exchange
fi
