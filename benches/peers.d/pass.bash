# pass, and prs, which works on the same store: a file for each secret, sealed by GnuPG. Both commit by themselves.
#
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # backticks are Markdown's, variables those of benches/peers

make_pass() {
  local number
  mkdir app
  for ((number = 0; number < count; number++)); do
    value "$number" >"app/secret-$number"
  done
  gpg --batch --recipient alice@example.org --recipient bob@example.org --encrypt-files app/*
  find app -type f ! -name '*.gpg' -delete
  { fingerprint alice && fingerprint bob; } >.gpg-id
  git init -q
  # As `pass git init` has it.
  printf '*.gpg diff=gpg\n' >.gitattributes
  commit_all
}

pass_open() { pass show "app/secret-$1"; }
pass_store() { value "$count" | pass insert --multiline "app/secret-$count"; }
pass_exchange() { pass init carol@example.org dave@example.org; }

prs_open() { prs show --no-interact --quiet "app/secret-$1"; }
prs_store() { value "$count" | prs add --no-interact --quiet --stdin "app/secret-$count"; }

# `prs recipients add` lets a person choose, on a terminal. The list that it writes is a file of two lines.
prs_exchange() {
  { fingerprint carol && fingerprint dave; } >.gpg-id &&
    prs housekeeping recrypt --no-interact --quiet --allow-dirty --all
}

read_as_pass() { gnupg_of "$1" gpg --batch --decrypt "app/secret-$2.gpg"; }

export PASSWORD_STORE_DIR=$work/turn
if offered gpg 'gpg, for pass and prs'; then
  if offered pass pass; then
    versions+=("pass $(pass version | grep -o 'v[0-9.]*')")
    contest open pass 1 '`pass show`' pass_open
    contest store pass 1 '`pass insert`' pass_store
    contest exchange pass "$count" '`pass init`' pass_exchange
  fi
  if offered prs prs; then
    versions+=("$(prs --version)")
    contest open pass 1 '`prs show`' prs_open
    contest store pass 1 '`prs add`' prs_store
    contest exchange pass "$count" '`.gpg-id` by hand, `prs housekeeping recrypt`' prs_exchange
  fi
fi
