# dotenvx: all values in one file, sealed to one key pair. Who has the private key reads all, so that two people share it.
#
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # backticks are Markdown's, variables those of benches/peers

# Neither its maker's service nor the keyring of the desktop is asked.
dotenvx_here=(--no-armor --no-native)

make_dotenvx() {
  local number
  git init -q
  printf '.env.keys\n' >.gitignore
  for ((number = 0; number < count; number++)); do
    printf 'SECRET_%s="%s"\n' "$number" "$(value "$number")"
  done >.env
  dotenvx encrypt "${dotenvx_here[@]}"
  cp .env.keys "$work/dotenvx-old.keys"
  commit_all
}

dotenvx_open() { dotenvx get "SECRET_$1" "${dotenvx_here[@]}"; }

dotenvx_store() { dotenvx set "SECRET_$count" "$(value "$count")" "${dotenvx_here[@]}" && commit_all; }

# This version has no command for it any more: all is decrypted into the file, the old pair is taken away, and all is
# encrypted again, to a pair that it makes.
dotenvx_exchange() {
  dotenvx decrypt "${dotenvx_here[@]}" && sed -i '/^DOTENV_PUBLIC_KEY=/d' .env && rm .env.keys &&
    dotenvx encrypt "${dotenvx_here[@]}" && commit_all
}

# Alice and bob have the pair of the start, carol and dave that which was made in their turn.
read_as_dotenvx() {
  local keys=$work/dotenvx-old.keys
  case $1 in carol | dave) keys=$work/turn/.env.keys ;; esac
  dotenvx get "SECRET_$2" -fk "$keys" "${dotenvx_here[@]}"
}

if offered dotenvx dotenvx; then
  versions+=("dotenvx $(dotenvx --version), Node.js $(node --version)")
  contest open dotenvx 1 '`dotenvx get`' dotenvx_open
  contest store dotenvx 1 '`dotenvx set`, `git commit`' dotenvx_store
  contest exchange dotenvx "$count" '`dotenvx decrypt`, new key pair, `dotenvx encrypt`, `git commit`' dotenvx_exchange
fi
