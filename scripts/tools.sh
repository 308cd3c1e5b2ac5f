# Sourced by the scripts beside it: finds what they need, and installs what is missing where that is possible.

export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

say() { printf '\n== %s\n' "$*"; }
die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# Rust, git and a C compiler are what a person brings along; everything else is looked after here.
need_basics() {
  local program
  for program in cargo git cc; do
    command -v "$program" >/dev/null ||
      die "\`$program\` is missing: install Rust (https://rustup.rs), git and a C compiler first"
  done
  [ -x "$(git --exec-path)/git-daemon" ] ||
    die '`git daemon` is missing: install the package of git that holds it (git-daemon on some systems)'
}

# as_root COMMAND…: fails where we are not root and sudo would ask for a password.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    return 1
  fi
}

# The programs that the tests call as witnesses, each with the Debian package that holds it.
witnesses() {
  cat <<'END'
age age
age-keygen age
ssh-keygen openssh-client
openssl openssl
tmux tmux
END
  [ "$(uname -s)" != Linux ] || cat <<'END'
strace strace
dbus-run-session dbus
gnome-keyring-daemon gnome-keyring
END
}

# missing_witnesses: "PROGRAM PACKAGE" lines of those that are not here.
missing_witnesses() {
  local program package
  while read -r program package; do
    command -v "$program" >/dev/null || printf '%s %s\n' "$program" "$package"
  done < <(witnesses)
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

need_witnesses() {
  local missing packages
  missing=$(missing_witnesses)
  [ -n "$missing" ] || return 0
  packages=$(printf '%s\n' "$missing" | cut -d' ' -f2 | sort -u | tr '\n' ' ')
  say "installing what the tests call: $packages"
  if command -v apt-get >/dev/null && as_root true; then
    # The package lists of a fresh machine are empty or old.
    # shellcheck disable=SC2086
    apt_install $packages || { as_root apt-get update -q && apt_install $packages; } || true
  fi
  missing=$(missing_witnesses)
  [ -z "$missing" ] || die "these programs are missing, and could not be installed from here:
$(printf '%s\n' "$missing" | sed 's/^\([^ ]*\) \(.*\)$/  \1 (Debian package: \2)/')
install them, with: apt-get install $packages"
}

# cargo_tool NAME: a cargo subcommand, built from crates.io where it is missing.
cargo_tool() {
  command -v "cargo-$1" >/dev/null && return 0
  say "installing cargo-$1 (once; takes some minutes)"
  cargo install --locked --quiet "cargo-$1"
}
