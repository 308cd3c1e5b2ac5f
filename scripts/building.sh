# shellcheck shell=bash
# Sourced by the scripts that build what is released, after tools.sh: the same commit gives the same bytes, in whatever
# folder it lies, and wherever cargo keeps its own.

release_target=x86_64-unknown-linux-gnu

# build_release CHECKOUT VARIANT BINARY: writes the stripped binary. VARIANT is `dynamic`, which needs the libc of the machine,
# or `static`, which needs nothing of it.
build_release() {
  local checkout=$1 variant=$2 binary=$3 home=${CARGO_HOME:-$HOME/.cargo} built flags
  built=${CARGO_TARGET_DIR:-$checkout/target}/release-$variant
  # Paths get into a binary by what it says when it panics, by what build scripts wrote, and by `__FILE__` in C. Of
  # several that fit, the last one counts.
  local -a places=("$checkout=/secrets" "$home=/cargo" "$built=/target")
  flags=$(printf -- '--remap-path-prefix=%s\x1f' "${places[@]}")
  # With the component rust-src, rustc names the standard library by where that lies.
  flags+=--remap-path-prefix=$(rustc --print sysroot)/lib/rustlib/src/rust=/rustc/$(rustc -vV | sed -n 's/^commit-hash: //p')
  # By a path from the checkout, in which the linker runs: flags go into the names of what is built.
  flags+=$'\x1f-Clink-arg=scripts/released.ld'
  if [ "$variant" = static ]; then
    # What is moved when the program starts is told in short. A libc of before 2022 could not read that.
    flags+=$'\x1f-Ctarget-feature=+crt-static\x1f-Clink-arg=-Wl,-z,pack-relative-relocs'
  fi
  (
    cd "$checkout" || exit 1
    unset RUSTFLAGS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER CARGO_BUILD_RUSTFLAGS
    export CARGO_TARGET_DIR=$built CARGO_INCREMENTAL=0 CARGO_ENCODED_RUSTFLAGS=$flags LC_ALL=C TZ=UTC
    CFLAGS=$(printf -- '-ffile-prefix-map=%s ' "${places[@]}")
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
    export CFLAGS SOURCE_DATE_EPOCH
    # Stripped afterwards: what is left in the target folder can say which function its bytes belong to.
    # The target is named because flags are then for the program alone: what runs while it is built can't be static.
    CARGO_PROFILE_RELEASE_STRIP=false cargo build --release --locked --bin secrets --target "$release_target"
  )
  strip --strip-all -o "$binary" "$built/$release_target/release/secrets"
}
