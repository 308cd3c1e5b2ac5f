# age, and rage, the same in Rust: a file for each secret, sealed by a loop of the shell. What is done is recorded
# nowhere; a kill in the middle leaves half of the files to the old readers.
#
# shellcheck shell=bash disable=SC2016,SC2034,SC2154 # backticks are Markdown's, variables those of benches/peers

make_age() {
  local number
  git init -q
  for ((number = 0; number < count; number++)); do
    value "$number" | age -r "$alice" -r "$bob" -o "$number.age"
  done
  commit_all
}

# Each of these takes the program first: age or rage.
age_open() { "$1" -d -i "$work/alice.txt" "$2.age"; }

age_store() { value "$count" | "$1" -r "$alice" -r "$bob" -o "$count.age" && commit_all; }

age_reseal() {
  "$1" -d -i "$work/alice.txt" "$2" | "$1" -r "$carol" -r "$dave" -o "$2.new" && mv "$2.new" "$2"
}

age_exchange() { with age age_reseal "$1" && commit_all; }

read_as_age() { age -d -i "$work/$1.txt" "$2.age"; }

for program in age rage; do
  offered "$program" "$program" || continue
  version=$("$program" --version)
  versions+=("$program ${version#"$program "}")
  contest open age 1 "\`$program -d\`" age_open "$program"
  contest store age 1 "\`$program -r\`, \`git commit\`" age_store "$program"
  contest exchange age "$count" "loop over \`$program\`, \`git commit\`" age_exchange "$program"
done
