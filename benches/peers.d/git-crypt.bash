# git-crypt: a filter of git, files in the clear in the work tree. One symmetric key is sealed to each person.
#
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # backticks are Markdown's, variables those of benches/peers

make_git_crypt() {
  local number
  git init -q
  git-crypt init
  printf 'secret-* filter=git-crypt diff=git-crypt\n' >.gitattributes
  for ((number = 0; number < count; number++)); do
    value "$number" >"secret-$number"
  done
  commit_all
  git-crypt add-gpg-user --trusted alice@example.org
  git-crypt add-gpg-user --trusted bob@example.org
  git-crypt lock
}

# There is no opening of one: all are unlocked, and it is a file like others.
git_crypt_open() { git-crypt unlock && cat "secret-$1"; }

before_store_git_crypt() {
  git-crypt unlock
  git status --porcelain
}

git_crypt_store() { value "$count" >"secret-$count" && commit_all; }

# In a clone, as that person would.
read_as_git_crypt() {
  rm -rf "$work/clone"
  git clone -q . "$work/clone" && (cd "$work/clone" && gnupg_of "$1" git-crypt unlock && cat "secret-$2")
}

if offered git-crypt git-crypt && offered gpg 'gpg, for git-crypt'; then
  versions+=("$(git-crypt --version 2>&1)")
  contest open git_crypt "$count" '`git-crypt unlock`, of all' git_crypt_open
  contest store git_crypt 1 'unlocked by `git-crypt`: `git commit`' git_crypt_store
  cannot exchange git-crypt "can't: nobody is taken away, the one key stays"
fi
