# Sourced by benches/peers, after tools.sh: the programs that we are measured against. Nothing else needs them, the
# tests least of all. What can't be had is said, and the benchmark goes on without it.
# shellcheck shell=bash disable=SC2154 # what tools.sh sets

# Apart from what the tests call: that is built without optimisation, and its rops is not the rops of the command line.
peers=$tools/peers
prs_version=0.5.9
rops_cli_version=0.1.7

need_peers() {
  mkdir -p "$peers/bin"
  need_debian_peers
  # Each in a shell of its own, which alone ends where something can't be had.
  (need_dotenvx) || say 'dotenvx is left out'
  need_crate rage "$rage_version" --no-default-features --features ssh
  # With the program gpg as its backend, so that no library of the system is needed; without clipboard and choosers.
  need_crate prs-cli "$prs_version" --no-default-features --features backend-gnupg-bin
  # With Amazon's SDK, which can't be left out.
  need_crate rops-cli "$rops_cli_version"
  rm -rf "$peers/build"
  export PATH=$peers/bin:$peers/node/node_modules/.bin:$PATH
}

# Each program with the Debian package that holds it.
debian_peers() {
  cat <<'END_OF_LIST'
age age
gpg gnupg
pass pass
git-crypt git-crypt
git-secret git-secret
script bsdutils
END_OF_LIST
}

need_debian_peers() {
  local program package packages=()
  while read -r program package; do
    command -v "$program" >/dev/null || packages+=("$package")
  done < <(debian_peers)
  [ "${#packages[@]}" -eq 0 ] || {
    say "installing what we are measured against: ${packages[*]}"
    apt_needed "${packages[@]}" || say "not all of them can be had: ${packages[*]}"
  }
  # shellcheck disable=SC2016
  command -v age-keygen >/dev/null || die '`age` is missing, whose keys the secrets are made for'
}

# need_crate CRATE VERSION ARGUMENT…: as anybody would have it from `cargo install`, optimised.
need_crate() {
  ! grep -qs "^\"$1 $2 " "$peers/.crates.toml" || return 0
  say "building $1 $2 into target/tools/peers (once; takes minutes)"
  CARGO_TARGET_DIR=$peers/build cargo install --quiet --locked --root "$peers" --version "$2" "${@:3}" "$1" ||
    say "$1 $2 could not be installed from crates.io, and is left out"
}

need_dotenvx() {
  need_node
  ln -sfn "$(readlink "$tools/bin/node")" "$peers/bin/node"
  unless_done "$peers/node" benches/peers.d/package-lock.json npm_install benches/peers.d peers/node
}
