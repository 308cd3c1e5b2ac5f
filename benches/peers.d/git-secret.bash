# git-secret: files that git ignores, each with a sealed one beside it. Those in the clear stay where they are: it
# stores nothing new where one of them is missing.
#
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # backticks are Markdown's, variables those of benches/peers

make_git_secret() {
  local number
  git init -q
  git secret init
  git secret tell alice@example.org bob@example.org
  for ((number = 0; number < count; number++)); do
    value "$number" >"secret-$number"
  done
  git secret add secret-*
  git secret hide
  commit_all
}

git_secret_open() { git secret cat "secret-$1"; }

git_secret_store() {
  value "$count" >"secret-$count" && git secret add "secret-$count" && git secret hide -m && commit_all
}

git_secret_exchange() {
  git secret reveal -f && git secret tell carol@example.org dave@example.org &&
    git secret removeperson alice@example.org bob@example.org && git secret hide && commit_all
}

read_as_git_secret() { gnupg_of "$1" gpg --batch --decrypt "secret-$2.secret"; }

if offered git-secret git-secret && offered gpg 'gpg, for git-secret'; then
  versions+=("git-secret $(git secret --version)")
  contest open git_secret 1 '`git-secret cat`' git_secret_open
  contest store git_secret 1 '`git-secret add`, `hide -m`, `git commit`' git_secret_store
  contest exchange git_secret "$count" '`git-secret reveal`, `tell`, `removeperson`, `hide`, `git commit`' \
    git_secret_exchange
fi
